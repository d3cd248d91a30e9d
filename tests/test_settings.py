"""Settings come back as they were saved, and bad files never stop the program."""

import json
import string

from hypothesis import given
from hypothesis import strategies as st

from tunedesk.settings import MAX_RECENT_PROJECTS, Settings


def test_saved_settings_come_back(tmp_path):
    file = tmp_path / "deep" / "settings.json"
    settings = Settings(path=file, theme="dark", zoom=1.25, author="Ada")
    settings.window["splitter"] = [300, 500]
    settings.save()
    again = Settings.load(file)
    assert again == settings
    assert [p.name for p in file.parent.iterdir()] == ["settings.json"]


def test_a_value_of_the_wrong_type_keeps_its_default(tmp_path):
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"theme": 7, "zoom": 2, "monospace": "yes", "unknown": 1}))
    settings = Settings.load(file)
    assert (settings.theme, settings.zoom, settings.monospace) == ("system", 2.0, False)


@given(st.binary(max_size=200))
def test_any_bytes_can_be_loaded(tmp_path_factory, content):
    file = tmp_path_factory.mktemp("settings") / "settings.json"
    file.write_bytes(content)
    assert isinstance(Settings.load(file).theme, str)


def test_settings_without_a_file_are_not_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Settings().save()
    assert list(tmp_path.iterdir()) == []


@given(st.lists(st.text(string.ascii_lowercase, min_size=1, max_size=3), max_size=40))
def test_recent_projects_are_distinct_latest_first_and_few(names):
    settings = Settings()
    for name in names:
        settings.remember_project(name)
    recent = settings.recent_projects
    assert recent == list(dict.fromkeys(reversed(names)))[:MAX_RECENT_PROJECTS]
