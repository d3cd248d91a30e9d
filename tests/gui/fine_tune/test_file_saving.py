import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtWidgets import QDialog, QWidget

from tunedesk.errors import UserError
from tunedesk.gui.fine_tune.file_saving import LONGEST_NAME, beside_project, file_name, write_whole
from tunedesk.paths import documents_dir


@given(st.text())
def test_any_text_makes_a_name_that_is_no_path(text):
    name = file_name(text)
    assert 0 < len(name) <= LONGEST_NAME
    assert not set(name) & set('/\\:*?"<>|\n\0')
    assert name.strip(" .") == name


def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_written_leaves_what_stood_there(tmp_path):
    path = tmp_path / "folder"
    path.mkdir()
    with pytest.raises(UserError, match="cannot be written"):
        write_whole(path, b"new")
    assert list(tmp_path.iterdir()) == [path]


def test_a_saved_file_may_be_read_by_those_who_may_read_any_new_file(tmp_path):
    write_whole(tmp_path / "a.txt", b"new")
    (tmp_path / "b.txt").write_bytes(b"new")
    assert (tmp_path / "a.txt").stat().st_mode == (tmp_path / "b.txt").stat().st_mode


def test_a_file_dialog_begins_beside_the_project(window, tmp_path):
    inner = QWidget(window)
    window.setWindowFilePath("")
    assert beside_project(inner, "a.csv") == str(documents_dir() / "a.csv")
    window.setWindowFilePath(str(tmp_path / "Law.tunedesk"))
    assert beside_project(inner, "a.csv") == str(tmp_path / "a.csv")
    assert beside_project(QDialog(window)) == str(tmp_path)
