"""Base models: the built-in one, folders of the user, and what cannot be fetched."""

import json
import os
import shutil
import struct
import unicodedata

import httpx2
import openai
import pytest
from tests.training_server.conftest import chat_lines, upload, wait_for

from tunedesk.training_server.models import BaseModels
from tunedesk.training_server.settings import ServerSettings

HEAD = json.dumps({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
WHOLE = struct.pack("<Q", len(HEAD)) + HEAD + b"\0" * 8


INDEX = {"weight_map": {"a": "model.safetensors", "b": "absent.safetensors"}}
DECOMPOSED = "cafe\u0301"


def write_model(folder, *left_out, **files):
    """A folder with a model; files are added, or written in place of others."""
    folder.mkdir(parents=True)
    whole = {"config.json": b"{}", "model.safetensors": WHOLE, "tokenizer.json": b"{}"}
    for name, content in (whole | files).items():
        if name not in left_out:
            (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def models(tmp_path):
    """A folder with models, and with what is none."""
    folder = tmp_path / "models"
    for name in ("plain", "owner/nested", "owner/half.part", "My Model (v2)", DECOMPOSED):
        write_model(folder / name)
    write_model(folder / "converted", "tokenizer.json", **{"vocab.json": b"", "merges.txt": b""})
    for name, content in (("cut", WHOLE[:-1]), ("zeros", b"\0" * 80), ("empty", b"")):
        write_model(folder / name, **{"model.safetensors": content})
    write_model(folder / "parts", **{"model.safetensors.index.json": json.dumps(INDEX).encode()})
    for name, config in (("list", b"[]"), ("deep", b"[" * 100_000), ("latin", b"\xe9")):
        write_model(folder / name, **{"config.json": config})
    write_model(folder / "no config", "config.json")
    pickle = {"pytorch_model.bin": b"\0"}
    write_model(folder / "pickled", "model.safetensors", **pickle)
    write_model(folder / "gguf", "model.safetensors", "config.json", **{"a.Q4.gguf": b"\0"})
    write_model(folder / "no weights", "model.safetensors")
    write_model(folder / "mute", "tokenizer.json")
    write_model(folder / "a:b")
    write_model(folder / "line\nbreak")
    (folder / "one.gguf").write_bytes(b"\0")
    # What lies beside the weights of a model is its own affair; other things are none of ours.
    write_model(folder / "plain" / "original", "model.safetensors", **pickle)
    (folder / "notes").mkdir()
    (folder / "notes" / "a.txt").write_text("a")
    for name, base in (
        ("adapter", folder / "plain"),
        ("foreign adapter", tmp_path / "elsewhere"),
        ("hub adapter", "meta-llama/Llama-3"),
        ("adapter to half", folder / "cut"),
        ("chain", folder / "adapter"),
    ):
        config = json.dumps({"base_model_name_or_path": str(base)}).encode()
        write_model(folder / name, "config.json", **{"adapter_config.json": config})
    write_model(tmp_path / "elsewhere")
    for name, base in (("zero byte", "/a\0b"), ("endless name", "/" + "a" * 9000), ("number", 3)):
        config = json.dumps({"base_model_name_or_path": base}).encode()
        write_model(folder / name, "config.json", **{"adapter_config.json": config})
    write_model(folder / "huge", **{"config.json": b'{"a":"' + b"x" * 10_000_000 + b'"}'})
    make = getattr(os, "mkfifo", os.mkdir)
    for name in ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"):
        # Whoever opens a pipe waits until somebody writes.
        make(write_model(folder / f"pipe for {name}", name) / name)
    (write_model(folder / "folder", "tokenizer.json") / "tokenizer.json").mkdir()
    (write_model(folder / "nowhere", "model.safetensors") / "model.safetensors").symlink_to("gone")
    return folder


OFFERED = [
    "My Model (v2)",
    "adapter",
    unicodedata.normalize("NFC", DECOMPOSED),
    "converted",
    "owner/nested",
    "plain",
]
LEFT_OUT = {
    "cut": "model.safetensors is damaged or not whole",
    "zeros": "model.safetensors is damaged or not whole",
    "empty": "model.safetensors is damaged or not whole",
    "parts": "absent.safetensors of its weights are missing",
    "list": "its config.json cannot be read, or is not an object",
    "deep": "its config.json cannot be read, or is not an object",
    "latin": "its config.json cannot be read, or is not an object",
    "no config": "it has no config.json",
    "pickled": "its weights (pytorch_model.bin) are pickles, which may hold programs",
    "gguf": "its weights (a.Q4.gguf) are GGUF",
    "one.gguf": "a model is a folder",
    "no weights": "it has no weights (*.safetensors)",
    "mute": "it has no tokenizer.json",
    "a:b": "a colon in its name",
    "line�break": "characters that cannot be shown",
    "foreign adapter": "which is not among the models here",
    "hub adapter": "it is an adapter to “meta-llama/Llama-3”, which is not among the models here",
    "adapter to half": "which cannot be used: model.safetensors is damaged or not whole",
    "chain": "which is not among the models here",
    "zero byte": "it cannot be read (embedded null byte)",
    "endless name": "which is not among the models here",
    "number": "does not say which model it is an adapter to",
    "huge": "its config.json cannot be read, or is not an object",
    "pipe for config.json": "its config.json is not a file that can be read",
    "pipe for model.safetensors": "its model.safetensors is not a file that can be read",
    "pipe for tokenizer.json": "its tokenizer.json is not a file that can be read",
    "pipe for tokenizer_config.json": "its tokenizer_config.json is not a file that can be read",
    "folder": "its tokenizer.json is not a file that can be read",
    "nowhere": "its model.safetensors is not a file that can be read",
}


@pytest.mark.expects_log
def test_whole_models_are_offered_and_of_others_is_said_why_they_are_not(models, caplog):
    found = BaseModels(ServerSettings(models.parent / "data", "sk-test", models_dir=models), 0)
    assert [model.name for model in found.list()] == ["tunedesk-starter", *OFFERED]
    for _time in range(2):
        reasons = {each.name: each.reason for each in found.left_out()}
    assert reasons.keys() == LEFT_OUT.keys()
    for name, part in LEFT_OUT.items():
        assert part in reasons[name]
    assert len(caplog.records) == len(LEFT_OUT), "each is told once"
    caplog.clear()


def test_no_name_becomes_a_path(own_server, models):
    own_server.options = ("--models", str(models))
    client = own_server.start()
    names = [model.id for model in client.models.list()]
    assert names == ["tunedesk-starter", *OFFERED]
    for name in OFFERED:
        assert client.models.retrieve(name).id == name
    assert client.models.retrieve(DECOMPOSED).id == unicodedata.normalize("NFC", DECOMPOSED)
    for name in (*LEFT_OUT, "owner/half.part", "owner", "../models/plain", "/etc"):
        with pytest.raises(openai.NotFoundError):
            client.models.retrieve(name)
    machine = client.get("/tunedesk/machine", cast_to=httpx2.Response).json()
    assert {each["name"] for each in machine["left_out"]} == LEFT_OUT.keys()


def test_a_model_with_blanks_and_accents_in_its_name_is_trained_and_answers(
    own_server, tmp_path, base_folder
):
    shutil.copytree(base_folder("llama"), tmp_path / "bases" / "Mein schönes Modell, v2")
    own_server.options = ("--models", str(tmp_path / "bases"))
    client = own_server.start()
    name = "Mein schönes Modell, v2"
    job = client.fine_tuning.jobs.create(
        model=name,
        training_file=upload(client, chat_lines(10)),
        suffix="Größe 1",
        hyperparameters={"n_epochs": 1, "batch_size": 10},
    )
    job = wait_for(client, job.id, "succeeded")
    assert job.fine_tuned_model.startswith(f"ft:{name}:local:Größe-1:")
    assert client.models.retrieve(job.fine_tuned_model).id == job.fine_tuned_model
    for model in (name, job.fine_tuned_model):
        answer = client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": "Hello"}], max_tokens=2
        )
        assert answer.model == model


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
