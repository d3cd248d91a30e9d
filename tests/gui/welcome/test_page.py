from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent

from tunedesk.gui.welcome.page import WelcomePage


@pytest.fixture
def page(qtbot, settings, actions, theme, tmp_path):
    for name in ("One", "Two", "Three"):
        path = tmp_path / f"{name}.tunedesk"
        path.write_bytes(b"")
        settings.recent_projects.append(str(path))
    page = WelcomePage(settings, actions, theme)
    page.resize(1200, 720)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(page.isActiveWindow)
    page.focus_main_part()
    return page


def test_cards_do_what_the_actions_do(page, actions):
    done = []
    for action_id in ("project.new", "project.open", "project.sample"):
        actions.bind(action_id, lambda action_id=action_id: done.append(action_id))
    for card in page.cards:
        card.click()
    assert done == ["project.new", "project.open", "project.sample"]
    assert [card.accessibleName() for card in page.cards] == [
        "New project",
        "Open",
        "Sample project",
    ]


def test_recent_projects_open_by_keyboard(page, qtbot, tmp_path):
    assert page.rows[0].hasFocus()
    qtbot.keyClick(page.rows[0], Qt.Key.Key_Down)
    assert page.rows[1].hasFocus()
    with qtbot.waitSignal(page.open_requested) as asked:
        qtbot.keyClick(page.rows[1], Qt.Key.Key_Return)
    assert asked.args == [tmp_path / "Two.tunedesk"]


def test_delete_takes_a_project_off_the_list_only(page, qtbot, settings, tmp_path):
    qtbot.keyClick(page.rows[0], Qt.Key.Key_Delete)
    assert [row.text() for row in page.rows] == ["Two", "Three"]
    assert (tmp_path / "One.tunedesk").exists()
    assert len(settings.recent_projects) == 2
    assert page.rows[0].hasFocus()


def test_project_that_is_gone_says_so(page, settings, tmp_path):
    (tmp_path / "Two.tunedesk").unlink()
    page.refresh()
    assert "not there" in page.rows[1].accessibleDescription()


def test_without_recent_projects_the_list_is_away(page, settings):
    settings.recent_projects.clear()
    page.refresh()
    assert not page._list.isVisible()
    page.focus_main_part()
    assert page.cards[0].hasFocus()


def test_file_dropped_in_opens(page, qtbot, tmp_path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "One.tunedesk"))])
    arguments = (
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    page.dragEnterEvent(QDragEnterEvent(QPointF(9, 9).toPoint(), *arguments))
    assert page._dragging
    with qtbot.waitSignal(page.open_requested) as asked:
        page.dropEvent(QDropEvent(QPointF(9, 9), *arguments))
    assert asked.args == [Path(tmp_path / "One.tunedesk")]
    assert not page._dragging


def test_nothing_is_cut_at_the_smallest_window(page):
    page.resize(860, 500)
    for widget in (*page.cards, *page.rows):
        assert widget.width() >= 200
        assert widget.height() >= widget.sizeHint().height()
