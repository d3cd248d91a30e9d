"""What holds for every file: nothing is lost, nothing crashes, the count is right."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.examples.strategies import spelled_objects
from tests.formats.reading import Reading

from tunedesk.errors import UserError
from tunedesk.examples.json_edit import on_one_line
from tunedesk.formats.inspect_file import inspect_file
from tunedesk.formats.read_records import read_batches
from tunedesk.formats.writers.jsonl import RecordWriter

# Each example overwrites the same file.
in_one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
SIZES = st.sampled_from([1, 5, 64, 262_144])
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
RECORD = st.fixed_dictionaries(
    {"messages": st.lists(st.fixed_dictionaries({"role": TEXT, "content": TEXT}), max_size=3)},
    optional={"tools": st.lists(TEXT | st.integers() | st.none(), max_size=2)},
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


PIECES = st.sampled_from(
    [b'{"a":', b"}", b"[", b"]", b",", b"\n", b"\r", b'"', b'"b"', b"1", b" ", b"\\", b"'", b"{",
     b"\xff", b"\xc3", b"\xa4", b"\0", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"NaN", b":", b"\t"]
)  # fmt: skip


@settings(in_one_folder, max_examples=500)
@given(st.lists(PIECES, max_size=30).map(b"".join), SIZES)
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
