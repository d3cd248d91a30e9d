import base64
import gzip
import sqlite3
import threading
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog, QLabel, QMenu

from tunedesk.checks.checker import Checker
from tunedesk.errors import UserError
from tunedesk.gui.examples.page import ExamplesPage
from tunedesk.gui.help_dialogs import GuideDialog
from tunedesk.gui.main_window import MainWindow
from tunedesk.gui.page import Page
from tunedesk.gui.preferences import PreferencesDialog
from tunedesk.gui.status_line import StatusPart
from tunedesk.paths import documents_dir, user_data_dir
from tunedesk.project import migrations, opening
from tunedesk.project.project import Project
from tunedesk.project.store import user_name
from tunedesk.settings import Settings

TEXT = '{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes"}]}'


class _Page(Page):
    """A page that writes down what the window asks of it."""

    def __init__(self, context):
        super().__init__()
        self.project = context.project
        self.calls = []

    def flush(self):
        self.calls.append("flush")

    def view_state(self):
        return {"row": 7}

    def restore(self, view_state):
        self.calls.append(("restore", view_state))

    def import_files(self, paths):
        self.calls.append(("import", [path.name for path in paths]))

    def close_project(self):
        self.calls.append("close_project")


@pytest.fixture
def shell(show_window):
    return show_window(_Page)


@pytest.fixture
def project_file(tmp_path):
    path = tmp_path / "Night pharmacy.tunedesk"
    with Project.create(path) as project:
        facts = Checker(encoding=None).check(TEXT.encode())
        project.add_example(TEXT, facts)
    return path


def _messages(shell):
    return [toast.sentence.text() for toast in shell.feedback.toasts()]


def test_begins_with_the_welcome_page(shell):
    assert shell.stack.currentWidget() is shell.welcome
    assert not shell.rail.isVisible()
    assert not shell.status.isVisible()


def test_enter_presses_the_button_that_has_the_focus(shell, qtbot):
    button = next(
        child for child in shell.findChildren(QAbstractButton) if child.text() == "Sample project"
    )
    button.setFocus()
    with qtbot.waitSignal(button.clicked):
        QTest.keyClick(button, Qt.Key.Key_Return)


def test_file_named_at_the_start_opens_without_the_welcome_page(shell, project_file, qtbot):
    shell.open_at_start(project_file)
    assert shell.stack.currentWidget() is not shell.welcome
    qtbot.waitUntil(lambda: shell.workspace is not None)
    assert shell.stack.currentWidget() is shell.workspace.examples


def test_file_that_cannot_be_opened_at_the_start_leads_to_the_welcome_page(shell, tmp_path, qtbot):
    shell.open_at_start(tmp_path / "gone.jsonl")
    qtbot.waitUntil(lambda: shell.stack.currentWidget() is shell.welcome)
    assert _messages(shell) == ["gone.jsonl is not there."]


def test_opens_a_project_and_goes_back(shell, project_file, settings):
    shell.open_path(project_file)
    assert shell.windowTitle().startswith("Night pharmacy")
    assert shell.rail.isVisible()
    assert settings.recent_projects == [str(project_file)]
    page = shell.workspace.examples
    shell.actions_["project.close"].trigger()
    assert page.calls[-2:] == ["flush", "close_project"]
    assert shell.stack.currentWidget() is shell.welcome
    assert shell.workspace is None
    assert [row.path for row in shell.welcome.rows] == [project_file]


def test_place_is_remembered(shell, project_file, settings):
    shell.open_path(project_file)
    shell.close_project()
    shell.open_path(project_file)
    assert ("restore", {"row": 7}) in shell.workspace.examples.calls


def test_undo_and_redo_are_named_and_done(shell, project_file, qtbot):
    shell.open_path(project_file)
    undo, redo = shell.actions_["edit.undo"], shell.actions_["edit.redo"]
    assert undo.isEnabled()
    assert undo.text().startswith("Undo ")
    assert not redo.isEnabled()
    undo.trigger()
    qtbot.waitUntil(lambda: redo.isEnabled())
    assert shell.workspace.project.count() == 0
    assert not undo.isEnabled()
    assert shell.rail.undo.accessibleName() == "Undo"
    redo.trigger()
    qtbot.waitUntil(lambda: undo.isEnabled())
    assert shell.workspace.project.count() == 1
    assert "flush" in shell.workspace.examples.calls


def test_data_file_opens_into_a_new_project(shell, tmp_path):
    data = tmp_path / "real talk.jsonl"
    data.write_text(TEXT + "\n", encoding="utf-8")
    shell.open_path(data)
    assert shell.workspace.project.path == documents_dir() / "real talk.tunedesk"
    assert ("import", ["real talk.jsonl"]) in shell.workspace.examples.calls
    shell.open_path(data)
    assert shell.workspace.examples.calls.count(("import", ["real talk.jsonl"])) == 2


def test_sample_opens_once_made(shell):
    shell.opener.open_sample()
    path = shell.workspace.project.path
    assert ("import", ["night_library.jsonl"]) in shell.workspace.examples.calls
    shell.close_project()
    shell.opener.open_sample()
    assert shell.workspace.project.path == path
    assert not any(call[0] == "import" for call in shell.workspace.examples.calls)


def test_missing_and_foreign_files_are_said_calmly(shell, tmp_path, settings):
    settings.recent_projects = [str(tmp_path / "Gone.tunedesk")]
    shell.open_path(tmp_path / "Gone.tunedesk")
    shell.open_path(tmp_path / "gone.jsonl")
    foreign = tmp_path / "Foreign.tunedesk"
    foreign.write_bytes(b"not a project at all" * 100)
    shell.open_path(foreign)
    said = []
    while _messages(shell):
        said += _messages(shell)
        shell.feedback.toasts()[0].close_now()
    assert len(said) == 3
    assert shell.workspace is None
    assert settings.recent_projects == []


def test_project_that_somebody_has_is_read_only(shell, project_file):
    with Project.open(project_file):
        shell.open_path(project_file)
        assert shell.workspace.project.read_only
        assert "read only" in shell.windowTitle()
        assert "reading only" in shell.status.text()
        assert not shell.actions_["edit.undo"].isEnabled()
        shell.close_project()


def test_new_project_asks_for_a_name_only(shell, qtbot):
    shell.opener.new_project()
    dialog = shell.findChildren(_dialog_type())[-1]
    dialog.name.setText("a/b: c?")
    assert dialog.path == documents_dir() / "a b c.tunedesk"
    dialog.create_button.click()
    qtbot.waitUntil(lambda: shell.workspace is not None)
    assert shell.workspace.project.path.name == "a b c.tunedesk"


def test_nameless_project_cannot_be_made(shell):
    shell.opener.new_project()
    dialog = shell.findChildren(_dialog_type())[-1]
    dialog.name.setText(" / ")
    assert not dialog.create_button.isEnabled()
    dialog.reject()


def _dialog_type():
    from tunedesk.gui.new_project import NewProjectDialog

    return NewProjectDialog


def test_menus_hold_every_action_that_can_be_done(shell, project_file):
    shell.open_path(project_file)
    reachable = set()
    menus = [action.menu() for action in shell.menuBar().actions() if action.isVisible()]
    while menus:
        for action in menus.pop().actions():
            if isinstance(action.menu(), QMenu):
                menus.append(action.menu())
            reachable.add(action.objectName())
    connected = {spec.id for spec in shell.actions_ if shell.actions_.connected(spec.id)}
    assert connected <= reachable


def test_status_line_leaves_out_rather_than_cuts(shell, project_file, qtbot):
    shell.open_path(project_file)
    parts = [StatusPart("128", "examples"), StatusPart("3", "problems", "error")]
    parts += [StatusPart("", "a very long remark " * 20)]
    shell.workspace.examples.status_changed.emit(parts)
    shown = [words.text() for _figure, words in shell.status._labels if words.isVisible()]
    assert shown == ["examples", "problems"]
    assert "All changes saved" in shell.status.text()


def test_dropped_data_goes_to_the_page_and_project_opens(shell, project_file, tmp_path):
    shell.open_path(project_file)
    data = tmp_path / "more.jsonl"
    data.write_text(TEXT, encoding="utf-8")
    _drop(shell, data)
    assert ("import", ["more.jsonl"]) in shell.workspace.examples.calls
    other = tmp_path / "Other.tunedesk"
    Project.create(other).close()
    _drop(shell, other)
    assert shell.workspace.project.path == other


def _drop(widget, path: Path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    copy, left, plain = (
        Qt.DropAction.CopyAction,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    widget.dropEvent(QDropEvent(QPointF(5, 5), copy, data, left, plain))


def test_close_asks_nothing_and_keeps_the_geometry(qtbot, theme, tmp_path, project_file):
    settings = Settings(path=tmp_path / "settings.json")
    shell = MainWindow(settings, theme, _Page)
    qtbot.addWidget(shell)
    shell.show()
    shell.resize(1000, 700)
    shell.open_path(project_file)
    page = shell.workspace.examples
    assert shell.close()
    assert "flush" in page.calls
    stored = Settings.load(tmp_path / "settings.json")
    assert base64.b64decode(stored.window["geometry"])
    assert stored.places[str(project_file)] == {"examples": {"row": 7}, "page": "examples"}
    assert not project_file.with_name(project_file.name + "-wal").exists()


def test_keys_and_preferences_and_about_open(shell, qtbot):
    for action_id, title in (
        ("help.keys", "Keys"),
        ("app.preferences", "Preferences"),
        ("help.guide", "First steps"),
        ("help.about", "About Tunedesk"),
    ):
        shell.actions_[action_id].trigger()
        dialog = next(
            d
            for d in shell.findChildren(_dialog_base())
            if d.isVisible() and title in d.windowTitle()
        )
        dialog.close()


def test_the_history_says_the_name_that_was_just_set(shell, project_file):
    shell.open_path(project_file)
    project = shell.workspace.project
    (example_id,) = project.ids()
    shell.actions_["app.preferences"].trigger()
    dialog = next(d for d in shell.findChildren(PreferencesDialog) if d.isVisible())
    dialog.author.setText("Ada")
    project.add_tag([example_id], "law")
    assert project.history(example_id)[0].actor == "Ada"
    dialog.author.setText("")
    project.add_tag([example_id], "sea")
    assert project.history(example_id)[0].actor == user_name()
    dialog.close()


@pytest.fixture
def old_project(tmp_path, monkeypatch):
    """A project of an older version, as large as those that open slowly."""
    packed = Path(__file__).parents[1] / "project" / "files" / "version-2.tunedesk.gz"
    path = tmp_path / "Old.tunedesk"
    path.write_bytes(gzip.decompress(packed.read_bytes()))
    monkeypatch.setattr(opening, "SLOW_TO_MIGRATE", 0)
    return path


def test_a_project_that_opens_slowly_shows_that_it_is_under_way(shell, old_project, qtbot):
    shell.open_path(old_project)
    assert shell.workspace is None
    page = shell.stack.currentWidget()
    words = [label.text() for label in page.findChildren(QLabel)]
    assert "Bringing “Old” up to date" in words
    shell.open_path(old_project)  # once more, while it is under way
    qtbot.waitUntil(lambda: shell.workspace is not None, timeout=10_000)
    assert shell.workspace.project.path == old_project
    assert page is not shell.stack.currentWidget()
    shell.close_project()
    shell.open_path(old_project)  # it is up to date now: at once
    assert shell.workspace is not None


def test_an_old_project_that_can_only_be_read_is_brought_up_once_and_not_by_the_window(
    shell, old_project, qtbot, monkeypatch
):
    threads = []
    migrate = migrations.migrate

    def noted(connection, path, **more):
        threads.append(threading.current_thread())
        return migrate(connection, path, **more)

    monkeypatch.setattr(migrations, "migrate", noted)
    with Project.open(old_project, read_only=True):
        threads.clear()
        monkeypatch.setattr(opening.ProjectLock, "acquire", _refused)
        shell.open_path(old_project)
        qtbot.waitUntil(lambda: shell.workspace is not None, timeout=10_000)
    assert shell.workspace.project.read_only
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()


def _refused(_lock, _user):
    raise PermissionError


@pytest.fixture
def unfinished(tmp_path):
    """A project of this version in which much was under way at a crash."""
    path = tmp_path / "Much.tunedesk"
    with Project.create(path) as project:
        for number in range(40):
            project.add_example(TEXT, Checker().check(TEXT.encode()))
            project.set_state(project.ids()[number:], "approved")
    connection = sqlite3.connect(path)
    connection.execute("UPDATE change SET incomplete = 1 WHERE code != 'add'")
    connection.commit()
    connection.close()
    return path


def _told(shell):
    return [toast.text for toast in shell.feedback.toasts()]


def test_what_a_crash_left_is_put_right_in_a_thread_and_told_in_one_sentence(
    shell, unfinished, qtbot
):
    shell.open_path(unfinished)
    assert shell.workspace is None
    assert shell.opener.preparing.page is shell.stack.currentWidget()
    qtbot.waitUntil(lambda: shell.workspace is not None, timeout=10_000)
    assert shell.opener.preparing is None
    assert shell.workspace.project.totals().by_state["approved"] == 0
    (told,) = _told(shell)
    assert "40 changes had been cut off." in told
    assert "taken back, so that nothing of them was kept: 40." in told


@pytest.fixture
def held(monkeypatch):
    """What a crash left takes for ever; set the event to let it end."""
    go_on = threading.Event()
    finish = Project.finish_interrupted

    def slow(project, progress=None):
        while progress is not None and not go_on.wait(0.002):
            progress(0, None)
        finish(project)

    monkeypatch.setattr(Project, "finish_interrupted", slow)
    yield go_on
    go_on.set()


def _can_be_written(path):
    with Project.open(path, finish=False) as project:
        return not project.read_only


def test_cancel_leaves_a_slow_project_closed(shell, unfinished, held, qtbot):
    shell.open_path(unfinished)
    page = shell.stack.currentWidget()
    (cancel,) = [one for one in page.findChildren(QAbstractButton) if one.text() == "Cancel"]
    cancel.click()
    qtbot.waitUntil(lambda: shell.stack.currentWidget() is shell.welcome)
    assert shell.opener.preparing is None
    assert _can_be_written(unfinished)
    assert shell.workspace is None
    assert not shell.feedback.toasts()


def test_another_project_is_opened_in_place_of_a_slow_one(
    shell, unfinished, held, project_file, qtbot
):
    shell.open_path(unfinished)
    shell.open_path(project_file)
    assert shell.workspace.project.path == project_file
    assert _can_be_written(unfinished)
    held.set()
    shell.open_path(unfinished)
    qtbot.waitUntil(lambda: shell.workspace.project.path == unfinished, timeout=10_000)


def test_a_slow_project_goes_on_opening_when_the_one_before_is_closed(
    shell, unfinished, held, project_file, qtbot
):
    shell.open_path(project_file)
    shell.open_path(unfinished)
    assert shell.workspace.project.path == project_file
    shell.close_project()
    assert shell.stack.currentWidget() is shell.opener.preparing.page
    held.set()
    qtbot.waitUntil(lambda: shell.workspace is not None, timeout=10_000)
    assert shell.workspace.project.path == unfinished


def test_a_window_that_closes_gives_back_a_slow_project(shell, unfinished, held):
    shell.open_path(unfinished)
    shell.close()
    assert _can_be_written(unfinished)


def test_a_slow_project_that_cannot_be_opened_is_said(shell, old_project, qtbot):
    raw = bytearray(old_project.read_bytes())
    raw[200:8000] = b"\xff" * 7800
    old_project.write_bytes(raw)
    shell.open_path(old_project)
    qtbot.waitUntil(lambda: bool(shell.feedback.toasts()), timeout=10_000)
    qtbot.waitUntil(lambda: shell.stack.currentWidget() is shell.welcome)
    assert shell.workspace is None


def test_a_copy_is_saved_whole_and_the_open_project_is_not_written_over(
    shell, project_file, tmp_path, qtbot
):
    shell.open_path(project_file)
    shell.actions_["project.save_copy"].trigger()
    dialog = shell.findChild(QFileDialog)
    assert dialog.selectedFiles() == [str(tmp_path / "Night pharmacy (copy).tunedesk")]
    dialog.close()
    copy = tmp_path / "Copy.tunedesk"
    shell.workspace.save_copy(copy)
    qtbot.waitUntil(lambda: not shell.workspace.operations.running)
    with Project.open(copy) as copied:
        assert copied.count() == 1
    assert "Copy saved: Copy.tunedesk" in shell.feedback.toasts()[-1].accessibleName()
    shell.workspace.save_copy(project_file)
    assert "is the project that is open" in shell.feedback.toasts()[-1].accessibleName()
    assert shell.workspace.project.count() == 1


def test_the_guide_names_the_keys_as_they_are(shell):
    shell.actions_.set_key("example.new", "Ctrl+Alt+N")
    shell.show_guide()
    dialog = shell.findChild(GuideDialog)
    words = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert "Ctrl+Alt+N begins a new example" in words
    assert "A approves it, C asks for changes, R rejects it" in words
    dialog.close()


def _dialog_base():
    from tunedesk.gui.widgets.dialog import Dialog

    return Dialog


def test_theme_is_chosen_from_the_menu(shell, theme, settings):
    shell.actions_["view.theme_dark"].trigger()
    assert theme.dark
    assert settings.theme == "dark"
    assert shell.actions_["view.theme_dark"].isChecked()


def test_zoom_keys(shell, theme, settings, qtbot):
    shell.actions_["view.zoom_in"].trigger()
    assert settings.zoom == theme.zoom == 1.1
    shell.actions_["view.zoom_reset"].trigger()
    assert theme.zoom == 1.0


def test_tab_goes_through_the_window_and_comes_round(qtbot, theme, settings, project_file):
    window = MainWindow(settings, theme, ExamplesPage)
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show()
    window.open_path(project_file)
    window.activateWindow()
    page = window.workspace.examples
    qtbot.waitUntil(lambda: page.open_example.example_id is not None)
    page.table.setFocus()
    qtbot.waitUntil(page.table.hasFocus)
    seen = []
    while page.table not in seen:
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        seen.append(QApplication.focusWidget())
        assert len(seen) < 100
    names = [getattr(one, "accessibleName", str)() or one.text() for one in seen]
    form = ["View of the example", "User message 1", "Assistant message 2", "Approve", "Reject"]
    others = ["Go to Examples", "New example", "Search", "All", "Examples"]
    for first, second in pairwise([*form, *others]):
        assert names.index(first) < names.index(second)
    assert len(set(seen)) == len(seen)
    window.close()


def test_tab_reaches_the_messages_over_the_window(shell, qtbot):
    shell.show()
    shell.activateWindow()
    shell.rail.setFocus()
    error = shell.feedback.error("The disk is full.")
    seen = []
    while error.close_button not in seen:
        shell.focusNextPrevChild(True)
        seen.append(QApplication.focusWidget())
        assert len(seen) < 60


def test_edit_menu_cuts_copies_pastes_and_selects(qtbot, theme, settings, project_file):
    window = MainWindow(settings, theme, ExamplesPage)
    qtbot.addWidget(window)
    window.show()
    window.open_path(project_file)
    window.activateWindow()
    (menu,) = [action.menu() for action in window.menuBar().actions() if action.text() == "&Edit"]
    entries = {action.text().split("\t")[0]: action for action in menu.actions()}

    def enabled():
        menu.aboutToShow.emit()
        return [
            name for name in ("Cut", "Copy", "Paste", "Select all") if entries[name].isEnabled()
        ]

    page = window.workspace.examples
    field = page.toolbar.search
    qtbot.waitUntil(lambda: page.open_example.example_id is not None)
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    field.setText("some words")
    assert enabled() == ["Paste", "Select all"]
    entries["Select all"].trigger()
    assert enabled() == ["Cut", "Copy", "Paste", "Select all"]
    entries["Cut"].trigger()
    assert field.text() == ""
    entries["Paste"].trigger()
    assert field.text() == "some words"
    page.table.setFocus()
    assert enabled() == ["Copy", "Paste", "Select all"]
    window.rail.undo.setFocus()
    assert enabled() == []
    window.close()


def test_everything_has_a_name(shell, project_file):
    from PySide6.QtWidgets import QAbstractButton, QLineEdit

    shell.open_path(project_file)
    for widget in [*shell.findChildren(QAbstractButton), *shell.findChildren(QLineEdit)]:
        if widget.objectName().startswith("qt_"):
            continue
        name = widget.accessibleName() or getattr(widget, "text", str)()
        assert name, widget


def test_bug_while_opening_leaves_the_project_free(qtbot, theme, settings, project_file):
    def fail(*_arguments):
        raise RuntimeError("no page")

    shell = MainWindow(settings, theme, fail)
    qtbot.addWidget(shell)
    shell.show()
    with pytest.raises(RuntimeError, match="no page"):
        shell.open_path(project_file)
    assert shell.stack.currentWidget() is shell.welcome
    with Project.open(project_file) as project:
        assert not project.read_only
    shell.close()


def test_full_disk_at_closing_is_told_once(shell, project_file, monkeypatch):
    def fail():
        raise UserError("The disk is full.", "Make room and close again.")

    shell.open_path(project_file)
    monkeypatch.setattr(shell.workspace.examples, "flush", fail)
    assert not shell.close()
    assert shell.isVisible()
    assert _messages(shell) == ["The disk is full."]
    monkeypatch.undo()
    assert shell.close()


@pytest.mark.expects_log
def test_bug_at_closing_ends_the_threads_all_the_same(shell, project_file, monkeypatch):
    shell.open_path(project_file)
    monkeypatch.setattr(shell.workspace.examples, "close_project", lambda: 1 // 0)
    assert shell.close()
    assert list((user_data_dir() / "reports").glob("crash-*.txt"))
    with Project.open(project_file) as project:
        assert not project.read_only
