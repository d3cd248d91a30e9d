"""/v1/files by the openai SDK."""

import openai
import pytest
from tests.training_server.api.conftest import chat_lines, upload


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
