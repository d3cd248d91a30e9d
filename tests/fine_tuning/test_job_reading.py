import datetime
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tunedesk.fine_tuning.job_reading import (
    job_error,
    job_state,
    milliseconds,
    run_checkpoint,
    run_event,
    whole_number,
)
from tunedesk.fine_tuning.providers import provider
from tunedesk.project.run_records import RunError, RunEvent

OPENAI = provider("openai")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
FIELDS = (
    *("id", "status", "error", "created_at", "finished_at", "estimated_finish", "model"),
    *("fine_tuned_model", "result_files", "trained_tokens", "method", "hyperparameters"),
    *("seed", "metadata", "suffix", "user_provided_suffix", "trained_steps", "total_steps"),
    *("training_file", "validation_file", "level", "message", "data", "type", "metrics"),
    *("step_number", "fine_tuned_model_checkpoint"),
)
NONSENSE = st.dictionaries(st.sampled_from(FIELDS), JSON)


@given(NONSENSE)
@example({"created_at": 1e-9})
def test_nothing_a_service_says_stops_us(row):
    state = job_state(row, OPENAI)
    assert isinstance(state.status, str)
    assert isinstance(state.hyperparameters, dict)
    assert all(isinstance(value, str) for value in state.metadata.values())
    for time in (state.created_at, state.finished_at, state.estimated_finish):
        assert time is None or 0 < time < 2**63
    event = run_event(row)
    assert event.id
    assert event == run_event(row)
    assert isinstance(event.message, str)
    assert run_checkpoint(row).step >= 0


@pytest.mark.parametrize(
    "empty", [None, {}, {"code": None, "message": None, "param": None}, "", []]
)
def test_an_empty_error_is_none(empty):
    assert job_error(empty) is None


def test_an_error_is_one_if_it_says_anything():
    assert job_error({"code": "x"}) == RunError("x", "", "")
    assert job_error({"message": "y", "param": "training_file"}) == RunError(
        "", "y", "training_file"
    )
    assert job_error(" out of memory ") == RunError("", "out of memory", "")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (1_763_654_400, 1_763_654_400_000),
        (1_763_654_400.5, 1_763_654_400_500),
        (1_763_654_400_000, 1_763_654_400_000),
        ("1763654400", 1_763_654_400_000),
        ("2025-11-20T16:00:00Z", 1_763_654_400_000),
        ("2025-11-20T16:00:00", 1_763_654_400_000),
        ("2025-11-20T18:00:00+02:00", 1_763_654_400_000),
        (0, None),
        (-5, None),
        (None, None),
        (True, None),
        ("", None),
        ("soon", None),
        (math.nan, None),
        (math.inf, None),
        (10**30, None),
        ([], None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_times(said, meant):
    assert milliseconds(said) == meant


@given(st.datetimes(datetime.datetime(1975, 1, 1), datetime.datetime(2200, 1, 1)))
def test_seconds_milliseconds_and_iso_mean_the_same_time(when):
    when = when.replace(tzinfo=datetime.UTC, microsecond=0)
    seconds = int(when.timestamp())
    assert milliseconds(seconds) == milliseconds(seconds * 1000) == seconds * 1000
    assert milliseconds(when.isoformat()) == seconds * 1000


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        *[(7, 7), (7.0, 7), ("7", 7), ("7.0", 7), (0, 0), (-1, None), (7.5, None), ("x", None)],
        *[(True, None), (None, None), (10**20, None), ("9" * 5000, None), (math.nan, None)],
    ],
)
def test_whole_numbers(said, meant):
    assert whole_number(said) == meant


def test_hyperparameters_from_either_place():
    new = {"type": "dpo", "dpo": {"hyperparameters": {"beta": 0.1}}}
    state = job_state({"id": "j", "method": new, "hyperparameters": None}, OPENAI)
    assert (state.method, state.hyperparameters) == ("dpo", {"beta": 0.1})
    state = job_state({"id": "j", "hyperparameters": {"n_epochs": 3}}, OPENAI)
    assert (state.method, state.hyperparameters) == ("supervised", {"n_epochs": 3})
    empty = {"type": "supervised", "supervised": {}}
    state = job_state({"id": "j", "method": empty, "hyperparameters": {"n_epochs": 3}}, OPENAI)
    assert state.hyperparameters == {"n_epochs": 3}


def test_result_files_as_ids_or_as_objects():
    row = {"id": "j", "result_files": ["file-1", {"id": "file-2"}, None, 7, {}]}
    assert job_state(row, OPENAI).result_files == ("file-1", "file-2")


def test_an_event_without_its_id_gets_a_steady_one():
    row = {"created_at": 1_700_000_000, "message": "Step 1", "level": "WARNING", "data": None}
    event = run_event(row)
    assert event == RunEvent(event.id, 1_700_000_000_000, "warn", "Step 1", "message", {})
    assert run_event(dict(row)).id == event.id
    assert run_event(row | {"message": "Step 2"}).id != event.id


def test_a_checkpoints_step_may_stand_among_its_figures():
    row = {"id": "c", "metrics": {"step": 8, "train_loss": 0.5}}
    assert run_checkpoint(row).step == 8
    assert run_checkpoint(row | {"step_number": 9}).step == 9
