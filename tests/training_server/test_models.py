"""Base models: the built-in one, folders of the user, and what cannot be fetched."""

import json
import struct

import openai
import pytest
from tests.training_server.conftest import chat_lines, upload, wait_for

HEAD = json.dumps({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
WHOLE = struct.pack("<Q", len(HEAD)) + HEAD + b"\0" * 8


@pytest.fixture
def models(tmp_path):
    """A folder with models, and with what is none."""
    folder = tmp_path / "models"
    for name in ("plain", "owner/nested", "owner/half.part", "bad name"):
        (folder / name).mkdir(parents=True)
        (folder / name / "config.json").write_text(json.dumps({"model_type": "llama"}))
        (folder / name / "model.safetensors").write_bytes(WHOLE)
    index = {"weight_map": {"a": "model.safetensors", "b": "absent.safetensors"}}
    for name, content in (("cut", WHOLE[:-1]), ("zeros", b"\0" * 80), ("parts", WHOLE)):
        (folder / name).mkdir()
        (folder / name / "config.json").write_text(json.dumps({"model_type": "llama"}))
        (folder / name / "model.safetensors").write_bytes(content)
    (folder / "parts" / "model.safetensors.index.json").write_text(json.dumps(index))
    for name, config in (("list", "[]"), ("deep", "[" * 100_000), ("latin", "é".encode("latin-1"))):
        (folder / name).mkdir()
        content = config if isinstance(config, bytes) else config.encode()
        (folder / name / "config.json").write_bytes(content)
        (folder / name / "model.safetensors").write_bytes(WHOLE)
    (folder / "pickled").mkdir()
    (folder / "pickled" / "config.json").write_text("{}")
    (folder / "pickled" / "pytorch_model.bin").write_bytes(b"\0")
    return folder


def test_only_whole_models_in_safetensors_are_offered(own_server, models):
    own_server.options = ("--models", str(models))
    client = own_server.start()
    names = [model.id for model in client.models.list()]
    assert names == ["tunedesk-starter", "owner/nested", "plain"]
    assert client.models.retrieve("owner/nested").id == "owner/nested"
    for name in (
        "pickled",
        "cut",
        "zeros",
        "parts",
        "list",
        "deep",
        "latin",
        "owner/half.part",
        "owner",
        "../models/plain",
        "/etc",
    ):
        with pytest.raises(openai.NotFoundError):
            client.models.retrieve(name)


def test_a_model_that_cannot_be_fetched_fails_the_job_with_a_reason(own_server, monkeypatch):
    """The hub is a closed port of this computer here: what is shown is how a failure is told."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
    own_server.options = ("--allow-download",)
    client = own_server.start()
    train = upload(client, chat_lines(10))
    job = client.fine_tuning.jobs.create(model="owner/name", training_file=train)
    job = wait_for(client, job.id, "failed")
    assert job.error.code == "model_not_fetched"
    assert job.error.param == "model"
    assert "owner/name cannot be fetched" in job.error.message


def test_nothing_is_fetched_unless_it_is_allowed(client):
    train = upload(client, chat_lines(10))
    with pytest.raises(openai.BadRequestError) as refusal:
        client.fine_tuning.jobs.create(model="owner/name", training_file=train)
    assert refusal.value.code == "model_not_found"
