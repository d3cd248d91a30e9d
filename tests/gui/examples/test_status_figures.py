"""One sum for one thing: how many examples have problems is the same wherever it stands."""

import contextlib
import datetime
import io
import json
import random
import re
from pathlib import Path

import pytest

from tunedesk.commands.data_file_commands import print_report
from tunedesk.commands.project_commands import _told
from tunedesk.formats.check_file import check_file
from tunedesk.gui.examples.checking import checked_text
from tunedesk.gui.examples.filter_bar import WITH_PROBLEMS
from tunedesk.gui.examples.import_files import summary_text
from tunedesk.gui.examples.panel.problems_tab import _Finder
from tunedesk.gui.examples.status_figures import find_figures, status_parts
from tunedesk.project.check_project import check_again
from tunedesk.project.importing import import_file
from tunedesk.project.query import ExampleQuery

SAMPLES = Path(__file__).parents[2] / "checks" / "samples"


def _rows():
    """A row for each fault, good ones, and some that are not JSON.

    Rows full of pictures are left out: a project's base model may take fewer tokens than the rules
    of its target, and a file has no base model.
    """
    for path in sorted(SAMPLES.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            sample = json.loads(line)
            text = sample["text"] if "text" in sample else json.dumps(sample["record"])
            if "\n" not in text and "\r" not in text and text.count("image_url") < 9:
                yield text.encode("utf-8", "surrogatepass")


ROWS = list(_rows())
NUMBER = r"([\d,]+)(?: of [\d,]+ rows?)? with problems"


def _number(pattern, text):
    found = re.search(pattern, text)
    return int(found[1].replace(",", "")) if found else 0


@pytest.mark.parametrize("seed", range(6))
def test_one_sum_everywhere(project, tmp_path, seed):
    chance = random.Random(seed)
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"\n".join(chance.choices(ROWS, k=chance.randint(12, 90))) + b"\n")
    target, encoding, _model = project.context.check_settings
    report = check_file(file, target, encoding)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        print_report(report)
    imported = import_file(project, file, None)
    figures = find_figures(project)
    (problems,) = [
        part for part in status_parts(figures, datetime.date.today()) if "problems" in part.words
    ] or [None]
    assert check_again(project, None) == imported.added
    totals = project.totals()
    assert totals.with_problems > 0
    assert {
        report.with_problems,
        _number(NUMBER, printed.getvalue()),
        imported.with_problems,
        _number(NUMBER, _told(imported)),
        _number(NUMBER, summary_text(imported)),
        _number(NUMBER, checked_text(totals)),
        _number(r"([\d,]+)", problems.figure),
        _Finder()(project).totals.with_problems,
        project.count(ExampleQuery(problems=WITH_PROBLEMS)),
        figures.totals.with_problems,
    } == {totals.with_problems}
    assert {
        report.with_errors,
        imported.with_errors,
        project.count(ExampleQuery(problems=("error",))),
    } == {totals.with_errors}
    assert report.records == imported.added == totals.count
    assert report.unreadable == imported.unreadable
