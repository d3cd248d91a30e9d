"""Ready pieces of code for using a tuned model; the key stands in none of them."""

import json
import re
import shlex
from typing import Any, NamedTuple

from tunedesk.fine_tuning.connection import NO_KEY, Connection
from tunedesk.i18n import _

_API_VERSION = "2024-10-01"
"""Of Azure's control plane, for deployments (facts 3.3)."""


class Deployment(NamedTuple):
    """The step that Azure asks for before a tuned model answers.

    Attributes:
        why: Why it is needed and what it costs, in plain words.
        az: The command for Azure's own tool.
        curl: The same without that tool's help, but for the access token.
    """

    why: str
    az: str
    curl: str


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
    lines = [f"curl {shlex.quote(f'{connection.base_url}/chat/completions')}"]
    if connection.key is not None:
        lines.append(f'  -H "Authorization: Bearer ${_variable(connection)}"')
    lines += ["  -H 'Content-Type: application/json'", f"  -d {_body(body)}"]
    return " \\\n".join(lines) + "\n"


def deployment(model: str, connection: Connection, name: str = "") -> Deployment | None:
    """The step before a tuned model can be used; None where there is none.

    Args:
        model: The tuned model's name, or a checkpoint's.
        connection: Where it is.
        name: What the deployment is to be called; empty: a name is made from the model's.
    """
    if not connection.provider.deployment:
        return None
    name = name or deployment_name(model)
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
    given = (f"  --{option} {shlex.quote(value)}" for option, value in options.items())
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
        " \\\n".join(["az cognitiveservices account deployment create", *given]) + "\n",
        " \\\n".join(
            [
                f"curl -X PUT {shlex.quote(address)}",
                f'  -H "Authorization: Bearer {token}"',
                "  -H 'Content-Type: application/json'",
                f"  -d {_body(body)}",
            ]
        )
        + "\n",
    )


def deployment_name(model: str) -> str:
    """A name for the deployment of a model: of letters, digits and hyphens, at most 64."""
    base, _dot, rest = model.partition(".ft-")
    suffix = rest[32:].lstrip("-")
    text = f"{base}-{suffix or rest[:8] or 'tuned'}"
    return re.sub(r"[^A-Za-z0-9-]+", "-", text).strip("-")[:64]


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
