import ast
import json
import os
import shlex
import subprocess
import sys
from dataclasses import replace

import pytest
from tests.services.conftest import connection_to

from tunedesk.fine_tuning import code_snippets
from tunedesk.project.run_records import Run, RunCheckpoint
from tunedesk.services.connection import Connection
from tunedesk.services.keys import Key
from tunedesk.services.providers import provider_named, providers

RUN = Run(
    id=1,
    key="0123abcd4567",
    name="Night library, v2",
    created_at=0,
    provider="azure",
    base_url="https://law.openai.azure.com/openai/v1",
    base_model="gpt-4.1-2025-04-14",
    job_id="ftjob-1",
    fine_tuned_model="gpt-4.1-2025-04-14.ft-0123456789abcdef0123456789abcdef-law",
)
SECRET = "sk-very-secret-0123456789"
HARD = 'It\'s "quoted", $HOME `x` \\ — 漢字\nand a line'


@pytest.mark.parametrize("name", providers())
def test_no_snippet_holds_the_key(name):
    connection = Connection(
        provider_named(name), "https://law.openai.azure.com/openai/v1", Key(SECRET, "this run")
    )
    step = code_snippets.deployment(RUN, connection)
    texts = [code_snippets.python("m", connection), code_snippets.curl("m", connection)]
    if step:
        texts += [step.why, *(text for command in step.commands for text in command)]
    assert all(SECRET not in text for text in texts)
    assert (step is not None) == (name in ("azure", "nebius"))


def test_the_python_snippet_runs_and_gets_an_answer(openai_service):
    service = openai_service
    connection = connection_to(service)
    text = code_snippets.python(service.models[0], connection, system=HARD)
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
    words = shlex.split(code_snippets.curl("ft:a:b::c", connection_to(openai_service), system=HARD))
    assert words[:2] == ["curl", f"{openai_service.url}/chat/completions"]
    assert "Authorization: Bearer $OPENAI_API_KEY" in words
    body = json.loads(words[words.index("-d") + 1])
    assert body["model"] == "ft:a:b::c"
    assert body["messages"][0]["content"] == HARD


def test_without_a_key_none_is_asked_for():
    connection = Connection(provider_named("custom"), "http://127.0.0.1:1/v1", None)
    assert "Authorization" not in code_snippets.curl("m", connection)
    ast.parse(text := code_snippets.python("m", connection))
    assert "environ" not in text


def test_azures_deployment():
    connection = Connection(provider_named("azure"), "https://law.openai.azure.com/openai/v1", None)
    step = code_snippets.deployment(RUN, connection)
    commands = {title: shlex.split(text) for title, text in step.commands}
    az, curl = commands["az"], commands["curl"]
    assert az[:5] == ["az", "cognitiveservices", "account", "deployment", "create"]
    assert az[az.index("--name") + 1] == "law"
    assert az[az.index("--model-name") + 1] == RUN.fine_tuned_model
    assert az[az.index("--deployment-name") + 1] == step.name == "Night-library-v2"
    assert "/accounts/law/deployments/Night-library-v2?" in curl[3]
    assert json.loads(curl[-1])["properties"]["model"]["name"] == RUN.fine_tuned_model
    assert "by the hour" in step.why
    point = RunCheckpoint("ftckpt_1", 8, "ftchkpt-abc")
    chosen = code_snippets.deployment(RUN, connection, point, name="mine")
    assert "--model-name ftchkpt-abc" in chosen.commands[0][1]
    assert chosen.name == "mine"


def test_nebius_makes_a_model_of_a_checkpoint():
    connection = Connection(
        provider_named("nebius"), "https://api.tokenfactory.nebius.com/v1", Key(SECRET, "this run")
    )
    run = replace(RUN, base_model="meta-llama/Llama-3.1-8B-Instruct")
    step = code_snippets.deployment(run, connection, RunCheckpoint("ftckpt_1", 8, "m"))
    curl = shlex.split(step.commands[0][1])
    assert curl[3] == "https://api.tokenfactory.nebius.com/v0/models"
    assert json.loads(curl[-1]) == {
        "name": "Night-library-v2",
        "base_model": "meta-llama/Meta-Llama-3.1-8B-Instruct",
        "source": "ftjob-1:ftckpt_1",
    }


def test_a_deployment_always_has_a_name():
    assert code_snippets.deployment_name(replace(RUN, name="夜の図書館")) == "tunedesk-0123abcd"
    assert len(code_snippets.deployment_name(replace(RUN, name="a" * 99))) == 60
