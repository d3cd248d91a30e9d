import base64
import datetime
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tunedesk.fine_tuning.parse_job import (
    job_error,
    job_state,
    merged_metrics,
    metric_of_checkpoint,
    metric_of_event,
    metrics_of_result_file,
    milliseconds,
    run_checkpoint,
    run_event,
    total_steps_of_event,
    whole_number,
)
from tunedesk.project.run_records import Metric, RunCheckpoint, RunError, RunEvent
from tunedesk.services.providers import provider_named

OPENAI = provider_named("openai")

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


def event(message="", **data):
    return RunEvent("e", 5, "info", message, "metrics", data)


def test_figures_from_the_data_of_an_event():
    told = event(
        step=3,
        total_steps=300,
        train_loss=0.5,
        train_mean_token_accuracy=0.9,
        valid_loss=0.6,
        valid_mean_token_accuracy=0.8,
        full_valid_loss=0.7,
        full_valid_mean_token_accuracy=0.7,
    )
    assert metric_of_event(told) == Metric(3, 0.5, 0.9, 0.6, 0.8, 0.7, 0.7, 5)
    assert total_steps_of_event(told) == 300


@pytest.mark.parametrize(
    ("message", "metric", "total"),
    [
        (
            "Step 300/300: training loss=0.15, validation loss=0.27, full validation loss=0.40",
            Metric(300, 0.15, None, 0.27, None, 0.40, None, 5),
            300,
        ),
        ("Step 1/12: training loss=2.5e-05", Metric(1, 2.5e-05, time=5), 12),
        ("Step 7: training loss=1", Metric(7, 1.0, time=5), None),
        (
            "Step 2 of 9: training loss=.5, training mean token accuracy=0.75",
            Metric(2, 0.5, 0.75, time=5),
            9,
        ),
        ("Step 4/9: training loss=nan", None, 9),
        ("Checkpoint created at step 4", None, None),
        ("Fine-tuning job started", None, None),
        ("training loss=0.5", None, None),
        ("", None, None),
    ],
)
def test_figures_from_the_sentence_of_an_event(message, metric, total):
    assert metric_of_event(event(message)) == metric
    assert total_steps_of_event(event(message)) == total


def test_data_that_holds_no_figure_leaves_it_to_the_sentence():
    told = event("Step 2/9: training loss=0.5", step=2, train_loss=None)
    assert metric_of_event(told) == Metric(2, 0.5, time=5)


@pytest.mark.parametrize("odd", [None, "", "x", True, [], float("nan"), float("inf"), 10**400])
def test_what_is_no_figure_is_missing(odd):
    told = event(step=1, train_loss=odd, valid_loss=0.5)
    assert metric_of_event(told) == Metric(1, valid_loss=0.5, time=5)


def test_figures_from_a_checkpoint():
    point = RunCheckpoint("c", 8, "m", 9, {"train_loss": 0.0, "valid_loss": None})
    assert metric_of_checkpoint(point) == Metric(8, 0.0, time=9)
    assert metric_of_checkpoint(point._replace(metrics={})) is None


OPENAI_metric_sources = (
    b"step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy\n1,1.52347,0.0,,\n"
)
AZURE = (
    b"step, train_loss, train_mean_token_accuracy, valid_loss, validation_mean_token_accuracy, "
    b"full_valid_loss, full_valid_mean_token_accuracy\n1, 1.5, 0.5, 1.6, 0.4, 1.7, 0.3\n"
)


@pytest.mark.parametrize(
    ("content", "metrics"),
    [
        (OPENAI_metric_sources, [Metric(1, 1.52347, 0.0)]),
        (AZURE, [Metric(1, 1.5, 0.5, 1.6, 0.4, 1.7, 0.3)]),
        (b"\xef\xbb\xbf" + OPENAI_metric_sources, [Metric(1, 1.52347, 0.0)]),
        (base64.b64encode(OPENAI_metric_sources), [Metric(1, 1.52347, 0.0)]),
        (base64.encodebytes(b"\xef\xbb\xbf" + OPENAI_metric_sources), [Metric(1, 1.52347, 0.0)]),
        (b'"step","training_loss"\r\n"2","0.5"\r\n\r\n', [Metric(2, 0.5)]),
        (b"Step;Train_Loss\n2;0.5\n", [Metric(2, 0.5)]),
        (b"elapsed_examples,step,training_loss\n9,2,0.5\n", [Metric(2, 0.5)]),
        (b"step,train_loss\n2,0.5\n1,0.7\n2,0.4\n3\nx,1\n,\n", [Metric(1, 0.7), Metric(2, 0.4)]),
        (b"step,train_loss\n", []),
        (b"", []),
        (b"hello, world", []),
        (b"<!DOCTYPE html><html>step</html>", []),
        (b"\xff\xfe\x00", []),
        (b'step,train_loss\n1,"0.5\n', [Metric(1, 0.5)]),
    ],
)
def test_result_files(content, metrics):
    assert metrics_of_result_file(content) == metrics


@given(st.binary(max_size=200))
def test_any_bytes_can_be_read(content):
    metrics_of_result_file(content)
    metrics_of_result_file(b"step,train_loss\n" + content)


def test_the_same_step_from_several_sources_is_one():
    told = [Metric(2, 0.5, time=7), Metric(1, 0.9), Metric(2, None, 0.0, 0.6), Metric(2, 0.4)]
    assert merged_metrics(told) == [Metric(1, 0.9), Metric(2, 0.4, 0.0, 0.6, time=7)]


FIGURES = st.none() | st.floats(0, 10)
METRICS = st.builds(Metric, st.integers(1, 5), FIGURES, FIGURES, FIGURES, time=st.integers(0, 9))


@given(st.lists(METRICS, max_size=20))
def test_merging_loses_nothing_and_changes_nothing_twice(told):
    once = merged_metrics(told)
    assert [metric.step for metric in once] == sorted({metric.step for metric in told})
    assert merged_metrics(once) == once
    for name in ("train_loss", "train_accuracy", "valid_loss"):
        for metric in once:
            given_ = [getattr(t, name) for t in told if t.step == metric.step]
            last = [value for value in given_ if value is not None]
            assert getattr(metric, name) == (last[-1] if last else None)
