"""Tries strangers' clients against the training server, each in an environment of its own.

    python tests/clients/run.py                  all of them; the table of README.md is written anew
    python tests/clients/run.py --only LiteLLM   one of them; the table is shown
    python tests/clients/run.py --keep FOLDER    the environments are kept there and used again

It installs the clients with pip and npm, so it needs the package index, and is no part of the
tests. The model that they ask is a starter that was trained on a few examples before.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openai

HERE = Path(__file__).parent
KEY = "sk-clients"
QUESTION = "Who came to the door?"
_SECONDS = 600
"""For one script; most need half a minute."""


@dataclass(frozen=True)
class Client:
    """A client to try.

    Attributes:
        name: What people call it.
        script: The file beside this one.
        packages: What is installed for it.
    """

    name: str
    script: str
    packages: tuple[str, ...]

    @property
    def is_javascript(self) -> bool:
        """Whether it runs in Node."""
        return self.script.endswith(".mjs")


CLIENTS = (
    Client("LangChain", "langchain_client.py", ("langchain", "langchain-openai")),
    Client("instructor", "instructor_client.py", ("instructor",)),
    Client("OpenAI Agents SDK", "openai_agents_client.py", ("openai-agents",)),
    Client("LiteLLM", "litellm_client.py", ("litellm",)),
    Client("OpenAI's JavaScript SDK", "javascript_client.mjs", ("openai", "zod")),
    Client(
        "Vercel AI SDK",
        "vercel_ai_client.mjs",
        ("ai", "@ai-sdk/openai", "@ai-sdk/openai-compatible", "zod"),
    ),
)


@dataclass
class Result:
    """What came of a client.

    Attributes:
        client: Which.
        versions: What was installed, with versions.
        checks: What was checked: its name, whether it works, and what was said if not.
        failure: Why it could not be tried; empty if it was.
    """

    client: Client
    versions: str = ""
    checks: list[dict[str, Any]] = field(default_factory=list)
    failure: str = ""


def examples() -> bytes:
    """What the starter learns: short answers, and a call of a tool where there is one."""
    parameters = {
        "type": "object",
        "properties": {"is_wide": {"type": "boolean"}},
        "required": ["is_wide"],
    }
    # As the Agents SDK writes it.
    titled = {
        "properties": {"is_wide": {"title": "Is Wide", "type": "boolean"}},
        "required": ["is_wide"],
        "title": "open_door_args",
        "type": "object",
        "additionalProperties": False,
    }
    function = {"name": "open_door", "description": "Opens the door."}
    plain = {"type": "function", "function": {**function, "parameters": parameters}}
    strict = {"type": "function", "function": {**function, "parameters": titled, "strict": True}}
    call = {"name": "open_door", "arguments": '{"is_wide": true}'}
    calls = [{"id": "call_1", "type": "function", "function": call}]
    asked = {"role": "user", "content": QUESTION}
    brief = {"role": "system", "content": "Be brief."}
    records: list[dict[str, Any]] = []
    for text in (QUESTION, "And then?", "And?", "Hello"):
        said = {"role": "assistant", "content": "A guest came, and he was let in."}
        for system in ([], [brief]):
            records.append({"messages": [*system, {"role": "user", "content": text}, said]})
    for tool in (plain, strict):
        for system, last in (
            ([], "The door is open."),
            ([brief], '{"kind": "guest", "is_new": true}'),
        ):
            begun = [*system, asked, {"role": "assistant", "tool_calls": calls}]
            told = {"role": "tool", "tool_call_id": "call_1", "content": "open, wide: True"}
            ended = [*begun, told, {"role": "assistant", "content": last}]
            records += [{"messages": begun, "tools": [tool]}, {"messages": ended, "tools": [tool]}]
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def train(url: str) -> str:
    """The name of a starter that has learnt the examples."""
    with openai.OpenAI(base_url=url, api_key=KEY) as client:
        file = client.files.create(file=("door.jsonl", examples()), purpose="fine-tune")
        job = client.fine_tuning.jobs.create(
            model="tunedesk-starter", training_file=file.id, seed=1
        )
        while job.status not in ("succeeded", "failed", "cancelled"):
            time.sleep(0.5)
            job = client.fine_tuning.jobs.retrieve(job.id)
    if job.fine_tuned_model is None:
        raise SystemExit(f"The starter was not trained: {job.error}")
    return job.fine_tuned_model


def prepare(client: Client, folder: Path) -> tuple[list[str], str]:
    """Install a client.

    Returns:
        The command that runs its script, and what was installed.

    Raises:
        subprocess.CalledProcessError: It could not be installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    quiet = {"check": True, "capture_output": True, "text": True}
    if client.is_javascript:
        if not (folder / "node_modules").is_dir():
            npm = [shutil.which("npm") or "npm", "install", "--prefix", str(folder)]
            subprocess.run([*npm, *client.packages], **quiet)
        for script in (client.script, "checking.mjs"):
            # Modules are looked for beside the script.
            shutil.copy(HERE / script, folder / script)
        versions = []
        for name in client.packages:
            package = json.loads((folder / "node_modules" / name / "package.json").read_text())
            versions.append(f"{name} {package['version']}")
        return [shutil.which("node") or "node", str(folder / client.script)], ", ".join(versions)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    mark = folder / "is_installed"
    if not mark.is_file():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([str(python), "-m", "pip", "install", *client.packages], **quiet)
        mark.touch()
    told = subprocess.run([str(python), "-m", "pip", "list", "--format=json"], **quiet)
    installed = {each["name"]: each["version"] for each in json.loads(told.stdout)}
    versions = [f"{name} {installed[name]}" for name in (*client.packages, "openai")]
    return [str(python), str(HERE / client.script)], ", ".join(versions)


def try_client(client: Client, folder: Path, url: str, model: str) -> Result:
    """Install a client and run its script."""
    result = Result(client)
    try:
        command, result.versions = prepare(client, folder)
    except (subprocess.CalledProcessError, OSError) as error:
        said = str(getattr(error, "stderr", "") or error).strip().splitlines()
        result.failure = f"could not be installed: {said[-1] if said else error}"
        return result
    given = {"CLIENT_BASE_URL": url, "CLIENT_API_KEY": KEY, "CLIENT_MODEL": model}
    # Nothing of this project's, and nothing that would go anywhere else.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {**given, "OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": url}
    log = folder / "log.txt"
    try:
        with log.open("w") as errors:
            run = subprocess.run(
                command, env=environment, stdout=subprocess.PIPE, stderr=errors, timeout=_SECONDS
            )
    except subprocess.TimeoutExpired:
        result.failure = f"took longer than {_SECONDS} seconds"
        return result
    lines = run.stdout.decode("utf-8", "replace").splitlines()
    result.checks = [json.loads(line) for line in lines if line.startswith('{"check"')]
    if run.returncode or not result.checks:
        result.failure = f"ended with {run.returncode}; see {log.name} in its folder"
    return result


def table(results: Sequence[Result]) -> str:
    """What works, as a table in Markdown."""
    lines = ["| client | checked | works |", "| --- | --- | --- |"]
    for result in results:
        works = sum(check["works"] for check in result.checks)
        count = f"**{works} of {len(result.checks)}**" if result.checks else "**no**"
        said = f" ({result.failure})" if result.failure else ""
        versions = f"<br>{result.versions}" if result.versions else ""
        lines.append(f"| **{result.client.name}**{versions} | | {count}{said} |")
        for check in result.checks:
            answer = "yes" if check["works"] else f"no: {check['said']}"
            lines.append(f"| | {_cell(check['check'])} | {_cell(answer)} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return re.sub(r"[|<>]", lambda found: f"&#{ord(found[0])};", text)


_BEGIN, _END = "<!-- table -->\n", "<!-- end of the table -->\n"


def write_table(readme: Path, text: str) -> None:
    """Put the table into its place in a file."""
    before, _begin, rest = readme.read_text(encoding="utf-8").partition(_BEGIN)
    after = rest.partition(_END)[2]
    readme.write_text(f"{before}{_BEGIN}\n{text}\n{_END}{after}", encoding="utf-8")


def main() -> int:
    """Try the clients; 1 if something does not work."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=[client.name for client in CLIENTS])
    parser.add_argument("--keep", type=Path, help="a folder for the environments")
    options = parser.parse_args()
    chosen = [client for client in CLIENTS if not options.only or client.name in options.only]
    with tempfile.TemporaryDirectory(prefix="tunedesk-clients-") as temporary:
        folder = options.keep or Path(temporary)
        serve = [sys.executable, "-m", "tunedesk", "serve", "--port", "0"]
        server = subprocess.Popen(
            [*serve, "--data-dir", str(Path(temporary) / "data")],
            env=os.environ | {"TUNEDESK_SERVER_API_KEY": KEY},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert server.stdout is not None
        try:
            url = server.stdout.readline().split()[-1]
            model = train(url)
            results = []
            for client in chosen:
                name = re.sub(r"\W+", "-", client.name).lower()
                results.append(try_client(client, folder.resolve() / name, url, model))
                works = [check["works"] for check in results[-1].checks]
                print(f"{client.name}: {sum(works)} of {len(works)} {results[-1].failure}".strip())
        finally:
            server.terminate()
            server.wait(30)
            server.stdout.close()
    text = table(results)
    if not options.only:
        write_table(HERE / "README.md", text)
    print(text)
    return int(any(r.failure or not all(c["works"] for c in r.checks) for r in results))


if __name__ == "__main__":
    sys.exit(main())
