"""/v1/uploads by the openai SDK."""

import hashlib

import openai
import pytest
from tests.training_server.api.conftest import chat_lines


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
