"""Rows of a table become examples."""

import json

import pytest

from tunedesk.errors import UserError
from tunedesk.formats.mapping import Mapping, mapped_batches, parse_mapping, propose
from tunedesk.formats.readers.csv_table import CsvTable
from tunedesk.formats.table import TableLayout, TableRow


@pytest.fixture
def table(tmp_path):
    def make(text):
        path = tmp_path / "a.csv"
        path.write_text(text, encoding="utf-8", newline="")
        return CsvTable(path, TableLayout())

    return make


def proposed(table):
    return propose(table.columns, list(table.rows()))


def records(table, mapping):
    return [json.loads(text) for batch in mapped_batches(table, mapping) for text in batch.texts]


def said(record):
    return [(message["role"], message["content"]) for message in record["messages"]]


def test_columns_are_known_by_their_names(table):
    found = table(
        "System,Frage,Antwort,Topic,Case no.,Language\n"
        "Be kind.,Was?,Das.,dose,2024-0117,German\n"
        "Be kind.,Wo?,Hier.,dose,2024-0118,German\n"
    )
    mapping = proposed(found)
    assert list(mapping.columns.values()) == [
        *("system", "user", "assistant", "tag", "note", "language")
    ]
    assert mapping.lacks is None
    first, _second = records(found, mapping)
    assert said(first) == [("system", "Be kind."), ("user", "Was?"), ("assistant", "Das.")]
    assert first["metadata"] == {"Case no.": "2024-0117"}
    (batch,) = mapped_batches(found, mapping)
    assert batch.tags == [("dose", "German")] * 2
    assert batch.lines == [2, 3]


def test_two_columns_without_names_are_question_and_answer(table):
    found = table("When do you open?,At ten.\nAnd on Sundays?,Never at all.\n")
    assert said(records(found, proposed(found))[1]) == [
        ("user", "And on Sundays?"),
        ("assistant", "Never at all."),
    ]


def test_a_column_that_only_counts_is_left_out_and_thoughts_are_kept_apart(table):
    found = table(",problem,justAnswer,think\n0,2+2?,4,two and two\n1,3*3?,9,\n")
    mapping = proposed(found)
    assert mapping.columns == {
        "Column 1": "leave_out",
        "problem": "user",
        "justAnswer": "assistant",
        "think": "reasoning",
    }
    first, second = records(found, mapping)
    assert first["messages"][1]["reasoning_content"] == "two and two"
    assert second["messages"][1] == {"role": "assistant", "content": "9"}


def test_pairs(table):
    found = table("prompt,chosen,rejected\nWhat?,Good.,Bad.\n")
    (record,) = records(found, proposed(found))
    assert record == {
        "input": {"messages": [{"role": "user", "content": "What?"}]},
        "preferred_output": [{"role": "assistant", "content": "Good."}],
        "non_preferred_output": [{"role": "assistant", "content": "Bad."}],
    }


def test_a_reference_without_an_answer_is_an_item_for_reinforcement(table):
    found = table("question,Reference answer\n2+2?,4\n")
    (record,) = records(found, proposed(found))
    assert record == {"messages": [{"role": "user", "content": "2+2?"}], "reference_answer": "4"}


def test_several_columns_of_a_role_are_turns_and_empty_ones_are_left_out(table):
    found = table("user,assistant,user,assistant\na?,b.,c?,d.\ne?,f.,,\n")
    mapping = parse_mapping(
        "user=user,assistant=assistant,user (2)=user,assistant (2)=assistant", found.columns
    )
    assert [len(record["messages"]) for record in records(found, mapping)] == [4, 2]


def test_rows_of_one_conversation_are_put_together_wherever_they_stand(table):
    found = table("id,user,assistant\nx,a?,b.\ny,c?,d.\nx,e?,f.\n,g?,h.\n,i?,j.\n")
    mapping = parse_mapping("id=group, user=user, assistant=assistant", found.columns)
    assert [len(record["messages"]) for record in records(found, mapping)] == [4, 2, 2, 2]


def test_a_system_prompt_and_templates_hold_columns(table):
    found = table("Question,Answer,Topic\nWhy?,So.,milk\n")
    mapping = Mapping(
        {"Question": "user", "Answer": "assistant", "Topic": "leave_out"},
        system="About {Topic}, not {this}.",
        templates={"Question": "Question: {Question}"},
    )
    assert said(records(found, mapping)[0])[:2] == [
        ("system", "About milk, not {this}."),
        ("user", "Question: Why?"),
    ]


def test_a_row_without_text_is_told_and_no_example(table):
    found = table("question,answer,topic\na?,b.,x\n,,y\nc?,,x\n")
    (batch,) = mapped_batches(found, proposed(found))
    assert batch.lines == [2, 4]
    assert [(line, problem.code) for line, problem in batch.problems] == [(3, "row_without_text")]
    assert said(json.loads(batch.texts[1])) == [("user", "c?"), ("assistant", "")]


def test_cells_stay_as_they_stand(table):
    found = table('question,answer\n"  3,50 ","=1+1"\n')
    assert said(records(found, proposed(found))[0]) == [("user", "  3,50 "), ("assistant", "=1+1")]


def test_what_is_lacking_is_named():
    assert Mapping({"a": "assistant"}).lacks == "user"
    assert Mapping({"a": "user"}).lacks == "assistant"
    assert Mapping({"a": "user", "b": "chosen"}).lacks == "rejected"
    assert Mapping({"a": "user", "b": "reference"}).lacks is None


def test_a_role_that_can_be_had_once_leaves_the_other_column():
    mapping = Mapping({"a": "system", "b": "user"}).with_role("b", "system")
    assert mapping.columns == {"a": "leave_out", "b": "system"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("Nobody=user", "no column “Nobody”"), ("a", "no column “a”"), ("Q=king", "become “king”")],
)
def test_a_mapping_that_does_not_fit(text, sentence):
    with pytest.raises(UserError, match=sentence):
        parse_mapping(text, ["Q", "A"])


def test_many_rows_come_in_batches(table):
    found = table("question,answer\n" + "a?,b.\n" * 1_201)
    assert [len(batch.texts) for batch in mapped_batches(found, proposed(found))] == [500, 500, 201]


def test_a_proposal_needs_no_rows():
    assert propose(["question", "answer"], []).lacks is None
    assert propose(["x"], [TableRow(1, 1, ["a"])]).lacks == "user"
