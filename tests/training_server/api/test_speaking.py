"""Who asks a model while a job has the device is told so, and does not wait."""

import asyncio

import pytest
from starlette.requests import Request

from tunedesk.training_server.api.speaking import Speaking
from tunedesk.training_server.base_models import BaseModels
from tunedesk.training_server.model_names import ModelNames
from tunedesk.training_server.server_settings import ServerSettings
from tunedesk.training_server.store.stores import Stores
from tunedesk.training_server.token_stream import Parameters
from tunedesk.training_server.web.api_error import ApiError

QUESTION = [{"role": "user", "content": "Hello"}]


@pytest.fixture
def names(tmp_path):
    stores = Stores.open(tmp_path)
    yield ModelNames(stores, BaseModels(ServerSettings(tmp_path, "sk-test"), 0))
    stores.database.close()


async def first_token(speaking):
    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    request = Request({"type": "http", "method": "POST", "headers": []}, receive)
    model = speaking.find("tunedesk-starter")
    answer = speaking.chat(request, model, QUESTION, None, Parameters(max_tokens=1))
    async for token in answer:
        await answer.aclose()
        return token
    return None


def test_a_device_that_a_job_needs_is_said_to_be_busy(names):
    speaking = Speaking(names, lambda: "cuda", lambda: "ftjob-one")
    with pytest.raises(ApiError, match="busy with the fine-tuning job ftjob-one") as refusal:
        asyncio.run(first_token(speaking))
    assert refusal.value.status == 503
    assert refusal.value.code == "device_busy"


def test_a_processor_is_shared_with_a_job(names):
    speaking = Speaking(names, lambda: "cpu", lambda: "ftjob-one")
    assert asyncio.run(first_token(speaking)) is not None
    speaking.unload()
