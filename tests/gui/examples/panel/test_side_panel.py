"""The panel itself: tabs that are remembered, questions only while somebody looks."""

from PySide6.QtCore import Qt

from tunedesk.gui.examples.panel.side_panel import SidePanel


def test_tabs_have_plain_names(panel):
    names = [panel.tabs.accessibleTabName(n) for n in range(panel.tabs.count())]
    assert names == ["Problems", "Tokens", "History"]


def test_the_tab_is_remembered(panel, context, example, window):
    panel.show_tab("history")
    panel.close_project()
    again = SidePanel(
        context=context,
        open_example=example,
        parent=window,
    )
    assert again.tabs.currentIndex() == 2
    again.close_project()


def test_a_hidden_panel_asks_nothing(panel, store, good, qtbot):
    panel.show_all_problems()
    panel.hide()
    store(good(1), good(1))
    assert not panel.problems.all.list.rows()
    panel.show()
    qtbot.waitUntil(lambda: len(panel.problems.all.list.rows()) > 0)


def test_it_is_narrow_without_cutting_anything_off(panel, store, show, talk, qtbot):
    show(store(talk(("user", " a "), ("assistant", "{{x}}")))[0])
    panel.resize(panel.minimumSizeHint().width(), 600)
    for name in ("problems", "tokens", "history"):
        panel.show_tab(name)
        assert panel.width() <= 280
        page = getattr(panel, name)
        assert page.minimumSizeHint().width() <= panel.width()


def test_the_close_button_asks_to_close(panel, qtbot):
    with qtbot.waitSignal(panel.close_requested):
        panel.close_button.click()


def test_escape_leaves_the_panel(panel, store, show, talk, qtbot):
    show(store(talk(("user", " a "), ("assistant", "{{x}}")))[0])
    with qtbot.waitSignal(panel.leave_requested):
        qtbot.keyClick(panel.problems.example.list, Qt.Key.Key_Escape)


def test_a_tab_takes_the_keyboard(panel, store, show, talk, window, qtbot):
    show(store(talk(("user", " a "), ("assistant", "{{x}}")))[0])
    window.activateWindow()
    for name, part in (
        ("problems", panel.problems.example.list),
        ("tokens", panel.tokens.focusProxy()),
        ("history", panel.history.list),
    ):
        panel.focus_tab(name)
        qtbot.waitUntil(lambda part=part: window.focusWidget() is part)
