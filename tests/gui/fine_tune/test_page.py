"""The Fine-tune page: the list of runs, the chosen one, and nothing where there is none."""

from PySide6.QtCore import Qt


def shown(page):
    rows = page.list.row_model
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
    assert shown(page)[1].startswith("old, Ready, validation loss 0.63, ")
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


def test_comparing_says_why_it_cannot(page, actions, add_run, falling, feedback, qtbot):
    qtbot.waitUntil(lambda: actions["finetune.compare"].isEnabled())
    actions["finetune.compare"].trigger()
    assert feedback.toasts()[-1].sentence.text() == "There is no run to compare yet."
    add_run("one")
    qtbot.waitUntil(lambda: len(shown(page)) == 1)
    actions["finetune.compare"].trigger()
    assert "only one run has figures" in feedback.toasts()[-1].sentence.text()
