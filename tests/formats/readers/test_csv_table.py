"""Tables of separated values as programs of all countries write them."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.errors import UserError
from tunedesk.formats.readers.csv_table import CsvTable, find_delimiter, looks_like_table
from tunedesk.formats.table import TableLayout


@pytest.fixture
def table(tmp_path):
    def make(content, **layout):
        path = tmp_path / "letters.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return CsvTable(path, TableLayout(**layout))

    return make


def cells(table):
    return [row.cells for row in table.rows()]


def test_what_excel_writes_in_europe(table):
    text = '\ufeff Input ;OUTPUT;Note\r\nWhen?;"At ten; never later.";seen\r\n'
    text += '"He said ""3,50""";3,50;\r\n"First\r\nsecond";Both.;x\r\n'
    found = table(text)
    assert found.columns == ("Input", "OUTPUT", "Note")
    assert (found.layout.delimiter, found.layout.encoding, found.layout.header) == (";", "utf-8", 1)
    assert cells(found) == [
        ["When?", "At ten; never later.", "seen"],
        ['He said "3,50"', "3,50", ""],
        ["First\r\nsecond", "Both.", "x"],
    ]
    assert [(row.number, row.line) for row in found.rows()] == [(2, 2), (3, 3), (4, 4)]


def test_rows_are_numbered_as_in_the_table_and_know_their_lines(table):
    found = table('question,answer\n"a\nb\nc",d\n\ne,f\n')
    assert [(row.number, row.line) for row in found.rows()] == [(2, 2), (4, 6)]


@pytest.mark.parametrize("first", ["sep=|\r\n", "SEP=|\n"])
def test_the_line_in_which_excel_names_its_separator(table, first):
    found = table(first + "question|answer\nOne, two?|Yes\n")
    assert found.columns == ("question", "answer")
    assert cells(found) == [["One, two?", "Yes"]]


def test_a_code_page_is_found_and_told(table):
    found = table("question,answer\nWas kostet das?,Fünf – „€“…\n".encode("windows-1252"))
    assert cells(found) == [["Was kostet das?", "Fünf – „€“…"]]
    assert [problem.code for problem in found.remarks] == ["encoding_guessed"]


def test_the_encoding_can_be_chosen(table):
    found = table("question,answer\nЧто?,Да\n".encode("koi8-r"), encoding="koi8-r")
    assert cells(found) == [["Что?", "Да"]]


def test_lines_of_two_encodings_are_read_row_by_row(table):
    rows = "question,answer\nWas?,Löffel 5 €\nWo?,Hier\n".encode(), "Wie?,“Krug”\n".encode("cp1252")
    found = list(table(b"".join(rows)).rows())
    assert [row.cells[1] for row in found] == ["Löffel 5 €", "Hier", "“Krug”"]
    assert [[each.code for each in row.remarks] for row in found] == [[], [], ["bytes_not_text"]]


def test_a_column_without_a_name_is_called_by_its_number(table):
    found = table(',problem,answer\n0,"2+2?",4\n1,"3*3?",9\n')
    assert found.columns == ("Column 1", "problem", "answer")


def test_names_that_stand_twice_are_told_apart(table):
    assert table("user,user,answer\na,b,c\n").columns == ("user", "user (2)", "answer")


def test_a_table_without_names(table):
    found = table("When do you open?,At ten.\nAnd on Sundays?,Never.\n")
    assert found.layout.header == 0
    assert found.columns == ("Column 1", "Column 2")
    assert len(cells(found)) == 2


def test_the_row_of_names_can_be_chosen(table):
    found = table("Letters of 2024,\nquestion,answer\nWhat?,That\n", header=2)
    assert found.columns == ("question", "answer")
    assert cells(found) == [["What?", "That"]]


def test_a_cell_of_any_length(table):
    long = "Speaker: a sentence, with a comma.\n" * 6_000
    found = table(f'question,answer\nShort?,Yes\n"{long}",Sum\n')
    assert cells(found) == [["Short?", "Yes"], [long, "Sum"]]


def test_a_quotation_mark_that_is_never_closed_swallows_nothing(table):
    found = list(table('question,answer\n5" or 6?,Six\n"Open,Shut\nLast?,Yes\n').rows())
    assert [row.cells for row in found] == [
        ['5" or 6?', "Six"],
        ['"Open', "Shut"],
        ["Last?", "Yes"],
    ]
    assert [[each.code for each in row.remarks] for row in found] == [[], ["quote_not_closed"], []]


def test_a_row_without_an_end_is_refused_in_bounded_memory(table, monkeypatch):
    monkeypatch.setattr("tunedesk.formats.readers.csv_table._LONGEST_ROW", 1_000)
    with pytest.raises(UserError, match="longer than"):
        list(table('question,answer\n"Open,' + "x\n" * 1_000).rows())


def test_what_is_no_text_is_refused(table):
    with pytest.raises(UserError, match="not a text file"):
        table(bytes(range(32)) * 100)


def test_how_far_it_was_read_is_known(table):
    text = "question,answer\n" + "a,b\n" * 1_000
    found = table(text)
    list(found.rows())
    assert found.bytes_read == len(text)


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b\n1,2\n", ","),
        ("a;b\n1,5;2\n", ";"),
        ("a\tb\n1, 2\t3; 4\n", "\t"),
        ("a|b|c\n1|2|3\n", "|"),
        ("question\nDo, or do not?\nThere is no try.\n", ""),
        ('a,b\n"x;y;z","1;2;3"\n', ","),
    ],
)
def test_the_separator_is_found(text, delimiter):
    assert find_delimiter(text.splitlines(keepends=True)) == delimiter


def test_prose_is_no_table():
    text = "Dear all,\nthis is a letter, with commas, of some lines.\nIt goes on.\nYours, Ann\n"
    assert not looks_like_table(text.splitlines(keepends=True))


words = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\x85\u2028\u2029"),
    min_size=1,
    max_size=12,
).filter(str.strip)


@given(rows=st.lists(st.tuples(words, words, words), min_size=1, max_size=8))
def test_what_the_standard_library_writes_is_read_as_it_was(rows, tmp_path_factory):
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("question", "answer", "topic"), *rows])
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    found = CsvTable(path, TableLayout(delimiter=","))
    assert [tuple(row.cells) for row in found.rows()] == rows
