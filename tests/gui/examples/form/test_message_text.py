import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QImage

from tunedesk.gui.examples.form.message_text import LONGEST_EDITED, MessageText
from tunedesk.gui.examples.form.problem_marks import TextMark


@pytest.fixture
def box(window, qtbot):
    box = MessageText(window)
    box.resize(300, 200)
    window.show()
    qtbot.waitExposed(window)
    box.setFocus()
    return box


def test_typing_gives_the_text_on_at_once(box, qtbot):
    box.set_text("Hello")
    box.set_cursor_position(5)
    with qtbot.waitSignal(box.edited) as told:
        qtbot.keyClicks(box, "!")
    assert told.args == ["Hello!"]
    assert box.text == "Hello!"


def test_setting_a_text_is_no_edit(box, qtbot):
    with qtbot.assertNotEmitted(box.edited):
        box.set_text("Hello")
        box.set_text("Hello again")


def test_the_cursor_stays_when_the_text_changes_behind_it(box):
    box.set_text("one two three")
    box.set_cursor_position(3)
    box.set_text("one two four")
    assert box.cursor_position() == 3


def test_line_breaks_that_cannot_be_shown_survive_typing(box, qtbot):
    box.set_text("one\r\ntwo")
    box.set_cursor_position(len(box.text))
    qtbot.keyClicks(box, "!")
    assert box.text == "one\r\ntwo!"


def test_hard_spaces_survive_typing(box, qtbot):
    box.set_text("4\u00a0%")
    box.set_cursor_position(3)
    qtbot.keyClicks(box, "!")
    assert box.text == "4\u00a0%!"


def test_places_count_characters_not_units(box):
    box.set_text("a😀b")
    box.set_cursor_position(2)
    assert box.textCursor().position() == 3
    assert box.cursor_position() == 2


@pytest.mark.parametrize(
    "modifier", [Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier]
)
def test_enter_is_a_line_break(box, qtbot, modifier):
    qtbot.keyClick(box, Qt.Key.Key_Return, modifier)
    assert box.text == "\n"


def test_escape_leaves(box, qtbot):
    with qtbot.waitSignal(box.leave_requested):
        qtbot.keyClick(box, Qt.Key.Key_Escape)


def test_it_grows_with_its_text(box):
    box.set_text("one")
    one = box.heightForWidth(300)
    box.set_text("one\ntwo\nthree")
    assert box.heightForWidth(300) > 2.5 * one


def test_each_paragraph_runs_its_own_way(box):
    box.set_text("hello\nשלום לך")
    block = box.document().firstBlock()
    assert block.textDirection() == Qt.LayoutDirection.LeftToRight
    assert block.next().textDirection() == Qt.LayoutDirection.RightToLeft


def test_markup_is_text(box):
    box.set_text("<b>bold</b> &amp;")
    assert box.toPlainText() == "<b>bold</b> &amp;"


def test_paste_is_plain_text(box):
    mime = QMimeData()
    mime.setHtml("<b>bold</b>")
    mime.setText("bold")
    box.insertFromMimeData(mime)
    assert box.text == "bold"


def test_pictures_go_to_whoever_can_embed_them(box, qtbot):
    mime = QMimeData()
    mime.setImageData(QImage(2, 2, QImage.Format.Format_RGB32))
    assert not box.canInsertFromMimeData(mime)
    box.takes_pictures = True
    with qtbot.waitSignal(box.pictures_dropped):
        box.insertFromMimeData(mime)
    assert box.text == ""


def test_marks_stand_where_the_letters_are(box):
    box.set_text("😀 {{name}}")
    box.set_marks([TextMark(2, 10, "#ff0000", "#ffeeee")])
    (selection,) = box.extraSelections()
    assert selection.cursor.selectedText() == "{{name}}"


def test_a_text_that_is_too_long_is_shown_in_part_and_kept(box, qtbot):
    text = "word " * (LONGEST_EDITED // 5 + 1)
    box.set_text(text)
    assert box.cut_off
    assert box.isReadOnly()
    qtbot.keyClicks(box, "x")
    assert box.text == text


def test_undo_is_left_to_the_project(box, qtbot):
    qtbot.keyClicks(box, "ab")
    qtbot.keyClick(box, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert box.text == "ab"


def test_the_height_is_right_though_the_box_has_another_width_yet(window, qtbot):
    box = MessageText(window)
    box.resize(100, 30)
    window.show()
    box.set_text("word " * 20)
    first = box.heightForWidth(500)
    assert first == box.heightForWidth(500)
    box.resize(500, first)
    assert box.heightForWidth(500) == first
