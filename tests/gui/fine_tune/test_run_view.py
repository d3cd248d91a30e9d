"""What a run shows: failure in plain words, links to examples as they were, names, lists."""

import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QPushButton

from tunedesk.gui.fine_tune.compare_dialog import CompareRunsDialog
from tunedesk.gui.fine_tune.run_actions import RenameDialog
from tunedesk.gui.fine_tune.run_dataset import (
    RunDatasetDialog,
    RunDatasetModel,
    messages_of,
    preview_of,
)
from tunedesk.gui.widgets.labels import Label
from tunedesk.project.run_records import RunError, RunExample

TESTER = QAbstractItemModelTester.FailureReportingMode.Warning


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


def links(widget):
    return {b.text(): b for b in widget.findChildren(QPushButton) if b.property("kind") == "link"}


def dialog_of(kind, window):
    return next(iter(window.findChildren(kind)), None)


def test_failure_says_why_and_leads_to_the_example(page, project, frozen, qtbot):
    run, _ids = frozen
    error = RunError("invalid_training_file", "Line 2, message 1: the content is missing.")
    project.runs.update(run.id, stage="ended", status="failed", error=error)
    qtbot.waitUntil(lambda: page.view.failure.isVisible())
    assert "cannot read an example" in page.view.failure.sentence.text()
    assert page.view.failure.detail.text() == error.message
    assert not page.view.chart.isVisible()
    links(page.view.failure)["Line 2, message 1"].click()
    dialog = dialog_of(RunDatasetDialog, page)
    assert dialog.list.currentIndex().row() == 1
    shown = [label.text() for label in dialog.findChildren(Label) if label.isVisible()]
    assert "Second?" in shown
    assert "Changed?" not in shown
    assert any("has been changed since" in text for text in shown)
    dialog.accept()


def test_log_shows_events_and_their_places(page, project, frozen, event, qtbot):
    run, _ids = frozen
    project.runs.add_events(
        run.id,
        [
            event(1, "Created fine-tuning job"),
            event(2, "Step 1/9: training loss=2.1")._replace(kind="metrics"),
            event(3, "Line 1, message 2: not allowed", "error"),
        ],
    )
    log = page.view.events
    qtbot.waitUntil(lambda: log.model.rowCount() == 2)
    log.steps.click()
    assert log.model.rowCount() == 3
    QTest.keyClicks(log.search, "line allowed")
    assert log.model.rowCount() == 1
    log.view.setCurrentIndex(log.model.index(0))
    links(log)["Line 1, message 2"].click()
    dialog = dialog_of(RunDatasetDialog, page)
    assert dialog.list.currentIndex().row() == 0
    dialog.accept()
    QTest.keyClicks(log.search, " nowhere")
    assert not log.view.isVisible()


def test_frozen_examples_lead_to_those_of_today(page, work, frozen, actions, qtbot):
    _run, ids = frozen
    qtbot.waitUntil(lambda: page.view.details is not None)
    actions["run.examples"].trigger()
    dialog = dialog_of(RunDatasetDialog, page)
    asked = []
    work.examples_asked.connect(lambda query, title: asked.append((query.ids, title)))
    work.example_asked.connect(lambda number, path: asked.append(number))
    dialog.list.setCurrentIndex(dialog.model.index(2))
    assert not dialog.now.isEnabled()
    dialog.list.setCurrentIndex(dialog.model.index(0))
    dialog.now.click()
    actions["run.examples"].trigger()
    [d for d in page.findChildren(RunDatasetDialog) if d.isVisible()][-1].all_now.click()
    assert asked == [ids[0], (tuple(ids), "Of kept")]


def test_frozen_model_keeps_its_promises(project, frozen):
    run, _ids = frozen
    model = RunDatasetModel(project)
    tester = QAbstractItemModelTester(model, TESTER)
    model.show_examples(project.runs.examples(run.id))
    assert model.index(1).data() == "2  Second?"
    assert model.row_number("training", 3) == 2
    assert model.row_number("validation", 3) == -1
    tester.deleteLater()


SYSTEM = {"role": "system", "content": "Be."}
USER = {"role": "user", "content": "Hi"}


@pytest.mark.parametrize(
    ("text", "preview"),
    [
        (json.dumps({"messages": [SYSTEM, USER]}), "Hi"),
        (json.dumps({"messages": [SYSTEM]}), "Be."),
        ('{"prompt": "a"}', '{"prompt": "a"}'),
        ("no JSON", "no JSON"),
    ],
)
def test_previews_of_any_record(text, preview):
    assert preview_of(text) == preview


def test_messages_of_odd_records():
    odd = messages_of('{"messages": ["text", {"role": 7, "content": [{"type": "text"}]}]}')
    assert [message.role for message in odd] == ["?", "?"]
    assert messages_of('{"messages": 3}') == []


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


def test_compare_lays_runs_over_each_other(page, add_run, falling, actions, qtbot):
    for name in ("a", "b", "c"):
        falling(add_run(name).id, steps=30)
    qtbot.waitUntil(lambda: page.list.row_model.rowCount() == 3 and page.view.details is not None)
    actions["finetune.compare"].trigger()
    choice = dialog_of(CompareRunsDialog, page)
    assert sum(box.isChecked() for box in choice.boxes.values()) == 2
    for box in choice.boxes.values():
        box.setChecked(False)
    assert not choice.compare.isEnabled()
    for box in choice.boxes.values():
        box.setChecked(True)
    assert choice.compare.text() == "Compare 3 runs"
    choice.compare.click()
    from tunedesk.gui.fine_tune.compare_dialog import CompareDialog

    qtbot.waitUntil(lambda: dialog_of(CompareDialog, page) is not None)
    dialog_of(CompareDialog, page).accept()


def test_checkpoint_can_be_chosen_instead(page, project, add_run, falling, checkpoint, qtbot):
    run = add_run("one", stage="ended", status="succeeded", fine_tuned_model="ft:starter:end")
    falling(run.id)
    project.runs.set_checkpoints(run.id, [checkpoint(40), checkpoint(80)])
    result = page.view.result
    qtbot.waitUntil(lambda: result.which.count() == 3)
    assert page.view.model == "ft:starter:end"
    assert result.choose_step(40)
    assert page.view.model == "ft:starter:40"
    assert not result.choose_step(41)
    qtbot.waitUntil(lambda: "ft:starter:40" in result.code.toPlainText())
    result.tabs.setCurrentIndex(1)
    assert result.code.toPlainText().startswith("curl ")


def test_a_deployment_is_explained_beside_commands_that_are_whole(
    page, project, add_run, falling, checkpoint, qtbot
):
    run = add_run(
        "one",
        provider="nebius",
        base_url="https://api.tokenfactory.nebius.com/v1",
        stage="ended",
        status="succeeded",
        fine_tuned_model="ft:llama:end",
    )
    falling(run.id)
    project.runs.set_checkpoints(run.id, [checkpoint(40), checkpoint(80)])
    result = page.view.result
    qtbot.waitUntil(lambda: result.tabs.isTabVisible(2))
    result.tabs.setCurrentIndex(2)
    # Of the last checkpoint, since that is the tuned model.
    qtbot.waitUntil(lambda: "ftckpt-80" in result.code.toPlainText())
    assert "At Nebius" in result.note.text()
    assert "At Nebius" not in result.code.toPlainText()


def test_buttons_are_those_that_the_state_allows(page, project, add_run, actions, qtbot):
    run = add_run("one")
    qtbot.waitUntil(lambda: page.view.details is not None)
    head = page.view.head
    assert head.pause.isVisible()
    assert head.cancel.accessibleName() == "Stop the run"
    assert not head.resume.isVisible()
    assert not actions["run.delete_model"].isEnabled()
    project.runs.update(run.id, status="paused")
    qtbot.waitUntil(head.resume.isVisible)
    project.runs.update(run.id, status="cancelled", stage="ended")
    qtbot.waitUntil(head.again.isVisible)
    assert not head.cancel.isVisible()


def test_trying_is_the_main_action_of_a_finished_run(page, project, add_run, qtbot):
    run = add_run("one")
    qtbot.waitUntil(lambda: page.view.details is not None)
    head = page.view.head
    assert not head.try_it.isVisible()
    project.runs.update(run.id, status="succeeded", stage="ended", fine_tuned_model="ft:end")
    qtbot.waitUntil(head.try_it.isVisible)
    assert head.try_it.property("kind") == "primary"
    primary = [b for b in page.view.findChildren(QPushButton) if b.property("kind") == "primary"]
    assert [button for button in primary if button.isVisible()] == [head.try_it]
