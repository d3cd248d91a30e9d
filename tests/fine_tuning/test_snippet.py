import ast
import json
import os
import shlex
import subprocess
import sys

import pytest
from tests.fine_tuning.conftest import connection_to

from tunedesk.fine_tuning import snippet
from tunedesk.fine_tuning.connection import Connection
from tunedesk.fine_tuning.keys import Key
from tunedesk.fine_tuning.providers import provider, providers

SECRET = "sk-very-secret-0123456789"
HARD = 'It\'s "quoted", $HOME `x` \\ — 漢字\nand a line'


@pytest.mark.parametrize("name", providers())
def test_no_snippet_holds_the_key(name):
    connection = Connection(
        provider(name), "https://law.openai.azure.com/openai/v1", Key(SECRET, "this run")
    )
    step = snippet.deployment("gpt-4.1.ft-" + "a" * 32 + "-law", connection)
    texts = [snippet.python("m", connection), snippet.curl("m", connection), *(step or ())]
    assert all(SECRET not in text for text in texts)
    assert (step is not None) == (name == "azure")


def test_the_python_snippet_runs_and_gets_an_answer(openai_service):
    service = openai_service
    connection = connection_to(service)
    text = snippet.python(service.models[0], connection, system=HARD)
    done = subprocess.run(
        [sys.executable, "-c", text],
        env=os.environ | {"OPENAI_API_KEY": service.key},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == service.reply
    assert service.requests[-1].json["messages"][0] == {"role": "system", "content": HARD}


def test_the_curl_snippet_says_the_same(openai_service):
    words = shlex.split(snippet.curl("ft:a:b::c", connection_to(openai_service), system=HARD))
    assert words[:2] == ["curl", f"{openai_service.url}/chat/completions"]
    assert "Authorization: Bearer $OPENAI_API_KEY" in words
    body = json.loads(words[words.index("-d") + 1])
    assert body["model"] == "ft:a:b::c"
    assert body["messages"][0]["content"] == HARD


def test_without_a_key_none_is_asked_for():
    connection = Connection(provider("custom"), "http://127.0.0.1:1/v1", None)
    assert "Authorization" not in snippet.curl("m", connection)
    ast.parse(text := snippet.python("m", connection))
    assert "environ" not in text


def test_azures_deployment():
    model = "gpt-4.1-2025-04-14.ft-0123456789abcdef0123456789abcdef-night-library"
    connection = Connection(provider("azure"), "https://law.openai.azure.com/openai/v1", None)
    step = snippet.deployment(model, connection)
    az = shlex.split(step.az)
    assert az[:5] == ["az", "cognitiveservices", "account", "deployment", "create"]
    assert az[az.index("--name") + 1] == "law"
    assert az[az.index("--model-name") + 1] == model
    assert az[az.index("--deployment-name") + 1] == "gpt-4-1-2025-04-14-night-library"
    curl = shlex.split(step.curl)
    assert "/accounts/law/deployments/gpt-4-1-2025-04-14-night-library?" in curl[3]
    assert json.loads(curl[-1])["properties"]["model"]["name"] == model
    assert "by the hour" in step.why
