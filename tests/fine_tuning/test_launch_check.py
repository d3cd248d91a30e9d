"""The examples of a launch, read by the real process as the starter reads them."""

import datetime
import json
import sys
import tempfile
import threading

import psutil
import pytest
from tests.fine_tuning.made_project import add_texts, conversation, library

from tunedesk.catalogue.models import STARTER_ID
from tunedesk.errors import Cancelled, UserError
from tunedesk.examples.as_trained import RowAsTrained
from tunedesk.fine_tuning import launch_check
from tunedesk.fine_tuning.launch_check import LaunchAsTrained, LaunchReader, findings_of
from tunedesk.fine_tuning.launch_preview import preview_launch
from tunedesk.fine_tuning.launch_settings import LaunchSettings

TODAY = datetime.date(2026, 11, 24)
SETTINGS = LaunchSettings(base_model=STARTER_ID)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    with library(tmp_path_factory.mktemp("check") / "Test.tunedesk") as project:
        yield project


@pytest.fixture(scope="module")
def long_id(project):
    return add_texts(project, [conversation("Open?", "Yes. " * 9000)])[0]


@pytest.fixture(scope="module")
def reader(project, long_id):
    """A reader that has read the examples of the project."""
    reader = LaunchReader()
    reader.found = reader.read(project, preview_launch(project, SETTINGS, TODAY))
    return reader


def test_all_are_read_and_what_is_too_long_is_named(reader, long_id):
    found = reader.found
    assert (found.examples, found.context) == (16, 8192)
    assert found.refused == {"too_long": (long_id,)}
    assert 0 < found.learnt < found.tokens
    tones = {finding.ids: finding.tone for finding in findings_of(found)}
    assert tones[(long_id,)] == "error"


def test_what_was_read_is_not_read_again_and_what_is_refused_can_be_left_out(
    reader, project, long_id, monkeypatch
):
    monkeypatch.setattr(launch_check, "command", pytest.fail)
    settings = LaunchSettings(base_model=STARTER_ID, leave_out_errors=True)
    preview = preview_launch(project, settings, TODAY, refused=reader.refused(settings))
    assert long_id in {*preview.left_out.get("refused", ()), *preview.left_out.get("errors", ())}
    found = reader.read(project, preview)
    assert found.refused == {}
    said = found.to_json(project.number_of)
    assert (said["examples"], said["refused"]) == (15, {})
    assert said["longest_example"] == project.number_of(found.longest_id)
    json.dumps(said)


def test_a_cancelled_reading_leaves_no_process_and_no_file(project, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    called = threading.Event()

    def progress(_done, _total):
        if called.is_set():
            raise Cancelled
        if any("as_trained_process" in " ".join(_command(each)) for each in _children()):
            called.set()

    with pytest.raises(Cancelled):
        LaunchReader().read(project, preview_launch(project, SETTINGS, TODAY), progress)
    assert not any("as_trained_process" in " ".join(_command(each)) for each in _children())
    assert list(tmp_path.iterdir()) == []


def _children():
    return psutil.Process().children(recursive=True)


def _command(process):
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_a_service_elsewhere_and_a_model_that_is_not_here_are_not_asked(project, monkeypatch):
    monkeypatch.setattr(launch_check, "command", pytest.fail)
    for settings in (
        LaunchSettings(provider="openai", base_model="gpt-4.1-mini-2025-04-14"),
        LaunchSettings(base_model="someone/not-here"),
    ):
        assert LaunchReader().read(project, preview_launch(project, settings, TODAY)) is None
    monkeypatch.setattr(launch_check, "python_with_training", lambda: None)
    assert LaunchReader().read(project, preview_launch(project, SETTINGS, TODAY)) is None


def test_a_process_that_dies_is_told(project, monkeypatch):
    monkeypatch.setattr(
        launch_check, "command", lambda: [sys.executable, "-c", "raise SystemExit(3)"]
    )
    with pytest.raises(UserError, match="has ended"):
        LaunchReader().read(project, preview_launch(project, SETTINGS, TODAY))


def found_with(**changes):
    values = {
        "model": "m",
        "context": 64,
        "examples": 3,
        "tokens": 100,
        "learnt": 40,
        "longest": 50,
        "longest_id": 1,
        "refused": {},
        "reasons": {},
        "remarks": {},
        "added": (),
    }
    return LaunchAsTrained(**{**values, **changes})


def test_what_is_said_of_many():
    assert [each.text for each in findings_of(found_with())] == [
        "40 of 100 tokens are learned; the others are only read.",
        "Nothing is cut off: the longest has 50 of 64 tokens.",
    ]
    refused = {"too_long": (1, 2), "template": (3,), "nothing_learned": (4,), "checks": (5,)}
    reasons = {"template": "it leaves out the tool “find”", "checks": "no role"}
    found = found_with(tokens=0, learnt=0, refused=refused, reasons=reasons)
    said = [each for each in findings_of(found) if each.ids]
    assert [each.ids for each in said] == [(1, 2), (3,), (4,), (5,)]
    assert {each.tone for each in said} == {"error"}
    assert said[0].text == "2 examples are longer than the 64 tokens that the model reads."
    assert said[1].text.endswith("template: it leaves out the tool “find”")
    remarks = dict.fromkeys(("no_end", "empty_answer", "media", "thoughts", "late_system"), (1,))
    said = [each for each in findings_of(found_with(remarks=remarks)) if each.ids]
    assert {each.tone for each in said} == {"warning"}
    assert all(each.text.startswith("1 example ") and each.title for each in said)
    assert findings_of(found_with(added=("You are Bot.",)))[-1].text.endswith("“You are Bot.”")


def test_a_row_goes_over_as_it_is():
    row = RowAsTrained(1, 2, 3, 4, "template", "why", ["no_end"])
    assert RowAsTrained._make(json.loads(json.dumps(row))) == row
