"""What files are."""

import io
import json
import zipfile

import pytest

from tunedesk.errors import UserError
from tunedesk.formats.inspect_file import describe, inspect_file

CHAT = json.dumps({"messages": [{"role": "user", "content": "ä"}]}, ensure_ascii=False)


@pytest.fixture
def inspect(tmp_path):
    def inspect(data):
        path = tmp_path / "a.jsonl"
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        info = inspect_file(path)
        assert describe(info)
        assert info.size == path.stat().st_size
        return info

    return inspect


def workbook():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "file_format"),
    [
        (CHAT, "chat"),
        ("...\n" + CHAT, "chat"),
        ("{'messages': [{'role': 'user'}]}\n" * 3, "chat"),
        ('{"messages": [{"role": "user", "content": "' + "a" * 3_000_000 + '"}]}', "chat"),
        ('{"messages": [{"role": "user"}], "reference_answer": "x"}', "reinforcement"),
        ('{"meta": 1}\n{"meta": 2}\n' + CHAT, "chat"),
        ('{"input": {}, "preferred_output": [], "non_preferred_output": []}', "preference"),
        ('{"chosen": "a", "rejected": "' + "b" * 2_000_000 + '"}', "dpo"),
        ('{"prompt": "a", "completion": "b"}\n', "prompt_completion"),
        ('[{"conversations": [{"from": "human", "value": "a"}]}]', "sharegpt"),
        ('[{"instruction": "a", "output": "b"}]', "alpaca"),
        ('{"questions": 1}', "other"),
        ("42\nnull\n", "other"),
        ("# A title\n\nSome words.\n", "other"),
        ("", "empty"),
        (" \n\n", "empty"),
        ("name,text\na,b\nc,\"d, e\nf\"\n", "csv"),
        ("name;text\na;b\nc;d\n", "csv"),
        ("name\ttext\na\tb\n", "csv"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "git_lfs"),
        (b"PAR1\x15\x04", "parquet"),
        (workbook(), "xlsx"),
        (b"PK\x03\x04 something else", "binary"),
        (b"\x1f\x8b\x08\0", "binary"),
        (bytes(range(256)) * 4, "binary"),
    ],
)  # fmt: skip
def test_formats(inspect, data, file_format):
    assert inspect(data).format == file_format


def test_a_control_character_does_not_make_a_binary(inspect):
    assert inspect(CHAT.replace("ä", "a\0\x07")).format == "chat"


@pytest.mark.parametrize(
    ("data", "container"),
    [
        (f"{CHAT}\n{CHAT}\n", "jsonl"),
        (CHAT, "jsonl"),
        (f"[{CHAT}]", "array"),
        (f"[\n{CHAT},\n", "array"),
        (f'[{{"role": "user"}}]\n{CHAT}\n', "jsonl"),
        (json.dumps(json.loads(CHAT), indent=1), "over_lines"),
        (f"{CHAT}{CHAT}", "one_after_another"),
        (f"{CHAT}, {CHAT}\n", "one_after_another"),
        ("a,b\nc,d\n", "none"),
    ],
)
def test_containers(inspect, data, container):
    info = inspect(data)
    assert info.container == container
    assert info.holds_records == (container != "none")


@pytest.mark.parametrize(
    ("encoding", "name", "guessed", "bom"),
    [
        ("utf-8", "utf-8", False, False),
        ("utf-8-sig", "utf-8", False, True),
        ("utf-16", "utf-16-le", False, True),
        ("utf-16-be", "utf-16-be", True, False),
        ("utf-32", "utf-32-le", False, True),
        ("latin-1", "latin-1", True, False),
    ],
)
def test_encodings(inspect, encoding, name, guessed, bom):
    info = inspect(CHAT.encode(encoding))
    assert (info.encoding, info.encoding_guessed, info.bom) == (name, guessed, bom)
    assert info.format == "chat"


@pytest.mark.parametrize(("end", "name"), [("\n", "lf"), ("\r\n", "crlf"), ("\r", "cr")])
def test_line_ends(inspect, end, name):
    assert inspect(CHAT + end + CHAT).newline == name
    assert inspect(CHAT).newline == "none"


def test_a_pointer_of_git_lfs_says_how_to_get_the_data(inspect):
    info = inspect("version https://git-lfs.github.com/spec/v1\n")
    assert "git lfs pull" in describe(info)


def test_what_cannot_be_opened(tmp_path):
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(UserError):
            inspect_file(path)
