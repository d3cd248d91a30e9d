"""Who asks a model while a job has the device is told so, and does not wait."""

import asyncio
import shutil
import threading
import time

import openai
import psutil
import pytest
from starlette.requests import Request
from tests.training_server.conftest import chat_lines, upload

from tunedesk.training_server.api.inference import Inference
from tunedesk.training_server.inference.inference_types import SamplingParams
from tunedesk.training_server.models import BaseModels, ModelNames
from tunedesk.training_server.settings import ServerSettings
from tunedesk.training_server.store.stores import Stores
from tunedesk.training_server.web.responses import ApiError

QUESTION = [{"role": "user", "content": "Hello"}]


@pytest.fixture
def names(tmp_path):
    stores = Stores.open(tmp_path)
    yield ModelNames(stores, BaseModels(ServerSettings(tmp_path, "sk-test"), 0))
    stores.database.close()


def request():
    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    return Request({"type": "http", "method": "POST", "headers": []}, receive)


def stream(inference, name, tokens, messages=QUESTION):
    model = inference.find(name)
    return inference.chat(request(), model, messages, None, SamplingParams(max_tokens=tokens))


async def first_token(inference, name="tunedesk-starter", messages=QUESTION):
    answer = stream(inference, name, 1, messages)
    async for token in answer:
        await answer.aclose()
        return token
    return None


def test_a_device_that_a_job_needs_is_said_to_be_busy(names):
    inference = Inference(names, lambda: "cuda", lambda: "ftjob-one", lambda: 0)
    with pytest.raises(ApiError, match="busy with the fine-tuning job ftjob-one") as refusal:
        asyncio.run(first_token(inference))
    assert refusal.value.status == 503
    assert refusal.value.code == "device_busy"


def test_a_processor_is_shared_with_a_job(names):
    inference = Inference(names, lambda: "cpu", lambda: "ftjob-one", lambda: 0)
    assert asyncio.run(first_token(inference)) is not None
    inference.unload()


def test_the_memory_that_a_job_is_about_to_take_is_left_to_it(names, tmp_path, base_folder):
    """A real model folder; only what the job is going to need is pretended."""
    shutil.copytree(base_folder("llama"), tmp_path / "models" / "base")
    promised = psutil.virtual_memory().total
    inference = Inference(names, lambda: "cpu", lambda: "ftjob-one", lambda: promised)
    with pytest.raises(ApiError, match="beside the fine-tuning job") as refusal:
        asyncio.run(first_token(inference, "base"))
    assert (refusal.value.status, refusal.value.code) == (503, "device_busy")
    assert refusal.value.param == "model"
    assert refusal.value.headers == {"x-should-retry": "false"}


def test_models_are_unloaded_when_memory_becomes_short(names, caplog):
    promised = 0
    inference = Inference(names, lambda: "cpu", lambda: None, lambda: promised)

    async def ask():
        answer = stream(inference, "tunedesk-starter", 9)
        await anext(answer)
        inference.relieve()
        assert await anext(answer)
        nonlocal promised
        promised = psutil.virtual_memory().total
        inference.relieve()
        with pytest.raises(ApiError, match="unloaded because its memory is needed") as refusal:
            await anext(answer)
        assert (refusal.value.status, refusal.value.code) == (503, "model_unloaded")

    with caplog.at_level("WARNING"):
        asyncio.run(ask())
    assert "Memory is short" in caplog.text
    caplog.clear()


def test_what_is_at_fault_is_named(names):
    inference = Inference(names, lambda: "cpu", lambda: None, lambda: 0)
    long = [{"role": "user", "content": "a" * 9000}]
    with pytest.raises(ApiError, match="maximum context length") as refusal:
        asyncio.run(first_token(inference, messages=long))
    assert (refusal.value.param, refusal.value.code) == ("messages", "context_length_exceeded")

    async def go_on():
        model = inference.find("tunedesk-starter")
        await anext(inference.complete(request(), model, "a" * 9000, SamplingParams()))

    with pytest.raises(ApiError, match="maximum context length") as refusal:
        asyncio.run(go_on())
    assert refusal.value.param == "prompt"
    inference.unload()


LOOP = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"


def test_templates_that_never_end_hold_up_neither_others_nor_the_end(own_server, base_folder):
    """Eight chats whose template loops: small requests are quick, and SIGTERM ends it in time."""
    models = own_server.data_dir.parent / "models"
    shutil.copytree(base_folder("llama"), models / "loop")
    (models / "loop" / "chat_template.jinja").write_text(LOOP)
    own_server.options = ("--models", str(models))
    client = own_server.start()
    found = []

    def chat():
        try:
            client.chat.completions.create(
                model="loop", messages=[{"role": "user", "content": "Hi"}], timeout=120
            )
        except openai.APIStatusError as error:
            found.append((error.status_code, error.code))

    threads = [threading.Thread(target=chat) for _number in range(8)]
    for thread in threads:
        thread.start()
    # Until the model is loaded and the first template runs.
    for thread in threads:
        thread.join(12 / len(threads))
    begun = time.monotonic()
    with pytest.raises(openai.BadRequestError):
        client.fine_tuning.jobs.create(model="none", training_file="file-none")
    assert upload(client, chat_lines(1)).startswith("file-")
    quick = time.monotonic() - begun
    begun = time.monotonic()
    own_server.process.terminate()
    assert own_server.process.wait(30) == 0
    ended = time.monotonic() - begun
    own_server.process.stdout.close()
    for thread in threads:
        thread.join()
    client.close()
    assert quick < 5
    assert ended < 8
    assert len(found) == 8
    assert set(found) <= {(503, "server_stopping"), (400, "messages_refused")}
