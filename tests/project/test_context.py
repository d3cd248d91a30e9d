"""Settings of a project: kept as JSON; what cannot be is the usual value."""

import pytest

from tunedesk import __version__
from tunedesk.project.context import DEFAULTS, as_json_array
from tunedesk.project.project import Project


def test_a_new_project_has_the_usual_settings(project):
    assert {key: project.setting(key) for key in DEFAULTS} == DEFAULTS
    assert project.setting("colour") is None
    assert project.setting("colour", "blue") == "blue"


@pytest.mark.parametrize("value", ["x", 3, 2.5, True, [1, "two"], {"three": None}, "ünïcode\n"])
def test_a_setting_comes_back_after_a_restart(tmp_path, value):
    path = tmp_path / "Test.tunedesk"
    with Project.create(path) as project:
        project.set_setting("colour", "earlier")
        project.set_setting("colour", value)
    with Project.open(path) as project:
        assert project.setting("colour") == value
        project.set_setting("colour", None)
        assert project.setting("colour", "gone") == "gone"


@pytest.mark.parametrize("stored", ["{", "[" * 5000, "NaN" * 3, '"a target of 2099"', "7"])
def test_what_cannot_be_is_the_usual_value(project, stored):
    project.context.store.execute("INSERT INTO setting(key, value) VALUES ('target', ?)", (stored,))
    assert project.setting("target") == DEFAULTS["target"]
    assert project.context.check_settings.target == DEFAULTS["target"]


def test_the_basis_of_facts_tells_all_that_they_depend_on(project):
    project.set_setting("encoding", "cl100k_base")
    target, encoding, model = project.context.check_settings
    assert project.context.basis == f"{target}/{encoding}/{model}/{__version__}"
    assert encoding == "cl100k_base"


@pytest.mark.parametrize(("ids", "text"), [([], "[]"), ([3], "[3]"), ([1, 2], "[1,2]")])
def test_ids_as_one_parameter(project, ids, text):
    assert as_json_array(ids) == text
    rows = project.context.store.rows("SELECT value FROM json_each(?)", (as_json_array(ids),))
    assert [value for (value,) in rows] == ids


def test_the_views_are_told_of_a_setting(project):
    told = []
    project.subscribe(told.append)
    project.set_setting("colour", "blue")
    assert [change.kinds for change in told] == [frozenset({"settings"})]
