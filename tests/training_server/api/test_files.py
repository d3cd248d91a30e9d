"""/v1/files and /v1/uploads by the openai SDK."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest
from tests.training_server.conftest import chat_lines, upload


def test_a_file_comes_back_as_it_went(client):
    content = chat_lines(3) + b"\xff\x00 no text at all"
    made = client.files.create(file=("größe 中.jsonl", content), purpose="fine-tune")
    assert made.id.startswith("file-")
    assert made.filename == "größe 中.jsonl"
    assert made.bytes == len(content)
    assert made.status == "processed"
    assert client.files.retrieve(made.id) == made
    assert client.files.content(made.id).read() == content
    assert client.files.wait_for_processing(made.id) == made
    gone = client.files.delete(made.id)
    assert gone.deleted
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(made.id)
    with pytest.raises(openai.NotFoundError):
        client.files.delete(made.id)


def test_reading_while_others_delete_gives_the_whole_file_or_none(client):
    content = chat_lines(2000)

    def code(call, file_id):
        try:
            answer = call(file_id)
            return 200 if not hasattr(answer, "read") or answer.read() == content else 0
        except openai.APIStatusError as error:
            return error.status_code

    with ThreadPoolExecutor(8) as pool:
        for _round in range(10):
            file_id = upload(client, content)
            calls = [client.files.content] * 4 + [client.files.delete] * 4
            codes = list(pool.map(code, calls, [file_id] * 8))
            assert set(codes) <= {200, 404}
            assert codes[4:].count(200) == 1


def test_an_open_file_is_taken_under_its_name(client, tmp_path):
    path = tmp_path / "letters.jsonl"
    path.write_bytes(chat_lines(1))
    with path.open("rb") as file:
        made = client.files.create(file=file, purpose="fine-tune")
    assert made.filename == "letters.jsonl"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\secret\\a.jsonl", "a.jsonl"),
        ("a\nb.jsonl", "ab.jsonl"),
    ],
)
def test_a_name_never_becomes_a_path(client, given, kept):
    made = client.files.create(file=(given, b"x"), purpose="user_data")
    assert made.filename.replace("%0A", "") == kept


def test_the_list_goes_page_by_page(own_server):
    client = own_server.start()
    assert client.files.list().data == []
    ids = [upload(client, b"{}", f"{number}.jsonl") for number in range(5)]
    other = upload(client, b"{}", "x.txt", "user_data")
    assert [file.id for file in client.files.list()] == [other, *reversed(ids)]
    assert [file.id for file in client.files.list(limit=2, order="asc")] == [*ids, other]
    assert [file.id for file in client.files.list(limit=4, purpose="fine-tune")] == ids[::-1]
    page = client.files.list(limit=5, order="desc")
    assert page.has_more
    assert not client.files.list(limit=6).has_more
    with pytest.raises(openai.BadRequestError) as refusal:
        client.files.list(after="file-none")
    assert refusal.value.param == "after"


def test_an_expiry_is_kept_and_checked(client):
    made = client.files.create(
        file=("a.jsonl", b"{}"),
        purpose="fine-tune",
        expires_after={"anchor": "created_at", "seconds": 3600},
    )
    assert made.expires_at == made.created_at + 3600
    for seconds in (3599, 2_592_001):
        with pytest.raises(openai.BadRequestError) as refusal:
            client.files.create(
                file=("a.jsonl", b"{}"),
                purpose="fine-tune",
                expires_after={"anchor": "created_at", "seconds": seconds},
            )
        assert refusal.value.param == "expires_after.seconds"


@pytest.mark.parametrize("purpose", ["finetune", "evals", ""])
def test_a_purpose_that_is_none_is_refused(client, purpose):
    with pytest.raises(openai.BadRequestError) as refusal:
        client.files.create(file=("a.jsonl", b"{}"), purpose=purpose)
    assert refusal.value.param == "purpose"
    assert "fine-tune" in refusal.value.message


@pytest.mark.parametrize("limit", ["0", "10001", "x", "1.5", "-1", "", "٣"])
def test_a_limit_out_of_range_is_refused(client, limit):
    with pytest.raises(openai.BadRequestError) as refusal:
        client.files.list(extra_query={"limit": limit})
    assert refusal.value.param == "limit"


def begin(client, size, **more):
    return client.uploads.create(
        bytes=size, filename="big.jsonl", mime_type="application/jsonl", purpose="fine-tune", **more
    )


def test_parts_become_a_file_in_the_order_named(client):
    content = chat_lines(40)
    pieces = [content[:100], content[100:2000], content[2000:]]
    made = begin(client, len(content))
    assert made.status == "pending"
    assert made.expires_at == made.created_at + 3600
    backwards = [client.uploads.parts.create(made.id, data=piece).id for piece in reversed(pieces)]
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    done = client.uploads.complete(made.id, part_ids=backwards[::-1], md5=md5)
    assert done.status == "completed"
    assert client.files.content(done.file.id).read() == content
    assert client.files.retrieve(done.file.id) == done.file
    with pytest.raises(openai.BadRequestError, match="completed"):
        client.uploads.cancel(made.id)


def test_the_chunked_way_of_the_sdk(client):
    content = chat_lines(100)
    done = client.uploads.upload_file_chunked(
        file=content,
        filename="big.jsonl",
        bytes=len(content),
        mime_type="application/jsonl",
        purpose="fine-tune",
        part_size=1000,
    )
    assert client.files.content(done.file.id).read() == content


def test_what_does_not_add_up_is_refused_and_can_be_mended(client):
    made = begin(client, 10)
    part = client.uploads.parts.create(made.id, data=b"01234").id
    for part_ids in ([part], [part, part], ["part_none"], []):
        with pytest.raises(openai.BadRequestError) as refusal:
            client.uploads.complete(made.id, part_ids=part_ids)
        assert refusal.value.param == "part_ids"
    with pytest.raises(openai.BadRequestError, match="larger together"):
        client.uploads.parts.create(made.id, data=b"567890")
    rest = client.uploads.parts.create(made.id, data=b"56789").id
    with pytest.raises(openai.BadRequestError) as refusal:
        client.uploads.complete(made.id, part_ids=[part, rest], md5="0" * 32)
    assert refusal.value.param == "md5"
    done = client.uploads.complete(made.id, part_ids=[part, rest])
    assert client.files.content(done.file.id).read() == b"0123456789"


def test_a_cancelled_upload_is_over(client):
    made = begin(client, 5, expires_after={"anchor": "created_at", "seconds": 7200})
    client.uploads.parts.create(made.id, data=b"01234")
    assert client.uploads.cancel(made.id).status == "cancelled"
    with pytest.raises(openai.BadRequestError, match="cancelled"):
        client.uploads.parts.create(made.id, data=b"0")
    with pytest.raises(openai.NotFoundError):
        client.uploads.cancel("upload_none")


def test_sizes_out_of_range_are_refused(client):
    for size in (-1, 8 * 2**30 + 1):
        with pytest.raises(openai.BadRequestError) as refusal:
            begin(client, size)
        assert refusal.value.param == "bytes"
