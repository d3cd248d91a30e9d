"""The command that the launch page shows launches the same."""

import shlex
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gui.fine_tune.launch.made_page import QUESTIONS

from tunedesk import cli
from tunedesk.commands.job_commands import _settings
from tunedesk.fine_tuning.launch_settings import APPROVED, LaunchSettings
from tunedesk.gui.fine_tune.launch.launch_estimate import command_text, next_name
from tunedesk.project.query import ExampleQuery

NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_ $'\"", min_size=1, max_size=20).filter(
    lambda name: not name.startswith("-")
)
SETTINGS = st.builds(
    LaunchSettings,
    provider=st.sampled_from(("local", "openai", "nebius")),
    base_model=NAMES,
    query=st.sampled_from((APPROVED, LaunchSettings().query, ExampleQuery(tags=("family law",)))),
    leave_out_errors=st.booleans(),
    validation_share=st.sampled_from((0.0, 0.1, 0.2, 0.5)),
    name=NAMES,
    epochs=st.none() | st.integers(1, 50),
    batch_size=st.none() | st.integers(1, 256),
    learning_rate=st.none() | st.floats(0.01, 10),
    seed=st.none() | st.integers(0, 10_000),
)


@given(SETTINGS)
def test_command_is_read_as_the_same_settings(settings):
    words = shlex.split(command_text(settings, "night pharmacy.tunedesk"))
    assert words[:2] == ["tunedesk", "launch"]
    options = cli.make_parser("launch").parse_args(words[1:])
    assert options.project.name == "night pharmacy.tunedesk"
    assert _settings(options) == settings


@pytest.mark.parametrize(
    "unsaid",
    [
        {"lora_rank": 8},
        {"full": True},
        {"metadata": {"a": "b"}},
        {"extra_body": {"trainingType": "Standard"}},
        {"query": ExampleQuery(ids=(1, 2))},
    ],
)
def test_what_the_command_cannot_say_shows_no_command(unsaid):
    assert command_text(replace(LaunchSettings(), **unsaid), "a.tunedesk") is None


@pytest.mark.parametrize(
    ("last", "project", "names", "name"),
    [
        ("", "Night library", [], "night-library-v1"),
        ("pharmacy-v4", "x", ["a", "pharmacy-v4"], "pharmacy-v5"),
        # Another run that was begun from the same one has the number.
        ("pharmacy-v4", "x", ["pharmacy-v4", "pharmacy-v5", "pharmacy-v6"], "pharmacy-v7"),
        ("mine", "x", ["mine", "b"], "mine-v3"),
        ("mine", "x", ["mine", "mine-v3"], "mine-v4"),
        ("", "法律", [], "model-v1"),
    ],
)
def test_names_of_new_runs(last, project, names, name):
    assert next_name(last, project, names) == name


def test_a_name_that_another_run_has_is_told(open_page, add, add_run, qtbot):
    add(*QUESTIONS)
    add_run("night-v1", stage="ended", status="succeeded")
    dialog = open_page()
    assert dialog.name.text() not in ("", "night-v1")
    dialog.name.setText("night-v1")
    assert dialog._name_note.text() == "Another run has this name already."
