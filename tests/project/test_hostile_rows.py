"""Rows that no Tunedesk wrote end in a sentence or in a row marked as damaged, never in a bug.

`python tests/abuse/run.py hostile_rows` opens each in a window as well.
"""

import shutil

import pytest
from tests.abuse.hostile_rows import VARIANTS, small_project, tamper
from tests.abuse.walk import Outcome, walk_commands, walk_project

from tunedesk.project.project import Project


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / "Original.tunedesk"
    small_project(path)
    return path


@pytest.fixture
def path(original, tmp_path):
    path = tmp_path / "Rows.tunedesk"
    shutil.copy(original, path)
    return path


def test_there_are_more_variants_than_were_found():
    assert len(VARIANTS) >= 79


def test_nothing_is_said_of_the_project_as_it_is(path):
    outcome = Outcome()
    walk_project(path, outcome)
    assert (outcome.bugs, outcome.sentences, outcome.listed) == ([], [], 5)


@pytest.mark.parametrize("variant", VARIANTS)
def test_rows_that_cannot_be_end_in_rows_or_sentences(path, variant):
    tamper(path, VARIANTS[variant])
    tampered = path.read_bytes()
    outcome = Outcome()
    walk_project(path, outcome)
    path.write_bytes(tampered)
    walk_commands(path, outcome)
    assert outcome.bugs == []


def test_an_added_range_without_end_is_undone_at_once(path):
    tamper(path, VARIANTS["added range of 2^62"])
    with Project.open(path) as project:
        while project.undo() is not None:
            pass
        assert list(project.ids()) == []
        while project.redo() is not None:
            pass
        # The last step that is done again is the deletion of the fifth.
        assert len(project.ids()) == 4


def test_a_cut_off_range_without_end_is_put_right_when_opened(path):
    tamper(path, VARIANTS["added range cut off"])
    with Project.open(path) as project:
        assert project.interrupted


def test_a_long_preview_is_cut_in_the_list(path):
    tamper(path, VARIANTS["preview 30 MB"])
    with Project.open(path) as project:
        row = project.rows([2])[0]
    assert len(row.preview) <= 400
    assert len(row.roles) <= 4000


def test_what_a_newer_version_found_is_a_hint(path):
    tamper(path, VARIANTS["codes of a newer version"])
    with Project.open(path) as project:
        assert project.facts(1).problems[0].code == "future_rule"
        assert "future_rule" in project.problem_counts()
        assert project.totals().with_errors <= 1


@pytest.mark.parametrize(
    ("variant", "sentence"),
    [
        ("a version newer than ours", "newer Tunedesk"),
        ("a version that never was", "damaged"),
        ("another application", "not a Tunedesk project"),
        ("a view that asks itself", "holds things that no Tunedesk project holds"),
        ("a trigger that fires itself", "holds things that no Tunedesk project holds"),
        ("an index that computes", "holds things that no Tunedesk project holds"),
        ("300 tables", "holds things that no Tunedesk project holds"),
    ],
)
def test_a_file_that_is_not_ours_is_refused_in_a_sentence(path, variant, sentence):
    tamper(path, VARIANTS[variant])
    outcome = Outcome()
    walk_project(path, outcome)
    assert outcome.bugs == []
    assert sentence in outcome.sentences[0]


@pytest.mark.parametrize("variant", ["text missing", "version missing", "tokens a text"])
def test_a_row_that_lacks_something_is_listed_all_the_same(path, variant):
    tamper(path, VARIANTS[variant])
    with Project.open(path) as project:
        rows = project.rows(project.ids())
        assert len(rows) == 5
        if variant != "text missing":
            assert "damaged" in rows[1].preview
