from PySide6.QtCore import Qt
from tests.project.made_examples import undo_name

ALT_SHIFT = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier


def test_the_head_says_which_example_it_is(show, short, form):
    show(short)
    form.set_row_position(1, 12)
    assert form._head._title.text() == "Example 1"
    assert form._head._badge.text() == "Draft"
    assert form._head._row_position.text() == "1 / 12"


def test_all_of_it_is_undone_step_by_step(show, short, example, project, text_box, actions):
    show(short)
    text_box(2).setFocus()
    for action in ("message.duplicate", "message.delete", "message.move_up"):
        actions[action].trigger()
    example.flush()
    while undo_name(project) != "Add 1 example":
        project.undo()
    assert example.text == short


def test_escape_leaves_for_the_table(show, short, form, text_box, qtbot):
    show(short)
    text_box(0).setFocus()
    with qtbot.waitSignal(form.leave_requested):
        qtbot.keyClick(text_box(0), Qt.Key.Key_Escape)


def test_leaving_the_form_writes_what_was_typed(show, short, project, text_box, window, qtbot):
    example_id = show(short)
    text_box(1).setFocus()
    qtbot.keyClicks(text_box(1), "x")
    window.field.setFocus()
    assert "xHello?" in project.text(example_id)


def test_a_record_that_is_not_json_opens_at_its_error(show, form, example, card, qtbot):
    show('{"messages": [{"role": "user", "content": "Hi"}')
    assert form._views.currentWidget() is form._raw
    assert "column" in form._raw._verdict.text()
    form._raw.go_to_error()
    qtbot.keyClicks(form._raw.edit, "]}")
    form.choose_view(0)
    assert card(0).parts.first_text().text == "Hi"


def test_monospace_is_remembered(show, short, form, actions, settings, text_box):
    show(short)
    family = text_box(0).font().family()
    actions["view.monospace"].trigger()
    assert settings.monospace
    assert text_box(0).font().family() != family


def test_nothing_is_open(form, example):
    example.open(None)
    assert form._views.currentWidget() is form._nothing
    assert not form._review.isVisible()


def test_a_project_that_is_only_read_cannot_be_changed(
    store, short, project, example, form, text_box, card, monkeypatch, qtbot
):
    example_id = store(short)
    monkeypatch.setattr(type(project), "read_only", property(lambda self: True), raising=False)
    example.open(example_id)
    text_box(1).setFocus()
    qtbot.keyClicks(text_box(1), "x")
    assert example.text == short
    assert not card(2).head.trained.isEnabled()
