"""Models: the list, deleting one with its weights and its memory; what the machine can train."""

import asyncio
import errno
import functools
import gc
import hashlib
import http.server
import json
import struct
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import openai
import psutil
import pytest
import torch
from starlette.requests import Request
from tests.training_server.conftest import KEY, chat_lines, told, upload, wait_for
from tests.training_server.test_serve import ask

from tunedesk.training_server.api.inference import Inference
from tunedesk.training_server.api.models import ModelEndpoints
from tunedesk.training_server.inference.inference_types import SamplingParams
from tunedesk.training_server.models import BaseModels, ModelNames
from tunedesk.training_server.settings import ServerSettings
from tunedesk.training_server.store.job_store import NewJob
from tunedesk.training_server.store.stores import Stores
from tunedesk.training_server.training.base_model import disable_progress_bars
from tunedesk.training_server.training.starter import train_tokenizer, untrained_starter
from tunedesk.training_server.web.responses import ApiError

NAME = "ft:tunedesk-starter:local::abcdefgh"
QUESTION = [{"role": "user", "content": "Hello"}]


@pytest.fixture
def names(tmp_path):
    stores = Stores.open(tmp_path)
    new = NewJob("tunedesk-starter", "supervised", {}, None, 1, None, None, "file-a", None)
    job = stores.jobs.add(new, NAME)
    stores.jobs.set(job.id, has_model=1)
    disable_progress_bars()
    for part in untrained_starter():
        part.save_pretrained(stores.job_folder(job.id).model)
    yield ModelNames(stores, BaseModels(ServerSettings(tmp_path, "sk-test"), 0))
    stores.database.close()


def request():
    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": "DELETE", "headers": [], "path_params": {"name": NAME}}
    return Request(scope, receive)


def test_of_several_who_delete_a_model_one_is_told_that_it_is_done(names):
    endpoints = ModelEndpoints(names, lambda _model: None)
    gate = threading.Barrier(4)

    def delete():
        gate.wait()
        try:
            return asyncio.run(endpoints.delete(request())).status_code
        except ApiError as refusal:
            return refusal.status

    with ThreadPoolExecutor(4) as pool:
        found = [pool.submit(delete) for _number in range(4)]
    assert sorted(each.result() for each in found) == [200, 404, 404, 404]


def test_a_model_can_be_deleted_on_a_full_disk(names, tmp_path, monkeypatch):
    (folder,) = (tmp_path / "jobs").glob("*/model")
    database = names._stores.database
    real = database.writing

    def writing():
        if folder.exists():
            raise OSError(errno.ENOSPC, "full")
        return real()

    monkeypatch.setattr(database, "writing", writing)
    assert names.delete(NAME)
    assert names.find(NAME) is None
    assert not names.delete(NAME)


def parameters_in_memory():
    gc.collect()
    return sum(type(thing) is torch.nn.Parameter for thing in gc.get_objects())


def test_a_deleted_model_leaves_memory_when_it_has_answered(names):
    inference = Inference(names, lambda: "cpu", lambda: None, lambda: 0)
    endpoints = ModelEndpoints(names, inference.forget)
    before = parameters_in_memory()

    async def delete_while_it_answers():
        model = inference.find(NAME)
        answer = inference.chat(request(), model, QUESTION, None, SamplingParams(max_tokens=4))
        assert await anext(answer)
        assert (await endpoints.delete(request())).status_code == 200
        inference.relieve()
        assert parameters_in_memory() > before
        assert len([token async for token in answer]) == 3

    asyncio.run(delete_while_it_answers())
    inference.relieve()
    assert parameters_in_memory() == before
    with pytest.raises(ApiError, match="does not exist"):
        inference.find(NAME)


def test_a_deleted_model_that_is_silent_leaves_memory_at_once(names):
    inference = Inference(names, lambda: "cpu", lambda: None, lambda: 0)
    endpoints = ModelEndpoints(names, inference.forget)
    before = parameters_in_memory()

    async def ask_and_delete():
        model = inference.find(NAME)
        answer = inference.chat(request(), model, QUESTION, None, SamplingParams(max_tokens=2))
        assert [token async for token in answer]
        assert parameters_in_memory() > before
        await endpoints.delete(request())

    asyncio.run(ask_and_delete())
    assert parameters_in_memory() == before


PATH = "/tunedesk/machine"


def write_model(folder, *shape):
    """A folder that looks like a model whose weights have this shape; they are not there."""
    folder.mkdir(parents=True)
    head = {"model.weight": {"dtype": "BF16", "shape": shape, "data_offsets": [0, 0]}}
    text = json.dumps(head | {"__metadata__": {"format": "pt"}}).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text)
    config = {"num_hidden_layers": 4, "hidden_size": 64, "vocab_size": 512}
    config |= {"model_type": "llama", "intermediate_size": 128, "num_attention_heads": 4}
    (folder / "config.json").write_text(json.dumps(config))
    train_tokenizer(()).save_pretrained(folder)


def test_the_machine_tells_its_memory_and_what_fits(own_server, tmp_path):
    write_model(tmp_path / "models" / "small", 1000, 100)
    write_model(tmp_path / "models" / "huge", 10**7, 10**5)
    own_server.options = ("--models", str(tmp_path / "models"))
    client = own_server.start()
    answer = client.get(PATH, cast_to=object)
    assert answer["object"] == "tunedesk.machine"
    assert answer["device"] in ("cpu", "cuda", "mps")
    assert 0 < answer["memory_free"] <= answer["memory_total"]
    if answer["device"] == "cpu":
        assert answer["memory_total"] == psutil.virtual_memory().total
    assert answer["disk_free"] > 0
    assert answer["may_download"] is False
    models = {model["id"]: model for model in answer["models"]}
    starter = models["tunedesk-starter"]
    assert starter["is_here"]
    assert starter["lora"] is None
    assert starter["full"]["fits"], starter
    assert models["small"]["parameters"] == 100_000
    assert models["small"]["lora"]["fits"]
    assert models["huge"]["is_here"]
    for verdict in (models["huge"]["lora"], models["huge"]["full"]):
        assert not verdict["fits"]
        assert "smaller base model" in verdict["reason"]
    listed = models["Qwen/Qwen3-0.6B"]
    assert not listed["is_here"]
    assert listed["full"]["memory"] > listed["lora"]["memory"] > 2e9
    assert listed["lora"]["disk"] > 1.5e9
    longer = client.get(PATH, cast_to=object, options={"params": {"tokens": 4000}})
    by_name = {model["id"]: model for model in longer["models"]}
    assert by_name["Qwen/Qwen3-0.6B"]["lora"]["memory"] > listed["lora"]["memory"]
    with pytest.raises(openai.BadRequestError) as refusal:
        client.get(PATH, cast_to=object, options={"params": {"tokens": 0}})
    assert refusal.value.param == "tokens"


def test_the_machine_is_told_to_nobody_without_the_key(server):
    status, body = ask(server.url + PATH)
    assert status == 401
    assert "memory_total" not in json.dumps(body)


def test_a_job_that_cannot_fit_fails_with_a_sentence_before_it_starts(own_server, tmp_path):
    write_model(tmp_path / "models" / "huge", 10**6, 10**5)
    own_server.options = ("--models", str(tmp_path / "models"))
    client = own_server.start()
    job = client.fine_tuning.jobs.create(model="huge", training_file=upload(client, chat_lines(10)))
    job = wait_for(client, job.id, "failed")
    assert job.error.code == "does_not_fit"
    assert job.error.param == "model"
    assert job.error.message.startswith("This training needs about 4")
    assert "smaller base model" in job.error.message
    assert not (own_server.data_dir / "jobs" / job.id / "log.txt").exists()


class Hub(http.server.BaseHTTPRequestHandler):
    """As much of the hub as fetching a model needs; its models lie in a folder."""

    def __init__(self, folder, asked, *given):
        self.folder, self.asked = folder, asked
        super().__init__(*given)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path = self.path.partition("?")[0]
        self.asked.append((self.command, path))
        if path.startswith("/api/models/"):
            name, _slash, kind = path.removeprefix("/api/models/").partition("/tiny")
            files = list(self.files(f"{name}/tiny"))
            if kind.startswith("/tree"):
                value = [{"type": "file", "path": f, "size": n, "oid": f} for f, n in files]
            else:
                siblings = [{"rfilename": file, "size": size} for file, size in files]
                value = {"id": f"{name}/tiny", "sha": "a" * 40, "siblings": siblings}
            self.answer(json.dumps(value).encode())
        else:
            name, _resolve, file = path.lstrip("/").partition(f"/resolve/{'a' * 40}/")
            self.answer((self.folder / name / file).read_bytes())

    def files(self, name):
        """The files of a model; the weights are said to be as large as the test wants."""
        for file in sorted((self.folder / name).iterdir()):
            said = self.folder / "sizes" if file.suffix == ".safetensors" else None
            yield file.name, int(said.read_text()) if said else file.stat().st_size

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", hashlib.sha1(body, usedforsecurity=False).hexdigest())
        self.send_header("X-Repo-Commit", "a" * 40)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_more):
        pass


@pytest.fixture
def hub(tmp_path, monkeypatch, base_folder):
    """A hub on this computer with one model, `owner/tiny`; what was asked of it."""
    folder = tmp_path / "hub"
    (folder / "owner").mkdir(parents=True)
    (folder / "owner" / "tiny").symlink_to(base_folder("llama"))
    (folder / "sizes").write_text(str((base_folder("llama") / "model.safetensors").stat().st_size))
    asked = []
    handler = functools.partial(Hub, folder, asked)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{serving.server_port}")
        monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
        yield folder, asked
        serving.shutdown()
        thread.join()


def test_a_model_is_fetched_and_trained_on(own_server, hub):
    own_server.options = ("--allow-download",)
    client = own_server.start()
    quick = {"n_epochs": 1, "batch_size": 10}
    job = client.fine_tuning.jobs.create(
        model="owner/tiny", training_file=upload(client, chat_lines(10)), hyperparameters=quick
    )
    job = wait_for(client, job.id, "succeeded")
    assert job.fine_tuned_model.startswith("ft:owner/tiny:local:")
    messages = [event.message for event in told(client, job.id)]
    assert "Fetching owner/tiny from the hub (0.0 GB)" in messages
    assert "owner/tiny" in [model.id for model in client.models.list()]
    fetched = own_server.data_dir / "models" / "owner" / "tiny"
    assert {path.name for path in fetched.iterdir()} >= {"config.json", "model.safetensors"}
    assert not list(fetched.parent.glob("*.part"))


def test_a_model_that_cannot_fit_is_not_fetched(own_server, hub):
    folder, asked = hub
    (folder / "sizes").write_text(str(400 * 10**12))
    own_server.options = ("--allow-download",)
    client = own_server.start()
    job = client.fine_tuning.jobs.create(
        model="owner/tiny", training_file=upload(client, chat_lines(10))
    )
    job = wait_for(client, job.id, "failed")
    assert job.error.code == "model_not_fetched"
    assert job.error.message.startswith("The disk has ")
    assert [path for _method, path in asked] == ["/api/models/owner/tiny"]
    assert KEY not in Path(own_server.data_dir, "server.sqlite3").read_bytes().decode("latin-1")
