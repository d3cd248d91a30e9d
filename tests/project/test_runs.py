"""Runs: kept, completed by what comes twice, and never losing the versions they were made of."""

import contextlib
import sqlite3

import pytest
from tests.project.made_examples import add, retype

from tunedesk.errors import UserError
from tunedesk.project import schema
from tunedesk.project.project import Project
from tunedesk.project.run_records import (
    Metric,
    RunCheckpoint,
    RunError,
    RunEvent,
    RunExample,
    RunFile,
)


@pytest.fixture
def project(tmp_path):
    with Project.create(tmp_path / "Test.tunedesk") as project:
        yield project


def launched(project, name="first", base_model="tunedesk-starter"):
    return project.runs.add(
        name=name,
        provider="local",
        base_url="http://127.0.0.1:1/v1",
        base_model=base_model,
        settings={"epochs": None},
        program_version="1",
    )


def test_a_run_comes_back_as_it_was_written(project):
    run = launched(project)
    project.runs.update(
        run.id,
        stage="ended",
        status="failed",
        training=RunFile("file-1", "ab", 12, 10),
        error=RunError("invalid_n_examples", "too few", "training_file"),
        job={"id": "ftjob-1"},
    )
    with project.handle() as other:
        found = other.runs.get(run.id)
    assert found.training == RunFile("file-1", "ab", 12, 10)
    assert found.error == RunError("invalid_n_examples", "too few", "training_file")
    assert (found.job, found.settings, found.key) == ({"id": "ftjob-1"}, {"epochs": None}, run.key)
    assert found.ended
    assert not found.succeeded


def test_the_subscribers_hear_of_a_run_only_when_it_changes(project):
    heard = []
    run = launched(project)
    project.subscribe(heard.append)
    project.runs.update(run.id, status="running")
    project.runs.update(run.id, status="running")
    assert [(change.kinds, change.ids, change.runs) for change in heard] == [
        (frozenset({"runs"}), (), (run.id,))
    ]


def test_no_key_can_be_rewritten(project):
    run = launched(project)
    with pytest.raises(ValueError, match="key"):
        project.runs.update(run.id, key="other")


def test_figures_that_come_twice_complete_each_other(project):
    run = launched(project)
    project.runs.add_metrics(run.id, [Metric(1, 2.5), Metric(2, 2.0, 0.5)])
    project.runs.add_metrics(run.id, [Metric(2, None, None, 1.5), Metric(3, 1.0)])
    assert project.runs.metrics(run.id) == [
        Metric(1, 2.5),
        Metric(2, 2.0, 0.5, 1.5),
        Metric(3, 1.0),
    ]
    assert project.runs.metrics(run.id, after_step=2) == [Metric(3, 1.0)]
    assert project.runs.last_metric(run.id) == Metric(3, 1.0, 0.5, 1.5)


def test_events_are_kept_once_and_shown_newest_first(project):
    run = launched(project)
    old, new = RunEvent("a", 1000, "info", "one"), RunEvent("b", 1000, "warn", "two", "x", {"n": 1})
    project.runs.add_events(run.id, [old])
    project.runs.add_events(run.id, [old, new])
    assert project.runs.events(run.id) == [new, old]
    assert project.runs.event_ids(run.id) == {"a", "b"}


def test_checkpoints_are_those_that_the_service_still_has(project):
    run = launched(project)
    points = [RunCheckpoint(f"c{n}", n, f"m:{n}", 5, {"train_loss": 1.0}) for n in (1, 2)]
    project.runs.set_checkpoints(run.id, points)
    project.runs.set_checkpoints(run.id, points[1:])
    assert project.runs.checkpoints(run.id) == points[1:]


def test_a_version_that_was_trained_on_survives_further_typing(project):
    example = add(project, "one")
    retype(project, example, "two", merge_key="field")
    version = project.rows([example])[0].version_id
    run = launched(project)
    project.runs.set_examples(run.id, [RunExample("training", 1, example, version)])
    retype(project, example, "three", merge_key="field")
    kept = project.runs.example_at(run.id, "training", 1)
    assert kept.version_id == version
    assert "two" in project.version_text(version)
    assert "three" in project.text(example)


def test_the_runs_that_a_run_goes_on_from(project):
    first, second = launched(project), launched(project, "second", "ft:a")
    third = launched(project, "third", "ft:b:ckpt-step-5")
    project.runs.update(first.id, fine_tuned_model="ft:a")
    project.runs.update(second.id, fine_tuned_model="ft:b")
    project.runs.set_checkpoints(second.id, [RunCheckpoint("c", 5, "ft:b:ckpt-step-5", 5, {})])
    assert project.runs.of_model("ft:b:ckpt-step-5").id == second.id
    assert project.runs.of_model("ft:none") is project.runs.of_model("") is None
    assert [run.name for run in project.runs.parents(third)] == ["second", "first"]
    project.runs.delete(first.id)
    assert [run.name for run in project.runs.parents(third)] == ["second", "first"]


def test_a_chain_of_runs_that_bites_its_own_tail_ends(project):
    run = launched(project)
    project.runs.update(run.id, fine_tuned_model="tunedesk-starter")
    assert [parent.id for parent in project.runs.parents(project.runs.get(run.id))] == [run.id]


def test_what_neither_a_run_nor_its_parents_had(project):
    ids = [add(project, text) for text in ("one", "two", "three", "four", "five")]
    version = {row.id: row.version_id for row in project.rows(ids)}
    first, second = launched(project), launched(project, "second", "ft:a")
    project.runs.update(first.id, fine_tuned_model="ft:a")
    seen = [RunExample("training", 1, ids[0], version[ids[0]])]
    project.runs.set_examples(
        first.id, [*seen, RunExample("validation", 1, ids[1], version[ids[1]])]
    )
    project.runs.set_examples(second.id, [RunExample("training", 1, ids[2], version[ids[2]])])
    assert project.runs.unseen_examples(first) == ids[2:]
    assert project.runs.unseen_examples(second) == ids[3:]
    assert project.runs.changed_examples(first.id) == 0
    retype(project, ids[0], "one, changed", merge_key="field")
    project.delete(ids[1:2])
    assert project.runs.unseen_examples(second) == [ids[0], *ids[3:]]
    assert project.runs.changed_examples(first.id) == 2
    assert project.runs.changed_examples(second.id) == 0


def test_runs_are_found_by_what_a_person_would_write(project):
    first, _second = launched(project), launched(project, "second")
    project.runs.update(first.id, job_id="ftjob-9")
    for word in (str(first.id), "first", "ftjob-9", first.key):
        assert project.runs.find(word).id == first.id
    with pytest.raises(UserError, match="no run"):
        project.runs.find("third")
    launched(project)
    with pytest.raises(UserError, match="Several"):
        project.runs.find("first")


def test_a_hidden_run_leaves_the_list_only(project):
    run = launched(project)
    project.runs.delete(run.id)
    assert project.runs.all() == []
    assert project.runs.get(run.id) == run


def test_a_project_of_the_first_version_gains_runs(tmp_path):
    path = tmp_path / "Old.tunedesk"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        schema.create_tables(connection, 1)
    with Project.open(path, read_only=True) as project:
        assert project.runs.all() == []
        assert project.runs.examples(1) == []
    with Project.open(path) as project:
        assert launched(project).id == 1
    assert path.with_name("Old.version-1.tunedesk").exists()
