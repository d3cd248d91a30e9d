"""JSON and rows of a spreadsheet on the clipboard become records; what cannot be read is said."""

import json
import time

import pytest

from tunedesk.formats.pasted_text import read_pasted


def talks(text):
    """The messages of each example as (role, content), and its tags."""
    return [
        (
            [(m["role"], m["content"]) for m in json.loads(example.record)["messages"]],
            example.tags,
        )
        for example in read_pasted(text).examples
    ]


def pair(question, answer):
    return [("user", question), ("assistant", answer)]


def test_two_columns_are_question_and_answer():
    assert talks("Where?\tHere.\r\nWhen?\tNow.\r\n") == [
        (pair("Where?", "Here."), ()),
        (pair("When?", "Now."), ()),
    ]


def test_three_columns_begin_with_the_system_prompt():
    assert talks("Be kind.\tHi\tHello") == [([("system", "Be kind."), *pair("Hi", "Hello")], ())]


@pytest.mark.parametrize(
    "text",
    [
        "Answer\tQuestion\nHere.\tWhere?\n",
        "\ufeffassistant\tUSER\nHere.\tWhere?\n",
        "Antwort\tFrage\nHere.\tWhere?\n",
        "question,answer\nWhere?,Here.\n",
        "question;answer\nWhere?;Here.\n",
        'prompt,completion\n"Where?","Here."\n',
    ],
)
def test_a_row_of_names_sets_the_order(text):
    assert talks(text) == [(pair("Where?", "Here."), ())]


def test_columns_of_other_names_become_tags():
    text = (
        "Id\tSystem prompt\tQuestion\tAnswer\tTopic\tTags\n"
        "1\tBe kind.\tWhere?\tHere.\tlaw of  sea\tnew, hard\n"
        "2\t\tWhen?\tNow.\t\t\n"
    )
    assert talks(text) == [
        (
            [("system", "Be kind."), *pair("Where?", "Here.")],
            ("Id: 1", "Topic: law of sea", "new", "hard"),
        ),
        (pair("When?", "Now."), ("Id: 2",)),
    ]
    assert read_pasted(text).left_out == []


def test_a_column_of_long_texts_is_no_tag_and_that_is_said():
    pasted = read_pasted(f"Question\tAnswer\tNotes\nWhere?\tHere.\t{'long ' * 30}\n")
    assert [example.tags for example in pasted.examples] == [()]
    assert pasted.left_out == ["The column “Notes” was left out: its texts are too long for tags."]


def test_many_columns_without_names_are_refused_with_the_way_out():
    pasted = read_pasted("a\tb\tc\td")
    assert pasted.examples == []
    assert "The first row has to name the columns" in pasted.left_out[0]


def test_cells_beyond_the_columns_are_told():
    pasted = read_pasted("Question\tAnswer\nWhere?\tHere.\tmore\nWhen?\tNow.\n")
    assert len(pasted.examples) == 2
    assert pasted.left_out == [
        "1 row has more cells than there are columns; what is beyond was left out."
    ]


def test_cells_keep_line_breaks_and_quotation_marks():
    assert talks('"two\nlines"\t"say ""yes"""\n') == [(pair("two\nlines", 'say "yes"'), ())]


def test_a_quotation_mark_of_the_text_swallows_nothing():
    text = '"Where\tHere.\nWhen?\tNow.\n'
    assert talks(text) == [(pair('"Where', "Here."), ()), (pair("When?", "Now."), ())]


def test_a_very_long_cell_is_read():
    answer = "word " * 60_000
    assert talks(f"Where?\t{answer}\n") == [(pair("Where?", answer), ())]


@pytest.mark.parametrize("text", ["", "no tab", "Question\tAnswer\n", "\t\n", "a, b\nc, d\n"])
def test_what_is_not_such_a_table_has_no_examples(text):
    assert read_pasted(text) == ([], [])


def test_a_short_row_has_an_empty_answer():
    assert talks("Where?\tHere.\nWhen?\n")[1] == (pair("When?", ""), ())


@pytest.mark.parametrize(
    ("text", "count", "left"),
    [
        ('{"messages": []}\n\n{"messages": []}\n', 2, ""),
        ('\ufeff{"messages": []}\n', 1, ""),
        ('[{"a": 1},\n {"a": 2}]', 2, ""),
        ('[{"a": 1}, 7, "b"]', 1, "2 entries of the list are not JSON objects."),
        ('{\n  "a": {"b": 1}\n}\n', 1, ""),
        ('{\n "a": 1\n}\n{\n "a": 2\n}\n', 2, ""),
        ('{"a": 1},\n{"a": 2}\n', 2, ""),
        ('{"a": 1}\nand so on\n{"a": 2}\n', 2, "1 line could not be read: line 2, “and so on”."),
        ('{"broken": \n', 0, '1 line could not be read: line 1, “{"broken":”.'),
        ("[1, 2]", 0, "2 entries of the list are not JSON objects."),
        ("text", 0, ""),
    ],
)
def test_records_of_a_pasted_text(text, count, left):
    pasted = read_pasted(text)
    assert len(pasted.examples) == count
    assert " ".join(pasted.left_out) == left
    for example in pasted.examples:
        assert isinstance(json.loads(example.record), dict)


def test_a_broken_line_with_the_braces_of_a_record_is_kept_to_be_put_right():
    assert [one.record for one in read_pasted('{"a": 1}\n{"b": }\n').examples] == [
        '{"a": 1}',
        '{"b": }',
    ]


def test_a_record_is_pasted_as_it_is_spelled():
    line = '{"messages" : [ ],"x":1e2, "big": 123456789012345678901234567890}'
    assert read_pasted(line).examples == [(line, ())]


@pytest.mark.parametrize("text", ["{\n" * 60_000, '{"\n' * 60_000, "[" * 100_000, "a\t" * 200_000])
def test_any_text_is_read_in_a_moment(text):
    began = time.process_time()
    read_pasted(text)
    assert time.process_time() - began < 5


def test_how_three_columns_without_names_were_read_is_said():
    pasted = read_pasted("Be kind.\tWhat?\tThat.\nBe kind.\tWhy?\tSo.")
    assert len(pasted.examples) == 2
    (told,) = pasted.left_out
    assert told.startswith("The columns were read as system, user and assistant")
    assert read_pasted("What?\tThat.\nWhy?\tSo.").left_out == []


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1e"])
def test_line_ends_of_other_kinds_may_stand_in_a_text(mark):
    said = [{"role": "user", "content": f"a{mark}b"}, {"role": "assistant", "content": "c"}]
    record = json.dumps({"messages": said}, ensure_ascii=mark < " ")
    for end in ("\n", "\r\n", "\r"):
        pasted = read_pasted(f"{record}{end}{record}{end}")
        assert [example.record for example in pasted.examples] == [record, record]
        assert pasted.left_out == []


@pytest.mark.parametrize(
    "cell", ["[1] Who pays?", "[sic] Who pays?", "[Your name] asks", "[", "[ ]x"]
)
def test_a_cell_that_begins_with_a_bracket_is_no_json(cell):
    pasted = read_pasted(f"{cell}\tThe tenant.\nWho else?\tNobody.")
    assert [
        json.loads(example.record)["messages"][0]["content"] for example in pasted.examples
    ] == [
        cell,
        "Who else?",
    ]
