"""Transactions: all or nothing, nested ones are one, and typing goes between those of bulk work."""

import sqlite3
import threading

import pytest
from tests.project.made_examples import add, new_example, retype, undo_name, words

from tunedesk.errors import UserError
from tunedesk.project.project_change import ProjectChange
from tunedesk.project.query import ExampleQuery


def test_a_transaction_that_fails_leaves_nothing(project):
    add(project, "one")
    told = []
    project.subscribe(told.append)

    def fail():
        with project.context.store.transaction():
            add(project, "two")
            project.add_tag(ExampleQuery(), "law")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert words(project) == ["one"]
    assert told == []
    project.add_tag(ExampleQuery(), "other")
    assert [tag.name for tag in project.tags()] == ["other"]
    assert project.rows(project.ids())[0].tags == ("other",)


def test_views_are_told_after_the_commit(project):
    seen = []
    project.subscribe(lambda change: seen.append((change.name, project.context.store._depth)))
    with project.context.store.transaction():
        add(project, "one")
        add(project, "two")
        assert seen == []
    assert seen == [("Add 1 example", 0), ("Add 1 example", 0)]


def test_who_unsubscribes_is_told_no_more(project):
    seen = []
    stop = project.subscribe(seen.append)
    stop()
    stop()
    project.context.store.publish(ProjectChange(frozenset()))
    assert seen == []


def test_typing_goes_between_the_transactions_of_bulk_work(project):
    ids = project.add_examples([new_example(str(number)) for number in range(20_000)])
    slices = []
    typed = threading.Event()

    def pause(done, _total):
        slices.append(done)
        # The first transactions wait for a keystroke each, however slow this computer is.
        if len(slices) <= 5:
            assert typed.wait(30)
            typed.clear()

    def work():
        with project.handle() as handle:
            handle.set_state(ids, "approved", pause)

    thread = threading.Thread(target=work)
    thread.start()
    number = 0
    while thread.is_alive():
        number += 1
        retype(project, ids[-1], str(number), merge_key="field")
        typed.set()
    thread.join()
    assert len(slices) > 5
    # The approval of the one that was typed in lapsed if it had one by then.
    assert project.totals().by_state["approved"] in (19_999, 20_000)
    assert words(project)[-1] == str(number)
    while undo_name(project) != "Add 20,000 examples":
        project.undo()
    assert project.totals().by_state["draft"] == 20_000
    assert words(project)[-1] == "19999"


def test_a_full_disk_is_told_kindly(project):
    store = project.context.store
    pages = store.value("PRAGMA page_count")
    store.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(UserError, match="disk is full"):
        project.add_examples([new_example("x" * 10_000) for _number in range(50)])
    assert project.count() == 0
    store.execute("PRAGMA max_page_count = 1000000")
    add(project, "one")
    assert words(project) == ["one"]


def test_another_program_that_writes_is_told_kindly(project, monkeypatch):
    project.context.store.execute("PRAGMA busy_timeout = 1")
    other = sqlite3.connect(project.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(UserError, match="Another program"):
        add(project, "one")
    other.execute("ROLLBACK")
    other.close()
    add(project, "one")
    assert words(project) == ["one"]


def test_a_snapshot_is_not_moved_by_others(project):
    add(project, "one")
    with project.handle() as handle:
        with handle.context.store.snapshot():
            assert handle.count() == 1
            add(project, "two")
            assert handle.count() == 1
        assert handle.count() == 2
