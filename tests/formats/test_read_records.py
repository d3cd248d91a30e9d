"""Every fault of real files is read as far as it can be: nothing is lost, nothing crashes."""

import json

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.examples.strategies import spelled_objects
from tests.formats.reading import Reading

from tunedesk.errors import UserError
from tunedesk.examples.json_edit import on_one_line
from tunedesk.formats import record_batch
from tunedesk.formats.inspect_file import inspect_file
from tunedesk.formats.read_records import (
    LAST,
    RangeReader,
    file_problems,
    file_ranges,
    read_batches,
)
from tunedesk.formats.readers import json_lines, json_values
from tunedesk.formats.writers.jsonl import RecordWriter

ROWS = [
    json.dumps({"messages": [{"role": "user", "content": words}]}, ensure_ascii=False)
    for words in ("Wie spät ist es?", "a\u2028b\u0085c", "本はどこ 📚", 'x } { "y"')
]
A, B, C, D = ROWS
TEXT = "\n".join(ROWS) + "\n"
PRETTY = [json.dumps(json.loads(row), ensure_ascii=False, indent=2) for row in ROWS]
FLAT = [json.dumps(json.loads(row), ensure_ascii=False, indent=0) for row in ROWS]
DEEP = "[" * 200_000 + "]" * 200_000


@pytest.fixture
def read(tmp_path):
    return lambda data, **more: Reading(
        tmp_path / "a.jsonl", data.encode() if isinstance(data, str) else data, **more
    )


def rows(reading):
    return [text.decode() for text in reading.texts]


@pytest.mark.parametrize("end", ["\n", ""])
def test_clean(read, end):
    reading = read(TEXT.rstrip("\n") + end)
    assert rows(reading) == ROWS
    assert (reading.lines, reading.problems) == ([1, 2, 3, 4], [])


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (TEXT.encode("utf-8-sig"), (1, "byte_order_mark")),
        (TEXT.encode("utf-16"), (None, "encoding_not_utf8")),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), (None, "encoding_not_utf8")),
        (TEXT.encode("utf-32"), (None, "encoding_not_utf8")),
        (TEXT.encode("utf-16-le"), (None, "encoding_guessed")),
        (TEXT.encode("utf-16-be"), (None, "encoding_guessed")),
        (TEXT.encode("utf-32-le"), (None, "encoding_guessed")),
        (TEXT.replace("\n", "\r").encode(), (None, "line_ends")),
    ],
)
@pytest.mark.parametrize("batch_bytes", [7, 262_144])
def test_encodings_and_line_ends(read, data, problem, batch_bytes):
    reading = read(data, batch_bytes=batch_bytes)
    assert rows(reading) == ROWS
    assert (reading.lines, reading.problems) == ([1, 2, 3, 4], [problem])


def test_line_ends_of_every_kind_in_one_file(read):
    reading = read(f"{A}\r\n{B}\r{C}\n{D}\r\n", batch_bytes=3)
    assert (rows(reading), reading.lines) == (ROWS, [1, 2, 3, 4])


@pytest.mark.parametrize(
    ("letters", "encoding", "name"),
    [("äöüß", "latin-1", "latin-1"), ("“ä” – €", "cp1252", "windows-1252")],
)
def test_western_encodings_are_guessed_and_said_aloud(read, letters, encoding, name):
    reading = read(f'{{"messages": "{letters}"}}\n'.encode(encoding) * 3)
    assert rows(reading) == [f'{{"messages": "{letters}"}}'] * 3
    assert reading.problems == [(None, "encoding_guessed")]
    assert (reading.info.encoding, reading.info.encoding_guessed) == (name, True)


@pytest.mark.parametrize(
    ("said", "encoding", "name"),
    [
        ("Библиотека открыта с десяти до четырёх часов.", "cp1251", "windows-1251"),
        ("Библиотека открыта с десяти до четырёх часов.", "koi8-r", "koi8-r"),
        ("Бібліотека відкрита з десятої, їжа заборонена.", "cp1251", "windows-1251"),
        ("日曜日に図書館は開いていますか。はい、十時から。", "shift_jis", "shift_jis"),
        ("①髙島屋は日曜日に開いていますか。", "cp932", "shift_jis"),
        ("日曜日に図書館は開いていますか。", "euc_jp", "euc_jp"),
        ("你好,图书馆星期天开门吗?开门,从十点到四点。", "gb18030", "gb18030"),
        ("你好,圖書館星期天開門嗎?開門,從十點到四點。", "big5", "big5"),
        ("일요일에 도서관이 열려 있나요?", "cp949", "cp949"),
        ("Czy źdźbło leży w bibliotece? Świetnie, że tak.", "cp1250", "windows-1250"),
        ("Evet, ondan dörde kadar açık; büyük gruplar lütfen.", "cp1254", "windows-1254"),
        ("Είναι ανοιχτή η βιβλιοθήκη την Κυριακή;", "cp1253", "iso-8859-7"),
        ("هل المكتبة مفتوحة يوم الأحد؟", "cp1256", "windows-1256"),
        ("האם הספרייה פתוחה ביום ראשון?", "cp1255", "windows-1255"),
        ("ห้องสมุดเปิดวันอาทิตย์ไหม", "cp874", "cp874"),
        ("Está abierta la biblioteca el domingo, ¿sí o no?", "latin-1", "latin-1"),
        ("L’entrée est gratuite – réservée aux élèves.", "cp1252", "windows-1252"),
        ("Größere Gruppen melden sich bitte früh an.", "cp1252", "latin-1"),
    ],
)
@pytest.mark.parametrize("batch_bytes", [5, 262_144])
def test_older_encodings_are_guessed_by_their_letters(read, said, encoding, name, batch_bytes):
    row = f'{{"messages": "{said}"}}'
    reading = read(f"{row}\r\n".encode(encoding) * 3, batch_bytes=batch_bytes)
    assert (reading.info.encoding, rows(reading)) == (name, [row] * 3)
    assert reading.problems == [(None, "encoding_guessed")]


def test_a_byte_without_a_letter_is_kept(read):
    row = '{"messages": "Библиотека открыта с десяти до четырёх часов."}'
    broken = row.encode("cp1251").replace(b"e", b"\x98")
    reading = read((row.encode("cp1251") + b"\n") * 1200 + broken)
    assert reading.info.encoding == "windows-1251"
    assert reading.texts[-1].decode() == row.replace("e", "\x98")


def test_one_row_of_another_encoding_keeps_the_rest(read):
    bad = '{"messages": "sp\u00e4t “x”"}'
    reading = read(TEXT.encode() + bad.encode("cp1252") + b"\n" + TEXT.encode())
    assert rows(reading) == [*ROWS, bad, *ROWS]
    assert reading.problems == [(5, "bytes_not_text")]
    assert reading.info.encoding == "utf-8"
    array = b"[" + A.encode() + b",\n" + bad.encode("cp1252") + b"]"
    reading = read(array)
    assert rows(reading) == [A, bad]
    assert (2, "bytes_not_text") in reading.problems


def test_blank_lines(read):
    reading = read(f"\n{A}\n \t\n\n{B}\n\n")
    assert (rows(reading), reading.lines) == ([A, B], [2, 5])
    assert reading.problems == [(line, "blank_line") for line in (1, 3, 4, 6)]
    mixed = read(f"\n{A}\n \t\n...\n{B}\n\n")
    assert mixed.problems == [(line, "blank_line") for line in (1, 3, 6)]


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"  ", b"\n \n\t\r\n"])
def test_nothing(read, data):
    reading = read(data)
    assert (reading.texts, reading.info.format) == ([], "empty")


def test_commas_after_rows(read):
    reading = read(",\n".join(ROWS) + ",\n")
    assert (rows(reading), reading.lines) == (ROWS, [1, 2, 3, 4])
    assert reading.problems == [(line, "comma_between_rows") for line in (1, 2, 3, 4)]
    for text in (f"{A} , \n,\n...\n,{B}", f"{A}\n, {B}\n...,\n,\n"):
        reading = read(text)
        assert [row for row in rows(reading) if row[0] == "{"] == [A, B]
        assert reading.counts == (2, 1)


@pytest.mark.parametrize(
    "text",
    [
        "[" + ",".join(ROWS) + "]",
        "[\n" + ",\n".join(ROWS) + "\n]\n",
        "[\n  " + "\n , ".join(ROWS) + "\n  ]",
        "\n [" + ",\n".join(ROWS) + ",]",
        "[" + ", ".join(ROWS),
    ],
)
@pytest.mark.parametrize("batch_bytes", [1, 50, 262_144])
def test_lists(read, text, batch_bytes):
    reading = read(text, batch_bytes=batch_bytes)
    assert rows(reading) == ROWS
    assert [code for _, code in reading.problems] == ["container_array"]
    lines = text.split("\n")
    for line, row in zip(reading.lines, ROWS, strict=True):
        assert row in lines[line - 1]


@pytest.mark.parametrize("pretty", [PRETTY, FLAT])
@pytest.mark.parametrize("batch_bytes", [1, 262_144])
def test_a_pretty_printed_list(read, pretty, batch_bytes):
    reading = read("[\n" + ",\n".join(pretty) + "\n]", batch_bytes=batch_bytes)
    assert rows(reading) == pretty
    assert reading.lines == [2, 10, 18, 26]


@pytest.mark.parametrize("pretty", [PRETTY, FLAT])
@pytest.mark.parametrize("between", ["\n", ",\n", "", "\n\n", " "])
@pytest.mark.parametrize("batch_bytes", [1, 262_144])
def test_objects_over_several_lines(read, pretty, between, batch_bytes):
    reading = read(between.join(pretty), batch_bytes=batch_bytes)
    assert rows(reading) == pretty
    over = [line for line, code in reading.problems if code == "record_over_lines"]
    assert over == reading.lines


def test_objects_in_one_line(read):
    for between in ("", " ", ", "):
        reading = read(between.join(ROWS) + "\n")
        assert rows(reading) == ROWS
        assert reading.lines == [1, 1, 1, 1]


def test_a_pretty_printed_object_amid_lines(read):
    for pretty in (PRETTY[1], FLAT[1]):
        reading = read(f"{A}\n{pretty}\n{C}\n{D}\n", batch_bytes=10)
        assert rows(reading) == [A, pretty, C, D]
        assert reading.lines == [1, 2, 10, 11]
        assert reading.problems == [(2, "record_over_lines")]


CUT_OFF = [
    '{"messages": [{"role": "user", "content": "abc',
    '{"messages": [{"role": "user", "content": "abc"',
    '{"messages": [{"role": "user", "content":',
    '{"messages": [{"role": "user"},',
    '{"messages": [',
    '{"messages": [{',
    "{",
    "[",
    '{"messages"',
    '{"messages": [tru',
]
BROKEN = [
    "...",
    "<<<<<<< HEAD",
    "{'messages': [{'role': \"it's\"}]}",
    '{"messages": [1, 2}',
    '{"messages": []]}',
    '{"messages": [],}',
    '{"messages": "a" "b"}',
    '{"a": 1} // two',
    '{"messages": "\\x"}',
    "}",
    "]}",
    '"',
    "#",
    DEEP,
    '{"a":' * 2000,
]
NOT_OBJECTS = ["42", '"text"', '[{"role":"user"}]', "null", "-1e9", '{"s": NaN}', '{"t": "a\tb"}']


@pytest.mark.parametrize("bad", CUT_OFF + BROKEN + NOT_OBJECTS, ids=lambda bad: bad[:20])
@pytest.mark.parametrize("separator", ["\n", ",\n"])
@pytest.mark.parametrize("batch_bytes", [1, 262_144])
def test_a_bad_line_takes_no_good_one_along(read, bad, separator, batch_bytes):
    for place in (0, 2, 4):
        lines = [*ROWS[:place], bad, *ROWS[place:]]
        reading = read(separator.join(lines), batch_bytes=batch_bytes)
        if reading.info.container == "array":
            continue  # a lone bracket at the very beginning opens a list
        # Whether the comma after a broken row is its own, nobody can say: it stays.
        assert [row.rstrip(",") for row in rows(reading)] == [line.rstrip(",") for line in lines]
        assert reading.lines == [1, 2, 3, 4, 5]
        assert reading.unreadable == [place + 1]


def test_many_cut_off_lines(read):
    reading = read("\n".join(['{"messages": [', A] * 500))
    assert reading.counts == (500, 500)


@pytest.mark.parametrize("bad", [text for text in BROKEN + CUT_OFF[:6] if text not in ("}", "]}")])
@pytest.mark.parametrize("shape", ["[\n{}\n]", "[{}]", "[\n  {}\n]"])
def test_a_bad_element_takes_no_good_one_along(read, bad, shape):
    between = ",\n  " if "  " in shape else ",\n" if "\n" in shape else ", "
    for place in (1, 2, 3):
        elements = [*ROWS[:place], bad, *ROWS[place:]]
        reading = read(shape.replace("{}", between.join(elements)))
        assert set(ROWS) <= set(rows(reading)), bad
        assert len(reading.unreadable) >= 1


def test_a_bad_element_of_a_pretty_printed_list_is_one_record(read):
    for old, new in (('"user"', "'user'"), ('"content"', '"content'), ("}", "")):
        bad = PRETTY[1].replace(old, new, 1)
        reading = read("[\n" + ",\n".join([PRETTY[0], bad, PRETTY[2], PRETTY[3]]) + "\n]")
        assert reading.counts == (3, 1)
        assert reading.lines[1] == 10


def test_a_broken_object_over_several_lines_is_one_record(read):
    for old, new in (('"user"', "'user'"), ('"content"', '"content')):
        bad = PRETTY[1].replace(old, new, 1)
        for between in ("\n", ",\n"):
            reading = read(between.join([PRETTY[0], bad, PRETTY[2], PRETTY[3]]))
            assert reading.counts == (3, 1)
            assert rows(reading)[1] == bad


def test_a_pretty_printed_object_that_is_cut_off_is_one_record(read):
    cut = "\n".join(PRETTY[1].split("\n")[:5])
    reading = read(PRETTY[0] + "\n" + cut)
    assert rows(reading) == [PRETTY[0], cut]
    assert reading.unreadable == [9]


def test_duplicate_keys_and_half_pairs_are_examples(read):
    text = '{"a": 1, "a": 2}\n{"a": "\\ud83d"}\n{"a": ' + "9" * 5000 + "}\n"
    reading = read(text + "...")
    assert reading.counts == (3, 1)
    assert rows(reading) == [*text.split("\n")[:3], "..."]


def test_very_long_lines(read):
    long = json.dumps({"messages": "ab" * 1_000_000})
    for text in (f"{A}\n{long}\n{B}", f"[{A}, {long}, {B}]", f"[\n{A},\n{long},\n{B}\n]"):
        assert rows(read(text)) == [A, long, B]


@pytest.mark.parametrize("shape", ["{}", "[{}]", "[\n{}\n]"])
def test_what_never_ends_is_left_out_and_told(read, short_limit, shape):
    long = '{"messages": "' + "ab" * 20_000
    reading = read(shape.replace("{}", f"{A}\n{long}"), batch_bytes=1_000)
    assert A in rows(reading)
    assert max(map(len, rows(reading))) < 15_000
    assert "record_too_long" in {code for _line, code in reading.problems}


def test_marks_of_files_that_were_put_together(read):
    reading = read(f"\ufeff{A}\n\ufeff{B}\n")
    assert rows(reading) == [A, B]
    assert reading.problems == [(1, "byte_order_mark"), (2, "byte_order_mark")]


def test_what_holds_no_records(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(bytes(range(256)) * 64)
    with pytest.raises(UserError, match="no JSON records"):
        next(read_batches(path, inspect_file(path)))


def test_a_file_that_is_gone(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(TEXT)
    info = inspect_file(path)
    path.unlink()
    for call in (lambda: next(read_batches(path, info)), lambda: inspect_file(path)):
        with pytest.raises(UserError, match="cannot be opened"):
            call()


BLOCK = 32
PIECES = [
    '{"messages": [{"role": "user", "content": "Is the library open?"}]}',
    '{"messages": []}',
    '{"messages": [',
    "  ]}",
    "{oops",
    "[1, 2]",
    "",
    "   ",
    ",",
    '{"a": 1},',
    '{"content": "Ärger 🙂"}',
    "no JSON at all",
    "x" * 700,
]
ENDS = ["\n", "\n", "\r\n", "\r"]


def in_parts(info):
    """What stands in a file, read in parts and put together, and how many parts were used."""
    parts = file_ranges(info, BLOCK)
    found, used = [], 0
    place, lines = parts[0].begin(), 0
    for part in parts:
        begin = part.begin()
        if begin != place:
            break
        reader = RangeReader(info.path, begin, part.end, BLOCK)
        found += rows_of_parts(reader.batches(), lines)
        place, lines, used = reader.reached, lines + reader.lines, used + 1
    if used < len(parts):
        found += rows_of_parts(RangeReader(info.path, place, LAST, BLOCK).batches(), lines)
    return found, used


def rows_of_parts(batches, offset=0):
    """The records and problems of batches, each with its line."""
    found = []
    for batch in batches:
        found += [(line + offset, problem.code) for line, problem in batch.problems if line]
        found += [
            (line + offset, text) for line, text in zip(batch.lines, batch.texts, strict=True)
        ]
    return found


def whole(info):
    """What stands in a file, read from beginning to end."""
    found = rows_of_parts(read_batches(info.path, info, BLOCK))
    of_file = [(line, problem.code) for line, problem in file_problems(info) if line]
    return found[len(of_file) :]


@given(
    lines=st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(ENDS)), max_size=40),
    mark=st.sampled_from([b"", b"\xef\xbb\xbf"]),
    end=st.sampled_from(["", '{"last": 1}']),
)
def test_parts_hold_the_same_records_as_the_whole(tmp_path_factory, lines, mark, end):
    file = tmp_path_factory.mktemp("parts") / "odd.jsonl"
    first = '{"messages": [{"role": "user", "content": "Hello"}]}\n'
    file.write_bytes(mark + (first + "".join(a + b for a, b in lines) + end).encode())
    info = inspect_file(file)
    assert info.encoding == "utf-8"
    # How far is read ahead, and so what comes in one batch, depends on where reading began.
    assert sorted(in_parts(info)[0], key=str) == sorted(whole(info), key=str)


def test_plain_lines_are_read_in_parts_to_the_end(tmp_path):
    file = tmp_path / "plain.jsonl"
    file.write_bytes(b'{"messages": [1]}\n' * 200)
    info = inspect_file(file)
    found, used = in_parts(info)
    assert found == whole(info)
    assert len(found) == 200
    assert used == len(file_ranges(info, BLOCK)) > 10


# Each example overwrites the same file.
in_one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
SIZES = st.sampled_from([1, 5, 64, 262_144])
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
RECORD = st.fixed_dictionaries(
    {
        "messages": st.lists(
            st.fixed_dictionaries({"role": ANY_TEXT, "content": ANY_TEXT}),
            max_size=3,
        )
    },
    optional={"tools": st.lists(ANY_TEXT | st.integers() | st.none(), max_size=2)},
)
RECORDS = st.lists(RECORD, min_size=1, max_size=6)
CONTAINERS = {
    "lines": "\n".join,
    "lines with their end": lambda rows: "\n".join(rows) + "\n",
    "crlf": "\r\n".join,
    "blank lines": lambda rows: "\n\n" + "\n \n".join(rows),
    "commas": lambda rows: ",\n".join(rows) + ",\n",
    "list in one line": lambda rows: f"[{', '.join(rows)}]",
    "list over lines": lambda rows: "[\n" + ",\n".join(rows) + "\n]\n",
    "list, commas first": lambda rows: "[ " + "\n, ".join(rows) + "\n]\n",
    "glued": "".join,
    "in one line": " ".join,
}
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"]


@in_one_folder
@given(
    RECORDS, st.sampled_from(sorted(CONTAINERS)), st.booleans(), st.sampled_from(ENCODINGS), SIZES
)
def test_any_records_under_any_container(tmp_path, records, name, ascii_only, encoding, size):
    spelled = [json.dumps(record, ensure_ascii=ascii_only) for record in records]
    data = CONTAINERS[name](spelled).encode(encoding)
    reading = Reading(tmp_path / "a", data, size)
    assert [text.decode() for text in reading.texts] == spelled


@in_one_folder
@given(
    RECORDS,
    st.sampled_from(sorted(set(CONTAINERS) - {"lines with their end"})),
    st.sampled_from([0, 1, 4, "\t"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    SIZES,
)
def test_pretty_printed_records(tmp_path, records, name, indent, end, size):
    spelled = [json.dumps(record, indent=indent) for record in records]
    data = CONTAINERS[name](spelled).replace("\r", "").replace("\n", end)
    reading = Reading(tmp_path / "a", data.encode(), size)
    assert [text.decode() for text in reading.texts] == spelled


@in_one_folder
@given(st.lists(spelled_objects, min_size=1, max_size=5), SIZES)
def test_odd_spellings_go_through_byte_for_byte(tmp_path, objects, size):
    rows = [on_one_line(text).encode() for text in objects]
    data = b"\n".join(rows) + b"\n"
    reading = Reading(tmp_path / "a", data, size)
    assert reading.texts == rows
    with RecordWriter(tmp_path / "b") as writer:
        writer.write_all(reading.texts)
    assert (tmp_path / "b").read_bytes() == data


BAD = st.sampled_from(
    [
        "...",
        "{'messages': []}",
        '{"messages": [',
        '{"messages": [{"role": "user", "content": "a',
        '{"messages": [}',
        "=======",
        "null",
        '"',
        "{",
    ]
)


@in_one_folder
@example(
    [
        '{"messages": [{"role": "user", "content": "a',
        '{"tools": [], "messages": [{"role": "", "content": ""}]}',
        '{"messages": []}',
    ],
    1,
)
@given(st.lists(RECORD.map(json.dumps) | BAD, min_size=1, max_size=8), SIZES)
def test_bad_lines_among_good_ones(tmp_path, rows, size):
    rows = [json.dumps({"messages": []}), *rows, "..."]
    reading = Reading(tmp_path / "a", "\n".join(rows).encode(), size)
    assert [text.decode() for text in reading.texts] == rows
    assert reading.lines == list(range(1, len(rows) + 1))


def _without_blanks(data):
    return b"".join(data.replace(b"\xef\xbb\xbf", b"").split())


def survives(path, data, size):
    path.write_bytes(data)
    info = inspect_file(path)
    try:
        batches = list(read_batches(path, info, size))
    except UserError:
        assert not info.holds_records
        return
    for batch in batches:
        assert len(batch.lines) == len(batch.texts)
        assert batch.lines == sorted(batch.lines)
        for text in batch.texts:
            text.decode()
    if info.encoding == "utf-8":
        # Nothing but commas, brackets and blanks is left out.
        left = _without_blanks(data)
        for text in (text for batch in batches for text in batch.texts):
            left = left.replace(_without_blanks(text), b"", 1)
        is_text = not any(
            problem.code == "bytes_not_text" for b in batches for _, problem in b.problems
        )
        assert not is_text or not left.strip(b",[]")


@in_one_folder
@given(st.binary(max_size=200), SIZES)
def test_any_bytes_are_survived(tmp_path, data, size):
    survives(tmp_path / "a", data, size)


ANY_PIECES = st.sampled_from(
    [b'{"a":', b"}", b"[", b"]", b",", b"\n", b"\r", b'"', b'"b"', b"1", b" ", b"\\", b"'", b"{",
     b"\xff", b"\xc3", b"\xa4", b"\0", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"NaN", b":", b"\t"]
)  # fmt: skip


@settings(in_one_folder, max_examples=500)
@given(st.lists(ANY_PIECES, max_size=30).map(b"".join), SIZES)
def test_any_pieces_of_json_are_survived(tmp_path, data, size):
    survives(tmp_path / "a", data, size)


@in_one_folder
@given(RECORDS, st.sampled_from(sorted(CONTAINERS)), st.data())
def test_a_file_that_is_cut_anywhere(tmp_path, records, name, data):
    spelled = [json.dumps(record) for record in records]
    whole = CONTAINERS[name](spelled)
    reading = whole[: data.draw(st.integers(0, len(whole)))]
    path = tmp_path / "a"
    survives(path, reading.encode(), 64)


@pytest.fixture
def short_limit(monkeypatch):
    """A longest record of 10,000 bytes, in every reader."""
    for module in (json_lines, json_values, record_batch):
        monkeypatch.setattr(module, "LONGEST_RECORD", 10_000)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("place", [0, 1, 3])
@pytest.mark.parametrize("length", [12_500, 50_000])
def test_a_row_that_is_too_long_is_left_out_and_told(tmp_path, short_limit, end, place, length):
    rows = [f'{{"messages": [], "n": {number}}}' for number in range(3)]
    long = '{"messages": ["' + "word " * (length // 5) + '"]}'
    file = tmp_path / "long.jsonl"
    file.write_bytes("".join(row + end for row in (*rows[:place], long, *rows[place:])).encode())
    batches = list(read_batches(file, inspect_file(file), 1_000))
    assert [text.decode() for batch in batches for text in batch.texts] == rows
    lines = [line for batch in batches for line in batch.lines]
    assert lines == [number for number in range(1, 5) if number != place + 1]
    told = [each for batch in batches for each in batch.problems if each[0] is not None]
    assert [(line, problem.code) for line, problem in told] == [(place + 1, "record_too_long")]
    assert abs(told[0][1].parameters["bytes"] - len(long)) <= 2


def test_an_element_that_is_too_long_is_left_out_and_told(tmp_path, short_limit):
    rows = [f'{{"messages": [], "n": {number}}}' for number in range(3)]
    long = '{"messages": ["' + "word " * 10_000 + '"]}'
    file = tmp_path / "long.json"
    file.write_text("[" + ", ".join([rows[0], long, *rows[1:]]) + "]")
    batches = list(read_batches(file, inspect_file(file), 1_000))
    assert [text.decode() for batch in batches for text in batch.texts] == rows
    told = [problem.code for batch in batches for _line, problem in batch.problems]
    assert told.count("record_too_long") == 1
