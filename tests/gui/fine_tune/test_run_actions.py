import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QPushButton
from tests.gui.fine_tune.conftest import QUESTIONS
from tests.gui.fine_tune.page_reading import dialog_of, only

from tunedesk.fine_tuning.launch_settings import LaunchSettings
from tunedesk.gui.fine_tune import run_actions
from tunedesk.gui.fine_tune.run_actions import RenameDialog
from tunedesk.project.run_records import RunExample


def test_rename(page, project, add_run, actions, qtbot):
    run = add_run("old")
    qtbot.waitUntil(lambda: page.view.details is not None)
    actions["run.rename"].trigger()
    dialog = dialog_of(RenameDialog, page)
    dialog.name.setText("  ")
    assert not dialog.save.isEnabled()
    dialog.name.setText("new <b>name</b>")
    QTest.keyClick(dialog.name, Qt.Key.Key_Return)
    assert project.runs.get(run.id).name == "new <b>name</b>"
    qtbot.waitUntil(lambda: page.view.head.name.text() == "new <b>name</b>")


def test_delete_the_model(launch, project, page, actions, service, qtbot, window):
    launch()
    qtbot.waitUntil(lambda: only(project) is not None and only(project).ended, timeout=20_000)
    page.run_actions.delete_model(only(project))
    qtbot.waitUntil(lambda: only(project).fine_tuned_model == "")
    assert only(project).training.file_id not in service.files


def test_result_files_are_saved(launch, project, page, service, qtbot, tmp_path):
    launch()
    qtbot.waitUntil(lambda: only(project) is not None and only(project).ended, timeout=20_000)
    folder = tmp_path / "results"
    folder.mkdir()
    page.run_actions.save_results(only(project), folder)
    qtbot.waitUntil(lambda: (folder / "night-results-1.csv").is_file())
    assert b"train_loss" in (folder / "night-results-1.csv").read_bytes()


@pytest.mark.parametrize("provider", ["local", "openai"])
def test_running_again_opens_the_page_with_the_same_settings(
    add, add_run, page, work, actions, qtbot, provider
):
    add(*QUESTIONS)
    models = {"local": "tunedesk-starter", "openai": "gpt-4.1-mini-2025-04-14"}
    settings = LaunchSettings(
        provider=provider, base_model=models[provider], name="night-v1", epochs=5
    )
    add_run(
        "night-v1",
        provider=provider,
        stage="ended",
        status="succeeded",
        settings=settings.to_json(),
    )
    launched = []
    work.launching.launch = lambda preview, **_more: launched.append(preview)
    qtbot.waitUntil(lambda: page.view.details is not None)
    assert page.view.head.again.text() == "Run again…"
    page.view.head.again.click()
    shown = work._dialog.settings
    assert (shown.provider, shown.base_model, shown.epochs) == (provider, models[provider], 5)
    qtbot.waitUntil(lambda: work._dialog.name.text() == "night-v2")
    assert launched == []


@pytest.mark.parametrize("provider", ["local", "openai"])
def test_a_tuned_model_is_trained_further_in_a_run_of_its_own(
    add, add_run, project, page, work, actions, qtbot, provider
):
    old = add(*QUESTIONS)
    model = {
        "local": "ft:tunedesk-starter:local:night-v1:abcd1234",
        "openai": "ft:gpt-4.1-mini-2025-04-14:me:night-v1:abcd1234",
    }[provider]
    settings = LaunchSettings(provider=provider, base_model="x", name="night-v1", lora_rank=4)
    values = {"stage": "ended", "status": "succeeded", "fine_tuned_model": model}
    run = add_run("night-v1", provider=provider, settings=settings.to_json(), **values)
    rows = project.rows(old)
    project.runs.set_examples(
        run.id,
        [RunExample("training", n, row.id, row.version_id) for n, row in enumerate(rows, 1)],
    )
    new = add(*(f"And what of night {n}?" for n in range(11)))
    qtbot.waitUntil(lambda: page.view.details is not None)
    qtbot.waitUntil(actions["run.train_further"].isEnabled)
    launched = []
    work.launching.launch = lambda preview, *_more: launched.append(preview.settings)
    actions["run.train_further"].trigger()
    dialog = work._dialog
    assert dialog.windowTitle() == "Train the model of “night-v1” further"
    qtbot.waitUntil(lambda: dialog.examples.unseen.isChecked())
    qtbot.waitUntil(lambda: dialog._estimate is not None)
    assert dialog.examples.unseen.count == 11
    assert dialog.settings.query.ids == tuple(new)
    assert dialog.settings.base_model == model
    assert dialog.models.row.title == "The tuned model of “night-v1”"
    assert dialog.settings.lora_rank is None
    qtbot.waitUntil(lambda: dialog.name.text() == "night-v2")
    held = dialog._estimate.preview.split
    assert {row.example_id for half in held for row in half} == set(new)
    if provider == "local":
        qtbot.waitUntil(dialog.start.isEnabled)
        dialog.start.click()
        assert launched[0].base_model == model
        # What is launched next begins with a base model again.
        assert work.last_settings().base_model == "tunedesk-starter"


def test_a_run_says_which_runs_it_goes_on_from(add_run, page, qtbot):
    add_run("first", stage="ended", status="succeeded", fine_tuned_model="ft:tunedesk-starter:a")
    add_run("second", base_model="ft:tunedesk-starter:a")
    qtbot.waitUntil(lambda: page.view.run is not None and page.view.run.name == "second")
    assert "trained further from “first”" in page.view.head.facts.text()


def test_going_on_says_what_has_been_changed_since(
    add, add_run, project, page, work, actions, context, monkeypatch, qtbot
):
    monkeypatch.setattr(work.following, "follow", lambda _run_id: None)
    ids = add(*QUESTIONS)
    run = add_run("night", status="paused")
    rows = project.rows(ids)
    project.runs.set_examples(
        run.id,
        [RunExample("training", n, row.id, row.version_id) for n, row in enumerate(rows, 1)],
    )
    project.delete(ids[:2])
    monkeypatch.setattr(run_actions.RunService, "resume", lambda *_given: None)
    told = []
    monkeypatch.setattr(context.feedback, "toast", lambda text, *_more, **_named: told.append(text))
    qtbot.waitUntil(actions["run.resume"].isEnabled)
    actions["run.resume"].trigger()
    qtbot.waitUntil(lambda: bool(told))
    assert told == [
        "2 of its examples have been changed since; the run goes on with what it began with."
    ]


@pytest.mark.parametrize(
    "query", [{"states": 5}, {"tokens": "x"}, {"search": 7}, 3, {"ids": ["a"]}]
)
def test_a_run_whose_stored_choice_is_odd_can_be_run_again(
    add, add_run, page, work, actions, qtbot, query
):
    add(*QUESTIONS)
    settings = LaunchSettings(name="night-v1").to_json() | {"query": query}
    add_run("night-v1", stage="ended", status="succeeded", settings=settings)
    qtbot.waitUntil(lambda: page.view.details is not None)
    actions["run.again"].trigger()
    qtbot.waitUntil(lambda: work._dialog._estimate is not None)


def test_stopping_a_run_asks_in_words_that_differ(add_run, page, actions, qtbot, window):
    add_run("night")
    qtbot.waitUntil(lambda: page.view.details is not None)
    actions["run.cancel"].trigger()
    (dialog,) = window.findChildren(QDialog)
    assert [button.text() for button in dialog.findChildren(QPushButton)] == [
        "Keep training",
        "Stop the run",
    ]
    dialog.reject()


@pytest.mark.parametrize(
    ("act", "title"),
    [
        ("run.pause", "Pausing “night”"),
        ("run.resume", "Resuming “night”"),
        ("run.cancel", "Stopping “night”"),
        ("delete", "Deleting the model of “night”"),
    ],
)
def test_what_is_asked_of_a_service_is_an_operation_that_can_be_stopped(
    act, title, add_run, project, page, work, actions, context, monkeypatch, qtbot
):
    """A service that does not answer is waited for in the status line, with Cancel."""
    asked = []

    def answer_never(_service, run_id, wait):
        asked.append(run_id)
        while True:
            wait(0.01)

    monkeypatch.setattr(work.following, "follow", lambda _run_id: None)
    for name in ("pause", "resume", "cancel", "delete_model"):
        monkeypatch.setattr(run_actions.RunService, name, answer_never)
    status = {"run.resume": "paused", "delete": "succeeded"}.get(act, "running")
    stage = "ended" if act == "delete" else "following"
    run = add_run("night", status=status, stage=stage, fine_tuned_model="ft:night")
    qtbot.waitUntil(lambda: page.view.run is not None and page.view.run.id == run.id)
    if act == "delete":
        page.run_actions.delete_model(run)
    elif act == "run.cancel":
        page.run_actions._ask("cancel", run.id)
    else:
        qtbot.waitUntil(actions[act].isEnabled)
        actions[act].trigger()
    (operation,) = context.operations.running
    assert operation.title == title
    qtbot.waitUntil(lambda: asked == [run.id])
    operation.cancel()
    qtbot.waitUntil(lambda: not operation.running)
    assert context.operations.running == []
