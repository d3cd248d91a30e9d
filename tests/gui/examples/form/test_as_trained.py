"""The tab "As trained", with the real process and the template of the starter."""

import json

from tunedesk.catalogue.models import STARTER_ID
from tunedesk.errors import UserError
from tunedesk.gui.examples.form import as_trained
from tunedesk.gui.examples.form.form_bars import FORM, TRAINED


def test_the_open_example_is_shown_and_followed(show, short, form, example, project, qtbot):
    show(short)
    form.choose_view(TRAINED)
    view = form._trained
    qtbot.waitUntil(lambda: view._views.currentWidget() is view._page, timeout=60_000)
    assert view._models.currentData() == STARTER_ID
    assert "Hello?" in view._text.toPlainText()
    form.choose_view(FORM)
    changed = json.loads(short)
    changed["messages"][-1]["weight"] = 0
    form._edits.write_raw(json.dumps(changed))
    form.choose_view(TRAINED)
    qtbot.waitUntil(lambda: view._lines[0]._title.text() == "Nothing is learned")
    example.flush()
    project.undo()
    qtbot.waitUntil(lambda: view._lines[0]._title.text() == "The end mark is trained")
    assert view._copied().startswith("<|im_start|>")
    # What stands there is marked as old with the keystroke, before the process has answered.
    changed["messages"][-1]["content"] = "Later."
    form._edits.write_raw(json.dumps(changed))
    assert view._figures.text() == "Reading …"
    assert view._text._is_old
    qtbot.waitUntil(lambda: "Later." in view._text.toPlainText(), timeout=10_000)
    assert not view._text._is_old
    # Nothing that was said of one example stands beside another.
    show(short.replace("Hello?", "Who?"))
    shown = view._text.toPlainText()
    assert "Who?" in shown or (shown == "" and not view._lines[0].isVisible())
    qtbot.waitUntil(lambda: "Who?" in view._text.toPlainText(), timeout=10_000)
    view.close_process()


def test_without_training_it_says_so(show, short, form, monkeypatch):
    def missing():
        raise UserError("Training on this computer is not installed.", "Install it first.")

    monkeypatch.setattr(as_trained, "command", missing)
    show(short)
    form.choose_view(TRAINED)
    assert form._trained._message.isVisible()
    assert form._trained._message._title.text() == "Training on this computer is not installed."
