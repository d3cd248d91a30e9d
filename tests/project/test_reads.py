"""Reading examples: the ids of a query, rows of the table, texts, facts, places, sources, tags."""

import pytest
from tests.project.made_examples import add, example_text, new_example

from tunedesk.errors import Cancelled, UserError
from tunedesk.project import reads
from tunedesk.project.query import ALL_EXAMPLES, ExampleQuery


@pytest.fixture
def context(project):
    for word in ("one", "two", "three"):
        add(project, word)
    project.set_state(project.ids()[1:2], "approved")
    project.add_tag(project.ids()[:2], "law")
    return project.context


def test_ids_and_count_of_a_query_agree(context):
    approved = ExampleQuery(states=("approved",))
    assert list(reads.ids(context, ALL_EXAMPLES)) == [1, 2, 3]
    assert list(reads.ids(context, ALL_EXAMPLES, limit=2)) == [1, 2]
    assert list(reads.ids(context, approved)) == [2]
    assert reads.count(context, ALL_EXAMPLES) == 3
    assert reads.count(context, approved) == 1


def test_reading_ids_can_be_cancelled(context):
    def cancel(_done, _total):
        raise Cancelled

    with pytest.raises(Cancelled):
        reads.ids(context, ALL_EXAMPLES, cancel)


def test_rows_come_in_the_order_given_without_those_that_are_gone(project, context):
    project.delete([3])
    rows = reads.rows(context, [2, 3, 1, 99])
    assert [row.id for row in rows] == [2, 1]
    assert [row.number for row in rows] == [2, 1]
    assert [row.state for row in rows] == ["approved", "draft"]
    assert rows[0].tags == ("law",)
    assert rows[0].source == "Written here"
    assert rows[0].version_id == reads.version_of(context, 2)
    assert "two" in rows[0].preview


def test_a_row_that_cannot_be_read_says_so_and_claims_nothing():
    row = reads.damaged_row(7)
    assert row.id == 7
    assert "damaged" in row.preview
    assert row.kind == "unreadable"
    assert row.errors == 1
    assert row.tags == ()


def test_text_and_facts_of_an_example(context):
    assert reads.text(context, 1) == example_text("one").encode()
    assert reads.facts(context, 1).preview == example_text("one")
    for read in (reads.text, reads.facts, reads.version_of):
        with pytest.raises(UserError, match="no longer in the project"):
            read(context, 99)


def test_an_example_that_is_deleted_has_a_text_and_no_number(project, context):
    project.delete([2])
    assert reads.text(context, 2) == example_text("two").encode()
    assert reads.number_of(context, 2) is None
    assert reads.number_of(context, 3) == 2
    assert reads.number_of(context, 99) is None


def test_sources_and_their_titles(context):
    number = reads.add_source(
        context.store, "imported", "law.jsonl", path="/data/law.jsonl", encoding="utf-8"
    )
    made = reads.add_source(context.store, "generated", "a-model", model="a-model")
    written, imported, generated = reads.sources(context.store)
    assert (written.kind, written.title) == ("written", "Written here")
    assert (imported.id, imported.title, imported.path) == (number, "law.jsonl", "/data/law.jsonl")
    assert (generated.id, generated.model) == (made, "a-model")
    assert imported.time > 0
    assert reads.source_titles(context.store) == {
        written.id: "Written here",
        number: "law.jsonl",
        made: "a-model",
    }


def test_tags_in_use_by_name_without_those_of_deleted_examples(project, context):
    project.add_tag([3], "Appeals")
    assert reads.tags(context) == [("Appeals", 1), ("law", 2)]
    project.delete([1])
    assert reads.tags(context) == [("Appeals", 1), ("law", 1)]
    project.remove_tag([2], "law")
    assert reads.tags(context) == [("Appeals", 1)]


def test_many_rows_are_read_in_one_go(project, context):
    project.add_examples([new_example(str(number)) for number in range(1_000)])
    ids = reads.ids(context, ALL_EXAMPLES)
    rows = reads.rows(context, ids)
    assert [row.id for row in rows] == list(ids)
    assert [row.number for row in rows] == list(range(1, 1_004))
