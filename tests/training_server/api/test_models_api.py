"""Deleting a tuned model: its name, its weights, and the memory that it has."""

import asyncio
import gc

import pytest
import torch
from starlette.requests import Request

from tunedesk.training_server.api.models import ModelEndpoints
from tunedesk.training_server.api.speaking import Speaking
from tunedesk.training_server.base_models import BaseModels
from tunedesk.training_server.model_names import ModelNames
from tunedesk.training_server.server_settings import ServerSettings
from tunedesk.training_server.store.job_store import NewJob
from tunedesk.training_server.store.stores import Stores
from tunedesk.training_server.token_stream import Parameters
from tunedesk.training_server.training.quiet import quiet
from tunedesk.training_server.training.starter import untrained_starter
from tunedesk.training_server.web.api_error import ApiError

NAME = "ft:tunedesk-starter:local::abcdefgh"
QUESTION = [{"role": "user", "content": "Hello"}]


@pytest.fixture
def names(tmp_path):
    stores = Stores.open(tmp_path)
    new = NewJob("tunedesk-starter", "supervised", {}, None, 1, None, None, "file-a", None)
    job = stores.jobs.add(new, NAME)
    stores.jobs.set(job.id, has_model=1)
    quiet()
    for part in untrained_starter():
        part.save_pretrained(stores.job_folder(job.id).model)
    yield ModelNames(stores, BaseModels(ServerSettings(tmp_path, "sk-test"), 0))
    stores.database.close()


def request():
    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": "DELETE", "headers": [], "path_params": {"name": NAME}}
    return Request(scope, receive)


def parameters_in_memory():
    gc.collect()
    return sum(type(thing) is torch.nn.Parameter for thing in gc.get_objects())


def test_a_deleted_model_leaves_memory_when_it_has_answered(names):
    speaking = Speaking(names, lambda: "cpu", lambda: None, lambda: 0)
    endpoints = ModelEndpoints(names, speaking.forget)
    before = parameters_in_memory()

    async def delete_while_it_answers():
        model = speaking.find(NAME)
        answer = speaking.chat(request(), model, QUESTION, None, Parameters(max_tokens=4))
        assert await anext(answer)
        assert (await endpoints.delete(request())).status_code == 200
        speaking.relieve()
        assert parameters_in_memory() > before
        assert len([token async for token in answer]) == 3

    asyncio.run(delete_while_it_answers())
    speaking.relieve()
    assert parameters_in_memory() == before
    with pytest.raises(ApiError, match="does not exist"):
        speaking.find(NAME)


def test_a_deleted_model_that_is_silent_leaves_memory_at_once(names):
    speaking = Speaking(names, lambda: "cpu", lambda: None, lambda: 0)
    endpoints = ModelEndpoints(names, speaking.forget)
    before = parameters_in_memory()

    async def ask_and_delete():
        model = speaking.find(NAME)
        answer = speaking.chat(request(), model, QUESTION, None, Parameters(max_tokens=2))
        assert [token async for token in answer]
        assert parameters_in_memory() > before
        await endpoints.delete(request())

    asyncio.run(ask_and_delete())
    assert parameters_in_memory() == before
