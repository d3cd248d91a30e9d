"""The Fine-tune page: the list of runs, the chosen one, and nothing where there is none."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from tunedesk.gui.fine_tune.event_log import PLAIN, EventsModel
from tunedesk.gui.fine_tune.run_list import ROW, RunListModel, RunRow

TESTER = QAbstractItemModelTester.FailureReportingMode.Warning


def shown(page):
    rows = page.list.rows
    return [
        rows.data(rows.index(place), Qt.ItemDataRole.AccessibleTextRole)
        for place in range(rows.rowCount())
    ]


def test_page_without_runs_explains_and_offers_the_first_step(page, qtbot):
    qtbot.waitUntil(lambda: page.stack.currentWidget() is page.empty)
    assert page.first.accessibleName() == "Fine-tune"
    page.focus_main_part()
    assert page.focusWidget() is page.first


def test_list_shows_runs_newest_first_and_the_newest_is_open(page, add_run, falling, qtbot):
    old = add_run("old", stage="ended", status="succeeded")
    falling(old.id)
    new = add_run("new")
    page.list.choose(new.id)
    qtbot.waitUntil(lambda: len(shown(page)) == 2)
    assert shown(page)[0].startswith("new, Training, 64 %, Tunedesk starter · this computer")
    assert shown(page)[1].startswith("old, Ready, valid 0.63, ")
    qtbot.waitUntil(lambda: page.view.details is not None)
    assert page.list.chosen == new.id
    assert page.view.head.name.text() == "new"
    assert page.view.head.progress.text() == "step 198 of 309 · epoch 2 of 3"


def test_chosen_run_stays_chosen_when_another_comes(page, add_run, qtbot):
    old = add_run("old")
    qtbot.waitUntil(lambda: page.view.details is not None)
    add_run("new")
    qtbot.waitUntil(lambda: len(shown(page)) == 2)
    assert page.list.chosen == old.id
    assert page.view.head.name.text() == "old"


def test_run_that_is_taken_off_leaves_the_list(page, project, add_run, qtbot):
    old, new = add_run("old"), add_run("new")
    qtbot.waitUntil(lambda: len(shown(page)) == 2)
    project.runs.delete(new.id)
    qtbot.waitUntil(lambda: page.list.chosen == old.id)
    qtbot.waitUntil(lambda: page.view.head.name.text() == "old")
    project.runs.delete(old.id)
    qtbot.waitUntil(lambda: page.stack.currentWidget() is page.empty)


def test_view_follows_the_run(page, project, add_run, qtbot):
    run = add_run("one")
    qtbot.waitUntil(lambda: page.view.details is not None)
    project.runs.update(run.id, step=309, note="No connection since 14:02; trying again")
    qtbot.waitUntil(lambda: page.view.head.progress.text().startswith("step 309 of 309"))
    assert page.view.head.note.text().startswith("No connection")
    project.runs.update(run.id, stage="ended", status="succeeded", note="")
    qtbot.waitUntil(lambda: page.view.head.badge.text() == "Ready")
    assert not page.view.head.bar.isVisible()


def test_place_is_kept(page, add_run, qtbot):
    add_run("old")
    old = page.view_state()
    qtbot.waitUntil(lambda: page.list.chosen > 0)
    assert page.view_state() == {"run": page.list.chosen}
    assert old == {"run": 0}


def test_model_keeps_its_promises(project, add_run, qtbot):
    model = RunListModel()
    tester = QAbstractItemModelTester(model, TESTER)
    runs = [RunRow(add_run(name), None) for name in "abcd"]
    model.show_rows(runs[1:3])
    model.show_rows(runs)
    model.show_rows(runs[:1] + runs[3:])
    model.show_rows([runs[3], runs[0]])
    assert [model.index(place).data(ROW).run.name for place in range(2)] == ["d", "a"]
    model.show_rows([])
    assert model.rowCount() == 0
    tester.deleteLater()


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
    assert model.index(0).data(PLAIN).startswith("“content” must be a text")
    assert said in model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert model.index(1).data(PLAIN) == ""
    model.search("must be a text")
    assert model.rowCount() == 1
    model.search("")
    # Our own server says it plainly itself.
    model.show_events(add_run("here"), [event(2, said, "error")])
    assert model.index(0).data(PLAIN) == ""
