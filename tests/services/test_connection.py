import os
import pickle
import subprocess
import sys

import openai
import pytest
from tests.services import fake_faults
from tests.services.conftest import connection_to, rows
from tests.services.memory_keyring import MemoryKeyring

from tunedesk.errors import UserError
from tunedesk.services.connect import connect
from tunedesk.services.connection import Connection
from tunedesk.services.keys import Key, Keys
from tunedesk.services.providers import provider_named


def test_jobs_are_made_once(openai_service):
    openai_service.fail("POST", "/fine_tuning/jobs", fake_faults.server_error(done=True), times=9)
    file = openai_service._keep("t.jsonl", rows(10), "fine-tune")
    with connection_to(openai_service).client() as client:
        assert client.max_retries == 0
        with pytest.raises(openai.InternalServerError):
            client.fine_tuning.jobs.create(model="gpt-4.1-2025-04-14", training_file=file)
    assert len(openai_service.jobs) == 1


def test_a_connection_shows_no_key():
    connection = Connection(
        provider_named("openai"), "https://api.openai.com/v1", Key("sk-x1", "keyring")
    )
    assert "sk-x1" not in repr(connection)
    assert pickle.loads(pickle.dumps(connection.key)).value == "sk-x1"
    assert connection.host == "api.openai.com"


def test_a_needed_key_is_asked_for_before_anything_is_sent():
    connection = connect(provider_named("openai"), "", Keys({}, MemoryKeyring()))
    assert connection.key is None
    with pytest.raises(UserError, match="OpenAI needs a key"):
        connection.client()


def test_a_key_is_not_sent_for_others_to_read_unless_the_user_says_so():
    keys = Keys({}, MemoryKeyring())
    address = "http://trainer.example:8000/v1"
    keys.keep(provider_named("custom"), address, "sk-custom")
    connection = connect(provider_named("custom"), address, keys)
    assert "trainer.example" in connection.warning
    with pytest.raises(UserError, match="others can read"):
        connection.client()
    with connect(provider_named("custom"), address, keys, plain_http=True).client() as client:
        assert str(client.base_url) == f"{address}/"
    assert connect(provider_named("custom"), "http://localhost:8000/v1", keys).warning == ""
    assert connect(provider_named("openai"), "", keys).warning == ""


def test_the_windows_start_waits_for_none_of_this():
    code = (
        "import sys, tunedesk.services.connection, tunedesk.services.connect, "
        "tunedesk.services.jobs_client, tunedesk.fine_tuning.code_snippets, "
        "tunedesk.fine_tuning.parse_job, tunedesk.fine_tuning.launch_settings\n"
        "slow = {'openai', 'httpx2', 'keyring', 'pydantic', 'numpy', 'PySide6', 'torch'}"
        "\nprint(sorted(slow & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout.strip() == "[]", done.stdout
