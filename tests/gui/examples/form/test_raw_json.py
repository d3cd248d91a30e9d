import json

from tunedesk.gui.examples.form.form_bars import RAW


def test_the_raw_view_writes_the_record(show, short, form, example, qtbot):
    show(short)
    form.choose_view(RAW)
    edit = form._raw.edit
    edit.go_to(edit.toPlainText().index("Hello?"))
    qtbot.keyClicks(edit, "Oh, ")
    assert example.text == short.replace("Hello?", "Oh, Hello?")
    form.choose_view(0)
    assert form.cards.list.cards()[1].parts.first_text().text == "Oh, Hello?"


def test_errors_are_told_as_they_are_typed(show, short, form, example, qtbot):
    show(short)
    form.choose_view(RAW)
    raw = form._raw
    assert raw._verdict.text().startswith("Valid JSON")
    raw.edit.go_to(len(raw.edit.toPlainText()))
    qtbot.keyClicks(raw.edit, "x")
    assert raw._verdict.property("tone") == "error"
    assert raw.edit.extraSelections()
    assert example.text == short + "x"
    qtbot.waitUntil(lambda: example.facts.kind == "unreadable")


def test_go_to_finds_the_value(show, short, form, example):
    show(short)
    form.choose_view(RAW)
    example.go_to(("messages", 1, "content"))
    cursor = form._raw.edit.textCursor()
    assert form._raw.edit.toPlainText()[cursor.position() :].startswith('"Hello?"')


def test_undo_keeps_the_cursor_near(show, short, form, project, example, qtbot):
    show(short)
    form.choose_view(RAW)
    edit = form._raw.edit
    edit.go_to(edit.toPlainText().index("Hello?"))
    qtbot.keyClicks(edit, "Oh, ")
    example.flush()
    project.undo()
    assert example.text == short
    assert edit.toPlainText()[edit.textCursor().position() :].startswith("Hello?")


def test_a_list_in_place_of_an_object_is_mended_here(show, form, example):
    show("[1, 2]")
    assert form._views.currentWidget() is form._raw
    form._raw.edit.setPlainText(json.dumps({"messages": []}))
    form.choose_view(0)
    assert form._views.currentWidget() is form.cards


def test_the_key_switches_to_raw_and_back(show, short, form, actions):
    show(short)
    actions["view.raw"].trigger()
    assert form._raw.isVisible()
    assert form._raw.edit.hasFocus()
    actions["view.raw"].trigger()
    assert form.cards.isVisible()
