"""Reading a file in parts: the same records as when it is read from beginning to end."""

from hypothesis import given
from hypothesis import strategies as st

from tunedesk.formats.file_range import LAST, RangeReader, file_ranges
from tunedesk.formats.inspect_file import inspect_file
from tunedesk.formats.records import file_problems, read_batches

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
        found += rows(reader.batches(), lines)
        place, lines, used = reader.place, lines + reader.lines, used + 1
    if used < len(parts):
        found += rows(RangeReader(info.path, place, LAST, BLOCK).batches(), lines)
    return found, used


def rows(batches, offset=0):
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
    found = rows(read_batches(info.path, info, BLOCK))
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
    assert in_parts(info)[0] == whole(info)


def test_plain_lines_are_read_in_parts_to_the_end(tmp_path):
    file = tmp_path / "plain.jsonl"
    file.write_bytes(b'{"messages": [1]}\n' * 200)
    info = inspect_file(file)
    found, used = in_parts(info)
    assert found == whole(info)
    assert len(found) == 200
    assert used == len(file_ranges(info, BLOCK)) > 10
