"""Ready pieces of code for using a tuned model; the key stands in none of them."""

import json
import re
import shlex
from typing import Any, NamedTuple

from tunedesk.i18n import _
from tunedesk.project.run_records import Run, RunCheckpoint
from tunedesk.services.connection import NO_KEY, Connection

_API_VERSION = "2024-10-01"
"""Of Azure's control plane, for deployments (facts 3.3)."""


class Deployment(NamedTuple):
    """The step that some providers ask for before a tuned model answers.

    Attributes:
        why: Why it is needed and what it costs, in plain words.
        commands: The ways to do it, each with its title: a command for a terminal.
        name: The name by which the model is asked afterwards, as far as it is known before.
    """

    why: str
    commands: tuple[tuple[str, str], ...]
    name: str


def python(model: str, connection: Connection, system: str = "") -> str:
    """A program in Python that asks a model.

    Args:
        model: The model's name; at Azure the name of its deployment.
        connection: Where it is.
        system: The system message that the examples have: the model expects it.
    """
    key = NO_KEY if connection.key is None else f"os.environ[{_quoted(_variable(connection))}]"
    lines = [
        *([] if connection.key is None else ["import os", ""]),
        "from openai import OpenAI",
        "",
        "client = OpenAI(",
        f"    base_url={_quoted(connection.base_url)},",
        f"    api_key={_quoted(key) if connection.key is None else key},",
        ")",
        "answer = client.chat.completions.create(",
        f"    model={_quoted(model)},",
        "    messages=[",
        *(
            f'        {{"role": {_quoted(m["role"])}, "content": {_quoted(m["content"])}}},'
            for m in _messages(system)
        ),
        "    ],",
        ")",
        "print(answer.choices[0].message.content)",
    ]
    return "\n".join(lines) + "\n"


def curl(model: str, connection: Connection, system: str = "") -> str:
    """A command for a terminal (sh, bash, zsh) that asks a model.

    Args:
        model: The model's name; at Azure the name of its deployment.
        connection: Where it is.
        system: The system message that the examples have: the model expects it.
    """
    body = {"model": model, "messages": _messages(system)}
    parts = [f"curl {shlex.quote(f'{connection.base_url}/chat/completions')}"]
    if connection.key is not None:
        parts.append(f'-H "Authorization: Bearer ${_variable(connection)}"')
    return _lines(*parts, "-H 'Content-Type: application/json'", f"-d {_body(body)}")


def deployment(
    run: Run, connection: Connection, checkpoint: RunCheckpoint | None = None, name: str = ""
) -> Deployment | None:
    """The step before the tuned model of a run can be used; None where there is none.

    Args:
        run: A run that has succeeded.
        connection: Where it is.
        checkpoint: The checkpoint to be deployed; None: the tuned model, which at Nebius is the
            last checkpoint.
        name: What the deployment is to be called; empty: a name is made from the run's.
    """
    kind = connection.provider.deployment
    if not kind:
        return None
    name = name or deployment_name(run)
    if kind == "azure":
        model = checkpoint.model if checkpoint else run.fine_tuned_model
        return _at_azure(model, connection, name)
    return _at_nebius(run, connection, checkpoint, name)


def _at_azure(model: str, connection: Connection, name: str) -> Deployment:
    account = connection.host.split(".")[0]
    properties = {"model": {"format": "OpenAI", "name": model, "version": "1"}}
    body = {"sku": {"name": "standard", "capacity": 1}, "properties": properties}
    options = {
        "resource-group": "RESOURCE_GROUP",
        "name": account,
        "deployment-name": name,
        "model-format": "OpenAI",
        "model-name": model,
        "model-version": "1",
        "sku-name": "Standard",
        "sku-capacity": "1",
    }
    az = [f"--{option} {shlex.quote(value)}" for option, value in options.items()]
    address = (
        "https://management.azure.com/subscriptions/SUBSCRIPTION/resourceGroups/RESOURCE_GROUP"
        f"/providers/Microsoft.CognitiveServices/accounts/{account}/deployments/{name}"
        f"?api-version={_API_VERSION}"
    )
    token = "$(az account get-access-token --query accessToken --output tsv)"
    return Deployment(
        _(
            "At Azure a tuned model answers only after it has been deployed under a name of its "
            "own. A standard deployment costs money by the hour, used or not, until it is "
            "deleted. It is made with Azure's own tool, by someone who may do so there; put in "
            "the name of your resource group for RESOURCE_GROUP."
        ),
        (
            ("az", _lines("az cognitiveservices account deployment create", *az)),
            (
                "curl",
                _lines(
                    f"curl -X PUT {shlex.quote(address)}",
                    f'-H "Authorization: Bearer {token}"',
                    "-H 'Content-Type: application/json'",
                    f"-d {_body(body)}",
                ),
            ),
        ),
        name,
    )


def _at_nebius(
    run: Run, connection: Connection, checkpoint: RunCheckpoint | None, name: str
) -> Deployment:
    base = next(
        (m.inference_id for m in connection.provider.models if m.id == run.base_model),
        run.base_model,
    )
    source = f"{run.job_id}:{checkpoint.id if checkpoint else 'CHECKPOINT'}"
    # The control plane stands beside the API, not in it.
    address = f"{connection.base_url.removesuffix('/v1')}/v0/models"
    return Deployment(
        _(
            "At Nebius a tuned model answers only after it has been made a model of your own, "
            "from one of its checkpoints. The answer of this command tells the name by which it "
            "is asked."
        ),
        (
            (
                "curl",
                _lines(
                    f"curl -X POST {shlex.quote(address)}",
                    f'-H "Authorization: Bearer ${_variable(connection)}"',
                    "-H 'Content-Type: application/json'",
                    f"-d {_body({'name': name, 'base_model': base, 'source': source})}",
                ),
            ),
        ),
        "",
    )


def deployment_name(run: Run) -> str:
    """A name for the deployment of a run's model: of letters, digits and hyphens, at most 60."""
    text = re.sub(r"[^A-Za-z0-9]+", "-", run.name).strip("-")
    return (text or f"tunedesk-{run.key[:8]}")[:60]


def _lines(*parts: str) -> str:
    """A command over several lines."""
    return " \\\n  ".join(parts) + "\n"


def _messages(system: str) -> list[dict[str, str]]:
    question = {"role": "user", "content": _("Your question")}
    return [{"role": "system", "content": system}, question] if system else [question]


def _variable(connection: Connection) -> str:
    return connection.provider.key_variable or "API_KEY"


def _quoted(text: str) -> str:
    """The text as a literal of Python: one of JSON is one too."""
    return json.dumps(text)


def _body(value: Any) -> str:
    return shlex.quote(json.dumps(value, ensure_ascii=False))
