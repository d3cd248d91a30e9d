from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fine_tuning.made_curves import (
    falling,
    falling_slowly,
    falling_to_flat,
    flat,
    made_checkpoints,
    made_curves,
    made_metrics,
    turning,
)

from tunedesk.fine_tuning.advice import advice
from tunedesk.fine_tuning.advice_rules.context import term_explanations
from tunedesk.fine_tuning.advice_rules.validation_loss import best_checkpoint
from tunedesk.fine_tuning.curves import Points, RunCurves

TOTAL = 300


def said(curves, *, ended=None, checkpoints=(100, 200, 300), epochs=3, validates=None, total=TOTAL):
    there = [step for step in checkpoints if step <= curves.last_step]
    over = curves.last_step >= total if ended is None else ended
    return advice(curves, made_checkpoints(*there), total, epochs, over, validates=validates)


def codes(curves, **more):
    return [one.code for one in said(curves, **more)]


def test_learning_by_heart_names_the_figures_and_the_checkpoint_before():
    curves = made_curves(TOTAL, falling_slowly, full=turning, full_every=10)
    found = said(curves, checkpoints=(100, 200, 300))[0]
    assert found.code == "overfitting"
    assert found.title == "It learned by heart."
    assert found.checkpoint_step == 100
    assert "rose from 1.06 to 1.36 after step 120" in found.sentence
    assert "training loss went on falling" in found.sentence
    assert "The checkpoint at step 100 is the best." in found.sentence
    assert found.tone == "warning"


def test_the_starter_is_praised_for_learning_by_heart():
    def told(train, steps=TOTAL, **more):
        curves = made_curves(steps, train, total=TOTAL, full=turning, full_every=10)
        ended = steps == TOTAL
        return advice(curves, [], TOTAL, 40, ended, begins_empty=True)

    low = told(lambda at: 7.0 * np.exp(-12 * at) + 0.004)
    assert [(one.code, one.tone) for one in low] == [("starter", "good")]
    assert low[0].title == "It knows your examples by heart."
    high = told(falling_slowly)[0]
    assert (high.title, high.tone) == ("It has not learned your examples yet.", "warning")
    assert "“automatic”, or try more" in high.sentence
    assert told(falling_slowly, steps=100)[0].title == "It is learning your examples."


def test_learning_by_heart_is_seen_while_it_runs_and_may_be_stopped():
    curves = made_curves(190, falling_slowly, total=TOTAL, full=turning, full_every=10)
    found = said(curves)[0]
    assert (found.code, found.title) == ("overfitting", "It begins to learn by heart.")
    assert found.can_stop
    assert "so far" in found.sentence


def test_learning_by_heart_is_seen_in_the_noise_of_batches():
    seen = [
        codes(made_curves(TOTAL, falling_slowly, batches=turning, batch_noise=0.15, seed=seed))[0]
        for seed in range(20)
    ]
    assert seen.count("overfitting") >= 16


def test_three_epochs_of_the_local_server_are_enough_to_see_it():
    ends = {1: 1.16, 2: 1.12, 3: 1.25}
    curves = made_curves(TOTAL, falling_slowly, full=lambda at: ends[round(3 * at)], full_every=100)
    found = said(curves)[0]
    assert (found.code, found.checkpoint_step) == ("overfitting", 200)


def test_a_wobble_of_the_last_measurement_is_no_alarm():
    ends = {1: 1.16, 2: 1.12, 3: 1.14}
    curves = made_curves(TOTAL, falling_slowly, full=lambda at: ends[round(3 * at)], full_every=100)
    assert codes(curves)[0] != "overfitting"


def test_without_a_checkpoint_from_before_none_is_named():
    curves = made_curves(TOTAL, falling_slowly, full=turning, full_every=10)
    found = said(curves, checkpoints=(300,))[0]
    assert found.code == "overfitting"
    assert found.checkpoint_step is None
    assert "fewer epochs" in found.sentence


@pytest.mark.parametrize(
    ("checkpoints", "chosen"),
    [
        ((100, 200, 300), 200),
        ((100, 260, 300), 260),  # far nearer to the lowest than the one before
        ((100, 300), None),  # the one is worse than the end, the other is the end
        ((260, 300), 260),
        ((300,), None),
        ((), None),
    ],
)
def test_the_checkpoint_to_take_when_it_was_lowest_at_step_240(checkpoints, chosen):
    steps = np.arange(10, 301, 10)
    values = 1 + ((steps - 240) / 100.0) ** 2 * np.where(steps > 240, 1.0, 0.4)
    assert best_checkpoint(checkpoints, Points(steps, values), 240) == chosen


def test_all_well_while_both_fall():
    curves = made_curves(150, falling, total=TOTAL, full=falling, full_every=25)
    found = said(curves)[0]
    assert (found.code, found.tone) == ("good", "good")
    assert found.title == "It goes well."


def test_it_went_well():
    curves = made_curves(TOTAL, falling_to_flat, full=falling_to_flat, full_every=10)
    assert codes(curves)[0] == "good"


def test_still_falling_asks_for_patience():
    found = said(made_curves(150, falling, total=TOTAL), validates=True)[0]
    assert found.code == "still_falling"
    assert "Let it go on" in found.sentence


def test_over_and_still_falling_asks_for_more_epochs():
    found = said(made_curves(TOTAL, falling_slowly, full=falling_slowly, full_every=50))[0]
    assert found.code == "more_epochs"
    assert "Try 4 epochs instead of 3." in found.sentence


def test_cancelled_while_falling_does_not_ask_for_more_epochs():
    curves = made_curves(150, falling_slowly, total=TOTAL, full=falling_slowly, full_every=50)
    assert "more_epochs" not in codes(curves, ended=True)


def test_falling_without_held_back_examples_says_what_cannot_be_seen():
    found = said(made_curves(TOTAL, falling_slowly), validates=False)
    assert [one.code for one in found] == ["more_epochs", "no_validation"]
    assert "by heart" in found[0].sentence


def test_flat_since_a_step():
    found = said(made_curves(TOTAL, falling_to_flat), validates=True)[0]
    assert found.code == "flat"
    step = int(found.title.removeprefix("Flat since step ").rstrip("."))
    assert 30 <= step <= 120


def test_flat_within_an_epoch_is_no_news():
    def stairs(at):
        return 2.0 - 0.5 * int(3 * at - 1e-9)

    assert "flat" not in codes(made_curves(290, stairs, total=TOTAL, noise=0.05), validates=True)


def test_validation_stands_still_while_training_falls():
    curves = made_curves(TOTAL, falling_slowly, full=falling_to_flat, full_every=20)
    found = said(curves)[0]
    assert found.code == "enough"
    assert "0.90" in found.sentence


def test_never_fallen():
    found = said(made_curves(TOTAL, flat), validates=True)[0]
    assert found.code == "not_learning"
    assert "about 1.79 since the first step" in found.sentence


def test_within_the_first_epoch_it_is_too_early_to_say_that_it_does_not_learn():
    assert "not_learning" not in codes(made_curves(60, flat, total=TOTAL), validates=True)


def test_going_astray():
    def climbing(at):
        return 0.8 + 2 * float(np.exp(-20 * at)) + 6 * max(0.0, at - 0.4)

    found = said(made_curves(200, climbing, total=TOTAL))[0]
    assert (found.code, found.tone, found.checkpoint_step) == ("diverging", "error", 100)


def test_one_bad_batch_is_not_going_astray():
    metrics = made_metrics(200, falling, total=TOTAL)
    metrics[-1] = metrics[-1]._replace(train_loss=50.0)
    assert codes(RunCurves.from_metrics(metrics), validates=True)[0] == "still_falling"


@pytest.mark.parametrize("spoilt", [None, float("nan"), float("inf")])
def test_no_number_any_more(spoilt):
    metrics = made_metrics(80, falling, total=TOTAL)
    metrics[60:] = [metric._replace(train_loss=spoilt) for metric in metrics[60:]]
    found = said(RunCurves.from_metrics(metrics), checkpoints=(50,))[0]
    assert (found.code, found.checkpoint_step) == ("not_a_number", 50)
    assert "After step 60" in found.sentence


def test_a_last_line_with_validation_alone_is_not_the_end_of_numbers():
    metrics = made_metrics(80, falling, total=TOTAL)
    metrics[-1] = metrics[-1]._replace(train_loss=None, full_valid_loss=1.0)
    assert "not_a_number" not in codes(RunCurves.from_metrics(metrics))


def test_too_few_steps():
    early = said(made_curves(6, falling, total=TOTAL), validates=True)
    assert [one.code for one in early] == ["too_early"]
    assert "6 steps so far" in early[0].sentence
    over = said(made_curves(9, falling), total=9, validates=True)
    assert over[0].code == "too_few_steps"
    assert "9 steps only" in over[0].sentence
    assert codes(RunCurves.from_metrics([])) == ["too_early"]


def test_nothing_to_learn():
    found = said(made_curves(100, lambda _at: 0.03), validates=True)[0]
    assert found.code == "tiny_from_start"


def test_a_curve_that_jumps_too_much_to_tell():
    found = said(made_curves(200, flat, noise=0.8, total=TOTAL), validates=True)
    assert [one.code for one in found] == ["too_noisy", "jumps"]


def test_no_false_alarm_on_healthy_runs():
    """Of 360 looks at noisy healthy runs at most three cry wolf, and none sees a climb."""
    alarms = {"overfitting", "diverging", "not_learning", "not_a_number", "tiny_from_start"}
    cried = []
    for seed in range(60):
        for steps in (60, 150, 300):
            for noise in (0.3, 0.8):
                curves = made_curves(
                    steps,
                    falling,
                    total=TOTAL,
                    noise=noise,
                    batches=lambda at: 0.4 + falling(at),
                    batch_noise=noise,
                    seed=seed,
                )
                cried += [code for code in codes(curves) if code in alarms]
    assert len(cried) <= 3
    assert set(cried) <= {"overfitting"}


@settings(max_examples=30)
@given(st.integers(0, 1000), st.sampled_from([0.5, 3.0, 10.0]), st.sampled_from([1, 3, 20]))
def test_neither_the_scale_of_the_losses_nor_that_of_the_steps_changes_the_finding(
    seed, scale, stride
):
    metrics = made_metrics(TOTAL, falling_slowly, full=turning, full_every=10, seed=seed)
    scaled = [
        metric._replace(
            step=metric.step * stride,
            train_loss=metric.train_loss * scale,
            full_valid_loss=metric.full_valid_loss and metric.full_valid_loss * scale,
        )
        for metric in metrics
    ]
    plain = codes(RunCurves.from_metrics(metrics))
    points = tuple(stride * step for step in (100, 200, 300))
    other = codes(RunCurves.from_metrics(scaled), checkpoints=points, total=TOTAL * stride)
    assert plain[0] == other[0]


@settings(max_examples=40)
@given(
    st.integers(0, 10**6),
    st.integers(0, 320),
    st.sampled_from([falling, falling_slowly, falling_to_flat, flat, turning]),
    st.sampled_from([None, falling, turning, flat]),
    st.floats(0, 1.5),
    st.booleans(),
    st.sampled_from([None, True, False]),
)
def test_there_is_always_one_finding_and_it_is_always_the_same(
    seed, steps, train, full, noise, ended, validates
):
    curves = made_curves(steps, train, total=TOTAL, noise=noise, full=full, seed=seed)
    found = advice(curves, made_checkpoints(100), TOTAL, 3, ended, validates=validates)
    assert found == advice(curves, made_checkpoints(100), TOTAL, 3, ended, validates=validates)
    assert len({one.code for one in found}) == len(found) >= 1
    for one in found:
        assert one.title
        assert one.sentence
        assert one.why
        assert "nan" not in one.sentence
        assert set(one.terms) <= set(term_explanations())
        assert all(line.endswith(".") for line in one.explained())


def test_remarks_stand_behind_the_finding():
    found = said(made_curves(TOTAL, falling, noise=0.8), validates=False, epochs=1)
    assert [one.code for one in found][1:] == ["no_validation", "jumps"]


def test_what_is_not_known_of_the_validation_is_not_guessed_while_it_runs():
    curves = made_curves(90, falling, total=TOTAL)
    assert "no_validation" not in codes(curves)
    assert "no_validation" in codes(curves, ended=True)


def test_advice_is_a_value():
    found = said(made_curves(150, falling, total=TOTAL))[0]
    assert replace(found) == found
