"""Which file a new project gets: names that every file system takes, and that no file has yet."""

from pathlib import Path

import pytest

from tunedesk.gui.new_project import free_path, is_project, project_for, safe_name, sample_file
from tunedesk.paths import documents_dir


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("Night pharmacy", "Night pharmacy"),
        ("  a   b  ", "a b"),
        ('a<b>c:d"e/f\\g|h?i*j', "a b c d e f g h i j"),
        ("line\nbreak\ttab\0nul", "line break tab nul"),
        ("...", ""),
        ("", ""),
        ("name.", "name"),
        ("Ünïcode 法律", "Ünïcode 法律"),
        ("x" * 200, "x" * 80),
        ("../../etc/passwd", "etc passwd"),
    ],
)
def test_a_name_that_every_file_system_takes(given, name):
    assert safe_name(given) == name


def test_a_path_that_no_file_has_yet(tmp_path):
    names = []
    for _time in range(3):
        path = free_path(tmp_path, "Law")
        path.write_text("")
        names.append(path.name)
    assert names == ["Law.tunedesk", "Law 2.tunedesk", "Law 3.tunedesk"]


@pytest.mark.parametrize(
    ("name", "project"),
    [
        ("a.tunedesk", True),
        ("a.TuneDesk", True),
        ("a.jsonl", False),
        ("tunedesk", False),
        ("a.tunedesk.jsonl", False),
    ],
)
def test_what_is_a_project_by_its_name(name, project):
    assert is_project(Path(name)) == project


@pytest.mark.parametrize(
    ("file", "name"), [("law.jsonl", "law.tunedesk"), ("....jsonl", "Examples.tunedesk")]
)
def test_where_the_project_of_a_data_file_goes(file, name):
    assert project_for(Path(file)) == documents_dir() / name


def test_the_sample_is_there():
    assert sample_file().read_text(encoding="utf-8").count("\n") > 10
