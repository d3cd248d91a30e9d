import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.fine_tuning.metric_sources import (
    merged,
    metric_of_checkpoint,
    metric_of_event,
    metrics_of_result_file,
    total_steps_of_event,
)
from tunedesk.project.run_records import Metric, RunCheckpoint, RunEvent


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


OPENAI = b"step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy\n1,1.52347,0.0,,\n"
AZURE = (
    b"step, train_loss, train_mean_token_accuracy, valid_loss, validation_mean_token_accuracy, "
    b"full_valid_loss, full_valid_mean_token_accuracy\n1, 1.5, 0.5, 1.6, 0.4, 1.7, 0.3\n"
)


@pytest.mark.parametrize(
    ("content", "metrics"),
    [
        (OPENAI, [Metric(1, 1.52347, 0.0)]),
        (AZURE, [Metric(1, 1.5, 0.5, 1.6, 0.4, 1.7, 0.3)]),
        (b"\xef\xbb\xbf" + OPENAI, [Metric(1, 1.52347, 0.0)]),
        (base64.b64encode(OPENAI), [Metric(1, 1.52347, 0.0)]),
        (base64.encodebytes(b"\xef\xbb\xbf" + OPENAI), [Metric(1, 1.52347, 0.0)]),
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
    assert merged(told) == [Metric(1, 0.9), Metric(2, 0.4, 0.0, 0.6, time=7)]


FIGURES = st.none() | st.floats(0, 10)
METRICS = st.builds(Metric, st.integers(1, 5), FIGURES, FIGURES, FIGURES, time=st.integers(0, 9))


@given(st.lists(METRICS, max_size=20))
def test_merging_loses_nothing_and_changes_nothing_twice(told):
    once = merged(told)
    assert [metric.step for metric in once] == sorted({metric.step for metric in told})
    assert merged(once) == once
    for name in ("train_loss", "train_accuracy", "valid_loss"):
        for metric in once:
            given_ = [getattr(t, name) for t in told if t.step == metric.step]
            last = [value for value in given_ if value is not None]
            assert getattr(metric, name) == (last[-1] if last else None)
