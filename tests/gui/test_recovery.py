"""Going back to a backup and rescuing, from the window."""

import os
import shutil
import sqlite3

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog
from tests.project.made_examples import add, words

from tunedesk.errors import UserError
from tunedesk.gui.page import Page
from tunedesk.gui.recovery import KeptCopiesDialog, RecoveryDialog, RescueDialog, backup_text
from tunedesk.project import backups
from tunedesk.project.backups import Backup, back_up, backups_of, kept_copies, kept_folder
from tunedesk.project.project import Project


class _Page(Page):
    def __init__(self, _context):
        super().__init__()

    def flush(self):
        pass

    def view_state(self):
        return {}

    def restore(self, view_state):
        pass

    def import_files(self, paths):
        pass

    def close_project(self):
        pass


@pytest.fixture
def shell(show_window):
    return show_window(_Page)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "Night pharmacy.tunedesk"
    with Project.create(path) as project:
        add(project, "one")
        back_up(project)
        add(project, "two")
    return path


def zero_page(path, table):
    with sqlite3.connect(path) as connection:
        found = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,))
        page = found.fetchone()[0]
    connection.close()
    raw = bytearray(path.read_bytes())
    raw[(page - 1) * 8192 : page * 8192] = bytes(8192)
    path.write_bytes(raw)


def messages(shell):
    return [toast.sentence.text() for toast in shell.feedback.toasts()]


def shown(shell, kind):
    return next(one for one in shell.findChildren(kind) if one.isVisible())


def calm(shell, qtbot):
    qtbot.waitUntil(lambda: not shell.background.busy, timeout=20_000)


def test_going_back_by_the_menu_keeps_what_was_there(shell, path, qtbot):
    assert not shell.actions_.connected("project.backups")
    shell.open_path(path)
    shell.actions_["project.backups"].trigger()
    dialog = shown(shell, RecoveryDialog)
    assert dialog.list.count() == 1
    assert "1 example," in dialog.list.item(0).text()
    QTest.mouseClick(dialog.back, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: shell.workspace is not None, timeout=20_000)
    assert words(shell.workspace.project) == ["one"]
    assert any("is a backup too" in message for message in messages(shell))
    assert [(one.examples, one.before_going_back) for one in backups_of(path)] == [
        (2, True),
        (1, False),
    ]


def test_without_backups_it_says_how_they_come_about(shell, path, tmp_path):
    other = tmp_path / "Other.tunedesk"
    Project.create(other).close()
    shell.open_path(other)
    dialog = shell.opener.recovery().offer(other)
    assert not dialog.list.isVisible()
    assert not dialog.back.isEnabled()
    assert dialog.rescue.isEnabled()
    dialog.reject()


def test_a_project_that_cannot_be_opened_offers_its_backups(shell, path, qtbot):
    path.write_bytes(path.read_bytes()[:100] + b"\xff" * 50_000)
    shell.open_path(path)
    assert shell.workspace is None
    toast = shell.feedback.toasts()[-1]
    assert "is damaged and cannot be opened" in toast.sentence.text()
    dialog = shell.opener.recovery().offer(path)
    dialog._go_back()
    qtbot.waitUntil(lambda: shell.workspace is not None, timeout=20_000)
    assert words(shell.workspace.project) == ["one"]


def test_a_rescue_opens_what_it_made_and_lists_what_is_lost(shell, path, qtbot):
    shell.open_path(path)
    shell.close_project()
    zero_page(path, "version_text")
    shell.opener.recovery().rescue(path)
    qtbot.waitUntil(lambda: bool(shell.findChildren(RescueDialog)), timeout=20_000)
    dialog = shown(shell, RescueDialog)
    assert "Example 1 could not be read" in dialog.list.toPlainText()
    assert shell.workspace.project.path.name == "Night pharmacy rescued.tunedesk"
    dialog.accept()
    assert path.exists()


def test_a_rescue_of_the_open_project_closes_it_first(shell, path, qtbot):
    shell.open_path(path)
    shell.opener.recovery().rescue(path)
    qtbot.waitUntil(lambda: shell.workspace is not None, timeout=20_000)
    assert words(shell.workspace.project) == ["one", "two"]
    assert shell.workspace.project.path.name == "Night pharmacy rescued.tunedesk"
    assert any("2 examples were rescued" in message for message in messages(shell))


def test_a_backup_that_is_damaged_leaves_the_project_open_as_it_was(shell, path, qtbot):
    (good,) = backups_of(path)
    good.path.write_bytes(b"x" * 1000)
    shell.open_path(path)
    shell.opener.recovery().go_back(path, good)
    qtbot.waitUntil(lambda: shell.workspace is not None, timeout=20_000)
    assert words(shell.workspace.project) == ["one", "two"]
    assert any("backup is damaged" in message for message in messages(shell))


def test_backups_come_by_themselves_while_a_project_is_open(shell, tmp_path, qtbot):
    path = tmp_path / "New.tunedesk"
    Project.create(path).close()
    shell.open_path(path)
    rolling = shell.workspace.start_backups()
    calm(shell, qtbot)
    assert len(backups_of(path)) == 1
    add(shell.workspace.project, "one")
    rolling.look()
    calm(shell, qtbot)
    assert len(backups_of(path)) == 1  # not due for an hour


def test_a_backup_that_cannot_be_written_is_told_once(shell, path, qtbot, monkeypatch):
    def refuse(*_args):
        raise UserError("No backup could be written.")

    shell.open_path(path)
    monkeypatch.setattr(backups, "EVERY_SECONDS", -1.0)
    monkeypatch.setattr("tunedesk.gui.recovery.back_up", refuse)
    rolling = shell.workspace.start_backups()
    calm(shell, qtbot)
    rolling.look()
    calm(shell, qtbot)
    assert messages(shell).count("No backup could be written.") == 1


def test_a_reader_makes_no_backups(shell, path):
    with Project.open(path):
        shell.open_path(path)
        assert shell.workspace.project.read_only
        assert shell.workspace.start_backups() is None
        shell.close_project()


def test_a_backup_in_a_line(tmp_path):
    line = backup_text(Backup(tmp_path, 1_790_000_000.0, 3_500_000, 1_234, True, False))
    assert "before going back: 1,234 examples, 3." in line


@pytest.fixture
def kept(path):
    """Two kept copies, the second written later."""
    folder = kept_folder()
    folder.mkdir(parents=True)
    made = []
    for number, name in enumerate(("Older", "Law")):
        made.append(folder / f"{name}.tunedesk")
        shutil.copy(path, made[-1])
        os.utime(made[-1], (1_790_000_000 + number, 1_790_000_000 + number))
    (folder / "notes.txt").write_text("not ours")
    return made


def test_kept_copies_are_shown_with_their_size_and_opened(shell, kept, qtbot):
    shell.actions_["project.kept"].trigger()
    dialog = shown(shell, KeptCopiesDialog)
    rows = [dialog.list.item(row).text() for row in range(dialog.list.count())]
    assert [row.split(": ")[1] for row in rows] == ["Law", "Older"]
    size = QLocale().formattedDataSize(2 * kept[0].stat().st_size)
    assert "these 2 projects" in dialog._words.text()
    assert size in dialog._words.text()
    dialog.open_button.click()
    assert shell.workspace.project.path == kept[1]


def test_a_kept_copy_is_deleted_only_after_a_question_and_never_while_it_is_open(shell, kept):
    recovery = shell.opener.recovery()
    dialog = recovery.show_kept_copies()
    dialog.list.setCurrentRow(1)
    dialog.remove.click()
    question = next(one for one in dialog.findChildren(QDialog) if one.isVisible())
    question.reject()
    assert kept[0].exists()
    dialog.remove.click()
    question = next(one for one in dialog.findChildren(QDialog) if one.isVisible())
    question.accept()
    assert not kept[0].exists()
    assert dialog.list.count() == 1
    assert "this project" in dialog._words.text()
    with Project.open(kept[1]):
        dialog._delete(kept_copies()[0])
        assert "“Law” is open, so it was not deleted." in messages(shell)
    assert kept[1].exists()
    assert {entry.name for entry in kept_folder().iterdir()} == {"Law.tunedesk", "notes.txt"}
    dialog = recovery.show_kept_copies()
    dialog._delete(kept_copies()[0])
    assert dialog.list.isHidden()
    assert not dialog.open_button.isEnabled()
    assert dialog._words.text().startswith("There are none.")
    dialog.close()
