"""The log of a run: folded, without ids, and found by them."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from tests.gui.fine_tune.page_reading import dialog_of, links

from tunedesk.gui.fine_tune.event_log import EventsLog, EventsModel
from tunedesk.gui.fine_tune.run_dataset import (
    RunDatasetDialog,
)
from tunedesk.gui.widgets.row_list import ROW

TESTER = QAbstractItemModelTester.FailureReportingMode.Warning


def test_an_id_is_found_and_told_where_it_is_asked_for(add_run, event):
    model = EventsModel()
    said = "Validating training file: file-KSxsHWZRDF8Pwjv"
    model.show_events(add_run("one"), [event(2, said), event(1, "Created")])
    assert model.index(0).data() == "Checking the examples to train on"
    assert "file-KSx" not in model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "file-KSx" in model.index(0).data(Qt.ItemDataRole.ToolTipRole)
    assert model.index(1).data(Qt.ItemDataRole.ToolTipRole) is None
    model.search("ksxshw")
    assert model.rowCount() == 1


def test_the_log_is_folded_and_says_the_last_thing(qtbot, theme, add_run, event):
    log = EventsLog(theme)
    qtbot.addWidget(log)
    log.show()
    log.show_events(add_run("one"), [event(2, "Created job: ftjob-G37CPyfzpaXd"), event(1, "A")])
    assert log.fold.text() == "▸ Events"
    assert log.last.text() == "Created job"
    assert not log.view.isVisible()
    log.fold.click()
    assert log.view.isVisible()
    assert log.fold.text().startswith("▾")


def test_events_model_keeps_its_promises(event, add_run, qtbot):
    one, other = add_run("one"), add_run("other")
    model = EventsModel()
    tester = QAbstractItemModelTester(model, TESTER)
    first, second = event(1, "Files validated"), event(2, "Fine-tuning job started")
    model.show_events(one, [first])
    model.show_events(one, [second, first])
    assert model.index(0).data() == "Fine-tuning job started"
    model.search("files")
    assert model.rowCount() == 1
    model.search("")
    model.show_events(other, [first])
    assert model.rowCount() == 1
    tester.deleteLater()


def test_an_error_of_a_service_says_first_what_it_means(event, add_run, qtbot):
    said = 'Invalid file format. Line 12, message 3, key "content": Input should be a valid string'
    model = EventsModel()
    model.show_events(add_run(provider="openai"), [event(2, said, "error"), event(1, "Started")])
    assert model.index(0).data() == said
    assert model.index(0).data(ROW).plain.startswith("“content” must be a text")
    assert said in model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert model.index(1).data(ROW).plain == ""
    model.search("must be a text")
    assert model.rowCount() == 1
    model.search("")
    # Our own server says it plainly itself.
    model.show_events(add_run("here"), [event(2, said, "error")])
    assert model.index(0).data(ROW).plain == ""


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


def test_a_key_that_an_older_project_kept_is_not_shown(qtbot, theme, add_run, event):
    log = EventsLog(theme)
    qtbot.addWidget(log)
    log.show_events(add_run("one"), [event(1, "The key sk-proj-0123456789abcdef was refused")])
    roles = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
    shown = [log.model.index(0).data(role) for role in roles] + [log.last.text()]
    assert all("[key] was refused" in text for text in shown)
    assert not any("sk-proj" in text for text in shown)
