"""What is said of a run: state, place, progress and the time it still takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.gui.fine_tune.run_text import (
    epoch_now,
    facts_text,
    progress_text,
    seconds_left,
    share_done,
    state_text,
)
from tunedesk.project.run_records import Metric, Run, RunError, RunFile


def run(**values):
    given = {
        "id": 1,
        "key": "k",
        "name": "a",
        "created_at": 0,
        "provider": "local",
        "base_url": "",
        "base_model": "tunedesk-starter",
        "stage": "following",
        "status": "running",
    }
    return Run(**given | values)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"stage": "uploading", "status": ""}, "Sending"),
        ({"status": "validating_files"}, "Checking files"),
        ({"status": "running"}, "Training"),
        ({"stage": "ended", "status": "succeeded"}, "Ready"),
        ({"stage": "ended", "status": "", "error": RunError("x", "y")}, "Failed"),
        ({"stage": "ended", "status": ""}, "Cancelled"),
        ({"status": "warming_up"}, "warming_up"),
    ],
)
def test_state_of_a_run(values, words):
    assert state_text(run(**values)).text == words


def test_facts_name_model_place_and_examples():
    made = run(training=RunFile("", "", 1, 1), validation=RunFile("", "", 1, 1034))
    assert facts_text(made) == "Tunedesk starter · this computer · 1 example, 1,034 held back"
    elsewhere = run(provider="nobody", base_model="their-model")
    assert facts_text(elsewhere) == "their-model · nobody"


def test_progress_with_the_time_that_is_left():
    made = run(step=198, total_steps=309, job={"hyperparameters": {"n_epochs": 3}})
    assert progress_text(made, 355) == "step 198 of 309 · epoch 2 of 3 · about 6 min left"
    assert progress_text(run(step=5)) == "step 5"
    assert progress_text(run()) == ""


def test_epochs_stand_where_the_method_has_them():
    job = {"method": {"type": "dpo", "dpo": {"hyperparameters": {"n_epochs": 4}}}}
    assert epoch_now(run(step=1, total_steps=40, job=job)) == 1
    assert epoch_now(run(step=40, total_steps=40, job=job)) == 4
    assert epoch_now(run(step=40, total_steps=40, job={"hyperparameters": "nonsense"})) is None


def test_time_left_follows_the_last_steps():
    metrics = [Metric(step, time=1_000_000 + step * 2000) for step in range(1, 101)]
    made = run(step=100, total_steps=160)
    assert seconds_left(made, metrics, 1_200_000) == 120
    assert seconds_left(made, metrics, 1_210_000) == 110
    assert seconds_left(made, metrics[:1], 1_200_000) is None
    assert seconds_left(run(status="paused", total_steps=160), metrics, 0) is None


@given(st.integers(0, 2**40), st.integers(0, 2**40))
def test_share_is_a_share(step, total):
    share = share_done(run(step=step, total_steps=total))
    assert share is None or 0 <= share <= 1
