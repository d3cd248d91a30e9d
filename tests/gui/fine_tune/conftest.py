"""What the tests of the Fine-tune page share: projects with examples and runs in them."""

import datetime
import json

import pytest
from PySide6.QtWidgets import QVBoxLayout
from tests.services.fakes import FakeOther
from tests.services.memory_keyring import MemoryKeyring

from tunedesk.checks.checker import Checker
from tunedesk.fine_tuning.launch_preview import preview_launch
from tunedesk.fine_tuning.launch_settings import LaunchSettings
from tunedesk.gui.fine_tune.chart.loss_chart import LossChart
from tunedesk.gui.fine_tune.page import FineTunePage
from tunedesk.gui.fine_tune.run_work import RunWork
from tunedesk.gui.operations import Operations
from tunedesk.gui.page import PageContext
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery
from tunedesk.project.row_edits import NewExample
from tunedesk.project.run_records import Metric, RunCheckpoint, RunEvent, RunExample, RunFile
from tunedesk.services.keys import Keys
from tunedesk.services.providers import provider_named

QUESTIONS = [f"Question {number}?" for number in range(14)]
NOON = 1_790_000_000_000


def record(question, answer="Yes."):
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return json.dumps({"messages": messages}, ensure_ascii=False)


@pytest.fixture
def project(tmp_path):
    with Project.create(tmp_path / "Test.tunedesk", author="Ann") as made:
        yield made


@pytest.fixture
def add(project):
    """Adds examples with these questions, checked as an import checks them; returns their ids."""

    def add(*questions, state="approved"):
        checker = Checker(encoding=None)
        new = [
            NewExample(text.encode(), checker.check(text.encode()))
            for text in map(record, questions)
        ]
        return project.add_examples(new, state=state)

    return add


@pytest.fixture
def add_run(project):
    """Adds a run as it stands in the midst of training, or as the arguments say; returns it.

    It was launched on this computer, unless the arguments say otherwise.
    """

    def add_run(name="pharmacy-v1", *, here=True, **values):
        more = {
            "stage": "following",
            "status": "running",
            "job_id": f"ftjob-{name}",
            "job": {"hyperparameters": {"n_epochs": 3}},
            "training": RunFile("file-1", "a" * 64, 1000, 412),
            "validation": RunFile("file-2", "b" * 64, 300, 103),
            "step": 198,
            "total_steps": 309,
        } | values
        run = project.runs.add(
            name=name,
            provider=more.pop("provider", "local"),
            base_url=more.pop("base_url", "http://127.0.0.1:9/v1"),
            base_model=more.pop("base_model", "tunedesk-starter"),
            settings=more.pop("settings", {}),
            program_version="1",
            **more,
        )
        if here:
            item = project.work.add("launch", {"run": run.key})
            project.work.finish(item.uid, "done" if run.stage == "following" else "failed")
        return run

    return add_run


@pytest.fixture
def falling(project):
    """Gives a run figures that fall, a step a second."""

    def falling(run_id, steps=100, start=1, now=NOON):
        project.runs.add_metrics(
            run_id,
            [
                Metric(
                    step,
                    train_loss=3.0 / step + 0.5,
                    valid_loss=3.2 / step + 0.6 if step % 10 == 0 else None,
                    time=now - (steps - step) * 1000,
                )
                for step in range(start, steps + 1)
            ],
        )

    return falling


@pytest.fixture
def keys():
    return Keys({}, MemoryKeyring())


@pytest.fixture
def context(project, settings, background, feedback, actions, theme):
    """What the pages of a project work with."""
    operations = Operations(project=project, background=background, feedback=feedback)
    yield PageContext(project, settings, background, feedback, operations, actions, theme)
    operations.close()


@pytest.fixture
def work(context, keys, window, actions, background):
    work = RunWork(context, keys=keys, window=window, shown_query=ExampleQuery)
    actions.bind("finetune.new", work.new_run)
    yield work
    work.close()
    background.finish()


@pytest.fixture
def page(qtbot, context, background, work):
    page = FineTunePage(context, work)
    qtbot.addWidget(page)
    page.resize(1100, 700)
    page.show()
    page.restore({})
    yield page
    page.close_project()
    background.finish()


@pytest.fixture
def event():
    def event(number, message, level="info"):
        return RunEvent(f"ftevent-{number}", NOON + number * 1000, level, message)

    return event


@pytest.fixture
def checkpoint():
    def checkpoint(step):
        return RunCheckpoint(f"ftckpt-{step}", step, f"ft:starter:{step}", NOON, {})

    return checkpoint


@pytest.fixture
def chart(window, theme, feedback, qtbot):
    """An empty loss chart on the screen."""
    chart = LossChart(theme=theme, feedback=feedback)
    QVBoxLayout(window).addWidget(chart)
    window.resize(1000, 560)
    window.show()
    qtbot.waitExposed(window)
    return chart


@pytest.fixture
def frozen(project, add, add_run):
    """A run of three examples, the second of which was changed since, the third deleted."""
    ids = add("First?", "Second?", "Third?")
    version = "SELECT version_id FROM example WHERE id = ?"
    run = add_run("kept", settings={"provider": "local"})
    project.runs.set_examples(
        run.id,
        [
            RunExample("training", line, number, project.context.store.value(version, (number,)))
            for line, number in enumerate(ids, 1)
        ],
    )
    text = project.text(ids[1]).replace("Second?", "Changed?")
    project.set_text(ids[1], text, project.checker().check(text.encode()), "Edit")
    project.delete(ids[2:])
    return run, ids


@pytest.fixture
def service(monkeypatch):
    monkeypatch.setattr("tunedesk.fine_tuning.follow.FIRST_SECONDS", 0.02)
    monkeypatch.setattr("tunedesk.fine_tuning.launch.SEARCH_PAUSES", (0.0, 0.0))
    with FakeOther() as service:
        yield service
    assert service.problems == []


@pytest.fixture
def launch(project, add, keys, service, work):
    """Launches a run at the fake service."""
    add(*QUESTIONS)

    def launch(**settings):
        keys.keep(provider_named("custom"), service.url, service.key, True)
        chosen = LaunchSettings(
            provider="custom",
            base_url=service.url,
            base_model=service.models[0],
            name="night",
            **settings,
        )
        work.launching.launch(preview_launch(project, chosen, datetime.date(2026, 11, 24)))

    return launch
