import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.errors import UserError
from tunedesk.gui.fine_tune.file_saving import LONGEST_NAME, file_name, write_whole


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
