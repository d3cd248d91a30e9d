"""The open project's file renamed, replaced, deleted, damaged: what the window does and says."""

import json
import os
import shutil
import threading
from types import SimpleNamespace

import pytest
from PySide6.QtGui import QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QPushButton
from tests.project.made_examples import add, example_text, new_example, undo_name, words

from tunedesk.errors import UserError
from tunedesk.gui import file_follower, project_file
from tunedesk.gui.examples.form.message_text import MessageText
from tunedesk.gui.main_window import MainWindow
from tunedesk.gui.project_file import ProjectFileWatch, tell_of_opening
from tunedesk.paths import user_data_dir
from tunedesk.progress import no_progress
from tunedesk.project import opening, undo
from tunedesk.project.bulk_changes import StreamedChange
from tunedesk.project.damage import DiskFullError
from tunedesk.project.lock import FileState, Whereabouts
from tunedesk.project.project import Project
from tunedesk.project.undo import Interrupted

PAGE = 8192


@pytest.fixture
def _soon(monkeypatch):
    monkeypatch.setattr(project_file, "DAMAGE_CHECK_DELAY_MS", 0)


@pytest.mark.usefixtures("_soon")
def test_a_whole_file_is_not_spoken_of(path, background, feedback, window, qtbot):
    window.show()
    with Project.open(path) as project:
        task = project_file.check_for_damage(project, background, feedback)
        qtbot.waitUntil(lambda: task.done)
        assert not feedback.toasts()


@pytest.mark.usefixtures("_soon")
def test_damage_is_said_with_what_to_do(path, background, feedback, window, qtbot):
    window.show()
    with Project.open(path) as project:
        table = "SELECT rootpage FROM sqlite_master WHERE name = 'version_text'"
        start = (project.context.store.value(table) - 1) * PAGE
    raw = bytearray(path.read_bytes())
    raw[start : start + 100] = b"\xff" * 100
    path.write_bytes(raw)
    with Project.open(path) as project:
        project_file.check_for_damage(project, background, feedback)
        qtbot.waitUntil(lambda: bool(feedback.toasts()))
    told = feedback.toasts()[0].accessibleName()
    assert "Law.tunedesk" in told
    assert "Go back to a backup" in told


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch):
    monkeypatch.setattr(project_file, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(project_file, "CONFIRM_SECONDS", 0.01)
    monkeypatch.setattr(file_follower, "AGAIN_MS", 20)
    monkeypatch.setattr(file_follower, "READER_WAITS_MS", 200)


@pytest.fixture
def shell(show_window):
    """The window with its real pages."""
    return show_window()


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "Law.tunedesk"
    with Project.create(path) as project:
        add(project, "one")
    return path


def said(shell):
    return [toast.accessibleName() for toast in shell.feedback.toasts()]


def project_of(shell):
    return shell.workspace.project


def type_in_the_form(shell, qtbot, text):
    """Type at the end of the first message; returns before it is written."""
    page = shell.workspace.examples
    qtbot.waitUntil(lambda: page.open_example.example_id is not None)
    example = page.open_example
    record = json.loads(example.text)
    record["messages"][0]["content"] += text
    example.apply(json.dumps(record), undo.ChangeName("edit_message", {"number": 1}), "here")


def words_in(path):
    with Project.open(path) as project:
        return [
            json.loads(project.text(number))["messages"][0]["content"] for number in project.ids()
        ]


def test_a_rename_is_followed_with_what_was_just_typed(shell, path, qtbot):
    shell.open_path(path)
    type_in_the_form(shell, qtbot, " typed")
    assert shell.status.text().endswith("Saving …")
    new = path.rename(path.with_name("Medicine.tunedesk"))
    qtbot.waitUntil(lambda: project_of(shell).path == new)
    (told,) = [one for one in shell.feedback.toasts() if "“Law” was renamed to" in one.text]
    assert told.lasting
    assert shell.windowTitle().startswith("Medicine")
    assert shell.status.text().endswith("All changes saved")
    assert not project_of(shell).read_only
    assert str(path) not in shell.workspace._settings.recent_projects
    assert [entry.name for entry in path.parent.iterdir() if "Law" in entry.name] == []
    shell.close_project()
    assert words_in(new)[0].endswith(" typed")


def test_what_is_typed_while_the_file_is_renamed_goes_into_the_text(shell, path, qtbot):
    """And approves and rejects nothing: letters are actions where no text has the focus."""
    shell.open_path(path)
    page = shell.workspace.examples
    qtbot.waitUntil(lambda: page.open_example.example_id is not None)
    shell.activateWindow()
    page.form.focus_messages()
    qtbot.waitUntil(lambda: isinstance(QApplication.focusWidget(), MessageText))
    QApplication.focusWidget().moveCursor(QTextCursor.MoveOperation.End)
    new = path.rename(path.with_name("Medicine.tunedesk"))
    asked = " a clause about rent rates"
    for letter in asked:
        # By the whole way that a key of the keyboard takes, shortcuts and all.
        QTest.keyClick(shell.windowHandle(), letter)
        qtbot.wait(10)
    qtbot.waitUntil(lambda: project_of(shell).path == new)
    page = shell.workspace.examples
    qtbot.waitUntil(lambda: page.open_example.example_id is not None)
    qtbot.waitUntil(lambda: asked in page.open_example.text)
    assert isinstance(shell.focusWidget(), MessageText)
    assert [row.state for row in project_of(shell).rows(project_of(shell).ids())] == ["draft"]
    shell.close_project()
    assert words_in(new) == [f"one{asked}"]


def test_a_move_into_another_folder_is_followed(shell, path, qtbot):
    shell.open_path(path)
    folder = path.parent / "elsewhere"
    folder.mkdir()
    new = path.rename(folder / path.name)
    qtbot.waitUntil(lambda: project_of(shell).path == new)
    assert any(str(folder) in text for text in said(shell))


def test_a_renamed_folder_is_followed(shell, tmp_path, qtbot):
    folder = tmp_path / "folder"
    folder.mkdir()
    Project.create(folder / "Law.tunedesk").close()
    shell.open_path(folder / "Law.tunedesk")
    new = folder.rename(tmp_path / "new folder") / "Law.tunedesk"
    qtbot.waitUntil(lambda: project_of(shell).path == new)


def test_the_user_stays_where_they_were(shell, path, qtbot):
    with Project.open(path) as project:
        project.add_examples([new_example(str(number)) for number in range(30)])
    shell.open_path(path)
    page = shell.workspace.examples
    qtbot.waitUntil(lambda: page.open_example.example_id is not None)
    page.go_to(20)
    new = path.rename(path.with_name("Medicine.tunedesk"))
    qtbot.waitUntil(lambda: project_of(shell).path == new)
    qtbot.waitUntil(lambda: shell.workspace.examples.open_example.example_id == 20)


@pytest.mark.parametrize("with_a_journal", [False, True])
def test_a_deleted_project_goes_on_in_a_copy(shell, path, qtbot, monkeypatch, with_a_journal):
    if with_a_journal:  # as on a network drive
        monkeypatch.setattr(opening, "storage_note", lambda _path: "A network folder.")
    shell.open_path(path)
    type_in_the_form(shell, qtbot, " typed")
    path.unlink()
    qtbot.waitUntil(lambda: project_of(shell).path != path)
    kept = project_of(shell).path
    assert kept.parent == user_data_dir() / "kept"
    (text,) = [text for text in said(shell) if "deleted" in text]
    said_of_it = "“Law” was deleted, or moved to another disk, while it was open."
    assert f"{said_of_it} Nothing is lost" in text
    assert not any("copy that Tunedesk keeps:" in text for text in said(shell))
    assert shell.crashes.dialog() is None
    add(project_of(shell), "two")
    shell.close_project()
    assert words_in(kept)[0].endswith(" typed")
    assert len(words_in(kept)) == 2
    assert not path.exists()


def test_a_kept_copy_that_is_opened_again_says_what_it_is(shell, path, qtbot):
    shell.open_path(path)
    path.unlink()
    qtbot.waitUntil(lambda: project_of(shell).path != path)
    kept = project_of(shell).path
    shell.close_project()
    for toast in shell.feedback.toasts():
        toast.close()
    shell.open_path(kept)
    assert sum("copy that Tunedesk keeps: save it" in text for text in said(shell)) == 1


def test_save_elsewhere_goes_on_there_and_takes_the_kept_copy_away(shell, path, qtbot):
    shell.open_path(path)
    path.unlink()
    qtbot.waitUntil(lambda: project_of(shell).path != path)
    kept = project_of(shell).path
    elsewhere = path.parent / "new folder" / "Saved.tunedesk"
    shell._follower.go_on_elsewhere(elsewhere)
    qtbot.waitUntil(lambda: project_of(shell).path == elsewhere)
    assert not kept.exists()
    assert words(project_of(shell)) == ["one"]


def test_save_elsewhere_onto_itself_changes_nothing(shell, path, qtbot):
    shell.open_path(path)
    path.unlink()
    qtbot.waitUntil(lambda: project_of(shell).path != path)
    kept = project_of(shell).path
    link = path.with_name("Link.tunedesk")
    link.symlink_to(kept)
    before = os.stat(kept).st_ino
    for name in (kept, link, kept.parent / "." / kept.name):
        shell._follower.go_on_elsewhere(name)
        assert not shell._follower._copies.running
    assert (project_of(shell).path, os.stat(kept).st_ino) == (kept, before)
    assert link.is_symlink()


def test_save_elsewhere_where_nothing_can_be_written_keeps_the_copy(shell, path, qtbot):
    shell.open_path(path)
    path.unlink()
    qtbot.waitUntil(lambda: project_of(shell).path != path)
    kept = project_of(shell).path
    folder = path.with_name("A folder.tunedesk")
    folder.mkdir()
    shell._follower.go_on_elsewhere(folder)
    qtbot.waitUntil(lambda: any("is not a file, so no copy" in text for text in said(shell)))
    assert project_of(shell).path == kept
    assert words(project_of(shell)) == ["one"]
    assert list(folder.iterdir()) == []


def slow_copies(monkeypatch):
    """The first copy is begun, and goes on when the first of these two events is set."""
    go_on, begun, threads = threading.Event(), threading.Event(), []
    save_copy = Project.save_copy

    def held(project, target, progress=no_progress, *, shared=False):
        threads.append(threading.current_thread())
        begun.set()
        while len(threads) == 1 and not go_on.wait(0.005):
            progress(0, None)
        save_copy(project, target, progress, shared=shared)

    monkeypatch.setattr(Project, "save_copy", held)
    return go_on, begun, threads


def test_the_copy_of_a_deleted_project_is_written_while_typing_goes_on(
    shell, path, qtbot, monkeypatch
):
    shell.open_path(path)
    qtbot.waitUntil(lambda: shell.workspace.examples.open_example.example_id is not None)
    go_on, begun, threads = slow_copies(monkeypatch)
    path.unlink()
    qtbot.waitUntil(begun.is_set)
    add(project_of(shell), "two")
    type_in_the_form(shell, qtbot, " typed")
    go_on.set()
    qtbot.waitUntil(lambda: project_of(shell).path != path)
    assert threading.main_thread() not in threads
    assert len(threads) == 2  # once more, since something was written meanwhile
    kept = project_of(shell).path
    shell.close_project()
    assert words_in(kept) == ["one typed", "two"]
    assert [entry.name for entry in kept.parent.iterdir()] == [kept.name]


def test_who_writes_all_the_time_gets_a_copy_all_the_same(shell, path, qtbot, monkeypatch):
    shell.open_path(path)
    project, save_copy, threads = project_of(shell), Project.save_copy, []

    def busy(one, target, progress=no_progress, *, shared=False):
        threads.append(threading.current_thread())
        save_copy(one, target, progress, shared=shared)
        if threads[-1] is not threading.main_thread():
            add(one, f"more {len(threads)}")

    monkeypatch.setattr(Project, "save_copy", busy)
    path.unlink()
    qtbot.waitUntil(lambda: project_of(shell) is not project)
    assert len(threads) == file_follower.MOST_COPIES + 1
    assert threads[-1] is threading.main_thread()
    assert words(project_of(shell)) == ["one", "more 1", "more 2", "more 3"]


@pytest.mark.parametrize("copying", [False, True])
def test_a_window_that_closes_over_a_deleted_file_keeps_a_copy(
    shell, path, qtbot, monkeypatch, copying
):
    shell.open_path(path)
    go_on, begun, _threads = slow_copies(monkeypatch)
    if not copying:
        shell.workspace._file_watch.close()
        go_on.set()
    type_in_the_form(shell, qtbot, " typed")
    path.unlink()
    if copying:
        qtbot.waitUntil(begun.is_set)
    shell.close()
    (kept,) = (user_data_dir() / "kept").iterdir()
    assert words_in(kept) == ["one typed"]
    (text,) = said(shell)
    assert f"a copy was kept, {kept}" in text


def test_a_whole_folder_that_was_deleted(shell, tmp_path, qtbot):
    folder = tmp_path / "folder"
    folder.mkdir()
    with Project.create(folder / "Law.tunedesk") as project:
        add(project, "one")
    shell.open_path(folder / "Law.tunedesk")
    add(project_of(shell), "two")
    shutil.rmtree(folder)
    qtbot.waitUntil(lambda: project_of(shell).path.parent == user_data_dir() / "kept")
    assert words(project_of(shell)) == ["one", "two"]
    assert shell.crashes.dialog() is None


def test_a_project_put_into_the_trash_goes_on_in_a_copy(shell, path, qtbot):
    shell.open_path(path)
    trash = path.parent / ".Trash-1000" / "files"
    trash.mkdir(parents=True)
    path.rename(trash / path.name)
    qtbot.waitUntil(lambda: project_of(shell).path.parent == user_data_dir() / "kept")
    assert any("put into the trash" in text for text in said(shell))
    # What lies in the trash is whole too, should it be put back.
    assert words_in(trash / path.name) == ["one"]


def test_a_replaced_project_goes_on_in_a_copy_and_the_other_file_is_left_alone(shell, path, qtbot):
    other = path.with_name("Other.tunedesk")
    with Project.create(other) as project:
        add(project, "other")
    before = other.read_bytes()
    shell.open_path(path)
    add(project_of(shell), "two")
    os.replace(other, path)
    qtbot.waitUntil(lambda: project_of(shell).path != path)
    assert any("replaced by another file" in text for text in said(shell))
    assert words(project_of(shell)) == ["one", "two"]
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_project_that_was_written_over_is_closed_and_left_alone(shell, path, qtbot):
    other = path.with_name("Other.tunedesk")
    with Project.create(other) as project:
        project.add_examples([new_example(str(number)) for number in range(500)])
    before = other.read_bytes()
    shell.open_path(path)
    add(project_of(shell), "two")
    shutil.copyfile(other, path)
    qtbot.waitUntil(lambda: shell.workspace is None)
    assert any("“Law” was written over by another program" in text for text in said(shell))
    assert shell.stack.currentWidget() is shell.welcome
    assert shell.crashes.dialog() is None
    assert path.read_bytes() == before


def test_a_copy_of_the_file_alone_has_what_was_written_a_while_ago(shell, path, qtbot):
    """As backups and syncs make them, and a move to another disk."""
    shell.open_path(path)
    copy = path.with_name("Copy.tunedesk")

    def words_of_copy():
        shutil.copyfile(path, copy)
        with Project.open(copy) as project:
            return words(project)

    for word in ("two", "three"):
        add(project_of(shell), word)
        qtbot.waitUntil(lambda word=word: word in words_of_copy())
    assert words_of_copy() == ["one", "two", "three"]
    assert project_of(shell).file_state().whereabouts is Whereabouts.IN_PLACE


def test_work_under_way_is_not_cut_off(shell, path, qtbot):
    shell.open_path(path)
    begun, go_on = threading.Event(), threading.Event()

    def work(project, _progress):
        begun.set()
        go_on.wait(10)
        return add(project, "two")

    shell.workspace.operations.run("Adding", work)
    qtbot.waitUntil(begun.is_set)
    new = path.rename(path.with_name("Medicine.tunedesk"))
    qtbot.waitUntil(lambda: shell.status.text().endswith("The file was moved"))
    assert project_of(shell).path == path
    go_on.set()
    qtbot.waitUntil(lambda: project_of(shell).path == new)
    assert words(project_of(shell)) == ["one", "two"]


def test_a_dialog_is_not_closed_over_the_user(shell, path, qtbot):
    shell.open_path(path)
    dialog = QDialog(shell)
    dialog.open()
    new = path.rename(path.with_name("Medicine.tunedesk"))
    qtbot.waitUntil(lambda: shell.status.text().endswith("The file was moved"))
    assert project_of(shell).path == path
    dialog.close()
    qtbot.waitUntil(lambda: project_of(shell).path == new)


def test_who_only_reads_follows_whoever_writes(shell, path, qtbot, theme, settings):
    writer = MainWindow(settings, theme)
    qtbot.addWidget(writer)
    writer.show()
    writer.open_path(path)
    shell.open_path(path)
    assert project_of(shell).read_only
    new = path.rename(path.with_name("Medicine.tunedesk"))
    qtbot.waitUntil(lambda: project_of(writer).path == new)
    qtbot.waitUntil(lambda: project_of(shell).path == new)
    assert project_of(shell).read_only
    add(project_of(writer), "two")
    assert words(project_of(shell)) == ["one", "two"]
    writer.close()


def test_a_project_that_is_only_read_is_closed_when_it_is_gone(shell, path, qtbot):
    writer = Project.open(path)
    try:
        shell.open_path(path)
        assert project_of(shell).read_only
        path.unlink()
        qtbot.waitUntil(lambda: shell.workspace is None)
        assert any("was deleted or replaced" in text for text in said(shell))
    finally:
        writer.close()


def test_where_no_copy_can_be_written_it_is_said_and_nothing_is_lost(
    shell, path, qtbot, monkeypatch
):
    def refuse(_project, _path, _progress, *, shared):
        raise UserError("No copy of the project could be written.", "Make room on the disk.")

    shell.open_path(path)
    with monkeypatch.context() as patch:
        patch.setattr(Project, "save_copy", refuse)
        path.unlink()
        qtbot.waitUntil(lambda: any("No copy" in text for text in said(shell)))
        assert shell.status.text().endswith("The file was deleted")
        assert words(project_of(shell)) == ["one"]
    elsewhere = path.with_name("Saved.tunedesk")
    shell._follower.go_on_elsewhere(elsewhere)
    qtbot.waitUntil(lambda: project_of(shell).path == elsewhere)
    assert words(project_of(shell)) == ["one"]


def test_a_file_that_is_away_for_a_moment_is_not_spoken_of(path, qtbot):
    with Project.open(path) as project:
        states = [project.file_state(), FileState(Whereabouts.UNREACHABLE, None)]
        told = []
        asked = []

        def state_of():
            asked.append(1)
            return states[int(len(asked) == 3)]

        project.file_state = state_of
        watch = ProjectFileWatch(project)
        watch.changed.connect(told.append)
        qtbot.waitUntil(lambda: len(asked) > 6)
        watch.close()
        assert told == []


def test_a_drive_that_is_gone_and_comes_back(shell, path, qtbot, monkeypatch):
    shell.open_path(path)
    with monkeypatch.context() as patch:
        patch.setattr(
            "tunedesk.project.lock.state_of",
            lambda *_arguments: FileState(Whereabouts.UNREACHABLE, None),
        )
        qtbot.waitUntil(lambda: shell.status.text().endswith("The file cannot be reached"))
    qtbot.waitUntil(lambda: shell.status.text().endswith("All changes saved"))
    assert project_of(shell).path == path


def test_what_cannot_be_saved_is_not_called_saved(shell, path, qtbot, monkeypatch):
    shell.open_path(path)

    def refuse(*_arguments, **_keywords):
        raise UserError("The disk is full.", "Make room.")

    with monkeypatch.context() as patch:
        patch.setattr(Project, "set_text", refuse)
        type_in_the_form(shell, qtbot, " typed")
        qtbot.waitUntil(lambda: shell.status.text().endswith("The last change is not saved"))
    shell.flush()
    assert shell.status.text().endswith("All changes saved")


def let_grow(project, pages):
    """The disk has room for so many more pages through this handle; None for any number."""
    store = project.context.store
    most = 10**9 if pages is None else store.value("PRAGMA page_count") + pages
    store.execute(f"PRAGMA max_page_count = {most}")


def test_an_import_that_a_full_disk_stopped_goes_on_when_asked(
    shell, path, tmp_path, qtbot, monkeypatch
):
    files = [tmp_path / "first.jsonl", tmp_path / "second.jsonl"]
    files[0].write_text("".join(example_text("x" * 400) + "\n" for _number in range(3000)))
    files[1].write_text(example_text("second") + "\n")
    shell.open_path(path)
    real = Project.handle

    def narrow(project):
        handle = real(project)
        let_grow(handle, 60)
        return handle

    with monkeypatch.context() as patch:
        patch.setattr(Project, "handle", narrow)
        shell.workspace.import_files(files)
        qtbot.waitUntil(lambda: any("came in and are kept" in text for text in said(shell)))
        qtbot.waitUntil(lambda: not shell.workspace.operations.running)
    came = project_of(shell).count() - 1
    assert 200 <= came < 3000
    toast = next(toast for toast in shell.feedback.toasts() if "came in" in toast.accessibleName())
    assert f"The disk is full. {came:,} examples of first.jsonl" in toast.accessibleName()
    next(button for button in toast.findChildren(QPushButton) if button.text() == "Go on").click()
    # The rest of the file comes, then the file that had waited behind it.
    qtbot.waitUntil(lambda: project_of(shell).count() == 3002, timeout=20_000)
    qtbot.waitUntil(lambda: not shell.workspace.operations.running)
    assert undo_name(project_of(shell)) == "Import 1 example from second.jsonl"
    project_of(shell).undo()
    assert undo_name(project_of(shell)) == "Import 3,000 examples from first.jsonl"


def test_what_a_full_disk_stopped_is_put_right_when_there_is_room(shell, path, qtbot, monkeypatch):
    with Project.open(path) as project:
        project.add_examples([new_example(str(number)) for number in range(1000)])
    shell.open_path(path)

    def refuse(_context, _change_id):
        raise DiskFullError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(undo, "roll_back", refuse)
        patch.setattr(undo, "finish_interrupted", refuse)
        change = StreamedChange(
            project_of(shell).context, lambda count: undo.ChangeName("delete", {"count": count}), 9
        )
        with pytest.raises(DiskFullError, match="stopped on the way"), change:
            raise DiskFullError("The disk is full.")
        qtbot.waitUntil(lambda: shell.status.text().endswith("Waiting for room on the disk"))
    qtbot.waitUntil(lambda: shell.status.text().endswith("All changes saved"))
    assert "There is room on the disk again: “Delete 9 examples” was taken back." in said(shell)


def test_a_change_that_was_cut_off_is_told_until_it_is_closed_and_its_undo_is_its_own(
    feedback, window
):
    window.show()
    told = []
    steps = (
        Interrupted("Import 3 examples", "kept", 7, 3, "a.jsonl"),
        Interrupted("Reject 20 examples", "taken back", 8),
    )
    project = SimpleNamespace(held_by=None, read_only=False, storage_note="", interrupted=steps)
    tell_of_opening(project, feedback, lambda *args, **named: told.append((args, named)))
    assert told == [
        (
            ("The import of a.jsonl had been cut off. 3 examples had come in and were kept.", 7),
            {"lasting": True},
        )
    ]
    (toast,) = feedback.toasts()
    assert "“Reject 20 examples” had been cut off" in toast.text
    assert toast.lasting
