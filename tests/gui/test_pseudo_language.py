"""The window in a pseudo-language, every text longer and in brackets: nothing escapes or is cut."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from tests.fine_tuning.made_project import conversation

from tunedesk.fine_tuning.launch_settings import LaunchSettings
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery
from tunedesk.project.run_records import (
    Metric,
    RunCheckpoint,
    RunError,
    RunEvent,
    RunExample,
    RunFile,
)

SCRIPT = Path(__file__).with_name("pseudo_language_window.py")
NOON = 1_790_000_000_000


def longer(text):
    """A text in brackets, about 40 % longer; what is filled in stays."""
    more = max(2, round(len(text) * 0.4) - 2)
    return f"[{text}{' ~~~~~' * (more // 6)}{'~' * (more % 6)}]"


@pytest.fixture
def catalogues(tmp_path, monkeypatch):
    """A folder with all texts of the program in the pseudo-language."""
    monkeypatch.syspath_prepend(str(SCRIPT.parents[2] / "packaging"))
    import translations

    catalog = Catalog(locale="en")
    for message in translations.template():
        if isinstance(message.id, tuple):
            catalog.add(message.id, tuple(map(longer, message.id)))
        elif message.id:
            catalog.add(message.id, longer(message.id))
    path = tmp_path / "translations" / "en_XA" / "LC_MESSAGES" / "tunedesk.mo"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_mo(file, catalog)
    return tmp_path / "translations"


@pytest.fixture
def project_file(tmp_path):
    """A project with examples, problems, tags, a history and runs of every ending."""
    path = tmp_path / "data.tunedesk"
    with Project.create(path, author="data") as project:
        checker = project.checker()
        texts = [conversation(f"data {number}", f"data data-{number}") for number in range(14)]
        texts += [conversation("data-fix", " data "), conversation("data", "data")]
        texts.append('{"messages": [{"role": "user", "content": "data"}]}')
        texts.append('{"messages": [], "data": 1}')
        system = {"role": "system", "content": "data"}
        messages = json.loads(texts[0])["messages"]
        texts.append(json.dumps({"messages": [system, *messages]}))
        for text in reversed(texts):
            facts = checker.check(text.encode())
            project.add_example(text, facts, state="to_review")
        ids = list(project.first_ids(ExampleQuery(), 100))
        project.add_tag(ids[:3], "data")
        project.set_state(ids[:5], "approved")
        project.set_state(ids[5:7], "rejected")
        project.delete(ids[8:9])
        for number, values in enumerate(RUNS):
            add_run(project, f"data-{number}", **values)
    return path


RUNS = (
    {"status": "succeeded", "fine_tuned_model": "ft:tunedesk-starter:data"},
    {"status": "failed", "error": RunError("data", "data", "data")},
    {"status": "cancelled"},
    {
        "status": "succeeded",
        "fine_tuned_model": "ft:gpt-4.1:data",
        "provider": "openai",
        "base_url": "https://api.openai.com/v1",
    },
)


def add_run(project, name, **values):
    more = {
        "stage": "ended",
        "provider": "local",
        "base_url": "http://127.0.0.1:9/v1",
        "job_id": f"ftjob-{name}",
        "job": {"hyperparameters": {"n_epochs": 3}},
        "training": RunFile("file-1", "1" * 64, 1000, 12),
        "validation": RunFile("file-2", "2" * 64, 300, 3),
        "step": 60,
        "total_steps": 60,
        "finished_at": NOON + 100_000,
        "trained_tokens": 1000,
    } | values
    run = project.runs.add(
        name=name,
        base_model="tunedesk-starter",
        settings=LaunchSettings().to_json(),
        program_version="1",
        **more,
    )
    project.runs.add_metrics(
        run.id,
        [
            Metric(step, 3.0 / step + 0.5, 0.5, 3.2 / step + 0.6, 0.4, time=NOON + step * 1000)
            for step in range(1, 61)
        ],
    )
    project.runs.add_events(run.id, [RunEvent("ftevent-1", NOON, "info", "data")])
    rows = project.rows(list(project.first_ids(ExampleQuery(), 12)))
    examples = [RunExample("training", n, row.id, row.version_id) for n, row in enumerate(rows, 1)]
    project.runs.set_examples(run.id, examples)
    checkpoint = RunCheckpoint("ftckpt-1", 30, "ft:data", NOON, {})
    project.runs.set_checkpoints(run.id, [checkpoint])


@pytest.fixture
def found(catalogues, project_file, tmp_path):
    """What the walk through the window found."""
    return walk(catalogues, project_file, tmp_path)


def walk(catalogues, project_file, folder, size=(1280, 800)):
    """Walk through the window in a process of its own, on a screen of this size."""
    screen = {"name": "screen", "x": 0, "y": 0, "width": size[0], "height": size[1]}
    screens = folder / "screens.json"
    dots = {"logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1}
    screens.write_text(json.dumps({"screens": [screen | dots]}), encoding="utf-8")
    data = folder / "data-file.jsonl"
    rows = [conversation("data", "data"), "data", '{"messages": [{"role": "data"}]}', "[1]"]
    data.write_text("\n".join(rows), encoding="utf-8")
    command = [sys.executable, str(SCRIPT), str(catalogues), str(project_file), str(data)]
    environment = os.environ | {
        "QT_QPA_PLATFORM": f"offscreen:configfile={screens}",
        "PYTHONFAULTHANDLER": "1",  # a crash says where
    }
    ran = subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", timeout=300, env=environment
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


def dialogs():
    """The names of all dialogs of the program."""
    source = SCRIPT.parents[2] / "src" / "tunedesk" / "gui"
    texts = [path.read_text(encoding="utf-8") for path in source.rglob("*.py")]
    return {name for text in texts for name in re.findall(r"^class (\w+)\(Dialog\)", text, re.M)}


def test_every_text_can_be_translated_and_has_room(found):
    assert len(found["screens"]) > 60
    assert found["missed"] == []
    assert dialogs() - set(found["dialogs"]) == set()
    assert found["escaped"] == []
    assert found["cut"] == []
    assert found["faults"] == []


@pytest.mark.parametrize(
    ("dpi", "size"),
    [("144", (1280, 800)), ("96", (853, 533))],
    ids=["font half as large again", "scale of 150 %"],
)
def test_a_large_font_and_a_large_scale_have_room(project_file, tmp_path, monkeypatch, dpi, size):
    """On a screen of 1280x800."""
    monkeypatch.setenv("QT_FONT_DPI", dpi)
    found = walk("-", project_file, tmp_path, size)
    assert len(found["screens"]) > 60
    assert found["missed"] == []
    assert found["cut"] == []
