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
from tunedesk.project.run_records import Metric

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


def logged(*figures, every=10):
    """A run that logs every tenth step: pairs of training and validation loss of all."""
    rows = [(one if isinstance(one, tuple) else (one, None)) for one in figures]
    return RunCurves.from_metrics(
        Metric(every * (number + 1), train, None, None, None, full, None)
        for number, (train, full) in enumerate(rows)
    )


def test_training_loss_that_is_logged_seldom_is_no_end_of_numbers():
    metrics = [
        Metric(step, 1.0 if step % 500 == 0 else None, None, None, None, 0.9, None)
        for step in range(132, 1400, 132)
    ]
    metrics += [Metric(500 * n, 1.0 / n, None, None, None, None, None) for n in (1, 2)]
    seen = RunCurves.from_metrics(metrics)
    assert seen.last_step - 1000 > 300
    assert "not_a_number" not in codes(seen, total=4000)
    assert codes(seen.with_more([Metric(2300, None, None, None, None, 0.9, None)]), total=4000)[
        0
    ] == ("not_a_number")


def test_a_loss_of_exactly_zero_is_said_to_train_nothing():
    found = said(logged(*[1.5, 1.4, *[0.0] * 30]), total=320)[0]
    assert (found.code, found.tone) == ("zero_loss", "error")
    assert "exactly 0 from step 30 on" in found.sentence
    assert codes(logged(*[0.0] * 40), total=400)[0] == "zero_loss"


def test_without_held_back_examples_a_low_loss_is_no_reason_for_more_epochs():
    stairs = [1.1] * 40 + [0.72] * 40 + [0.45] * 40
    found = said(logged(*stairs), total=1200, epochs=3, validates=False)
    assert [one.code for one in found] == ["known_by_heart"]
    assert "Training loss is 0.45; it was 1.10 in the first epoch" in found[0].sentence
    assert found[0].title == "It has probably begun to learn by heart."
    tiny = said(logged(*np.geomspace(4, 0.003, 300)), total=3000, epochs=100)[0]
    assert tiny.title == "It knows its examples by heart."


def test_a_preference_loss_may_come_near_zero():
    rows = logged(*np.geomspace(0.69, 0.02, 120))
    assert advice(rows, [], 1200, 3, True, method="dpo")[0].code != "known_by_heart"
    begins_at_ln_2 = logged(0.6931, *np.geomspace(0.68, 0.02, 119))
    assert advice(begins_at_ln_2, [], 1200, 3, True)[0].code != "known_by_heart"
    assert advice(rows, [], 1200, 3, True, method="supervised")[0].code == "known_by_heart"


def test_more_epochs_where_the_examples_are_nearly_new():
    rows = logged(*np.linspace(2.0, 1.5, 90))
    assert codes(rows, total=900, epochs=3, validates=False)[0] == "more_epochs"


@pytest.mark.parametrize(
    ("validation", "ended", "code"),
    [
        ([1.0, 0.8, 0.7, 0.699], False, "good"),  # two close ones only
        ([1.0, 0.7, 0.699, 0.698], False, "good"),  # three, over a sixth of all steps
        ([1.0, 0.7, 0.699, 0.698, 0.697, 0.698], False, "enough"),
        ([1.0, 0.8, 0.7, 0.699], True, "good"),
    ],
)
def test_enough_needs_three_points_and_a_stretch(validation, ended, code):
    every = 60
    figures = [
        (2.0 * 0.9**n, validation[n // 6] if n % 6 == 5 else None)
        for n in range(6 * len(validation))
    ]
    curves = logged(*figures)
    total = curves.last_step if ended else 12 * every
    epochs = 4 if ended else 3
    assert codes(curves, total=total, epochs=epochs, ended=ended)[0] == code


def test_within_the_first_epoch_nothing_is_known_by_heart():
    figures = [(2.0 * 0.97**n, 0.63 if n == 9 else 0.70 if n == 19 else None) for n in range(20)]
    within = codes(logged(*figures), total=1000, epochs=1)
    assert "overfitting" not in within
    assert codes(logged(*figures), total=300, epochs=3)[0] == "overfitting"


def test_a_single_rise_counts_from_six_per_cent_on_and_of_many_three():
    def of(*validation):
        figures = [(2.0 * 0.97**n, value) for n, value in enumerate(validation)]
        return codes(logged(*figures), total=10 * len(validation), epochs=20, ended=True)[0]

    assert of(1.0, 0.9, 0.8, 0.84) != "overfitting"
    assert of(1.0, 0.9, 0.8, 0.86) == "overfitting"
    many = list(np.linspace(1.0, 0.8, 22))
    assert of(*many, 0.79, 0.80, 0.79, 0.86) != "overfitting"
    assert of(*many, 0.85, 0.85, 0.86, 0.86) == "overfitting"


def test_few_validations_of_batches_show_overfitting_too():
    chance = np.random.default_rng(3)
    metrics = [
        Metric(
            step,
            float(1.3 * np.exp(-step / 800)),
            None,
            float(0.6 + step / 4000 + 0.03 * chance.standard_normal()) if step % 100 == 0 else None,
            None,
            None,
            None,
        )
        for step in range(5, 1700, 5)
    ]
    found = said(RunCurves.from_metrics(metrics), total=1695, ended=True)[0]
    assert found.code == "overfitting"


def test_past_its_best_names_the_lowest_and_its_checkpoint():
    wiggling = [0.27, 0.26, 0.24, 0.242, 0.239, 0.253, 0.227, 0.243, 0.222, 0.262, 0.219, 0.209]
    figures = [(0.8 * 0.8**n, value) for n, value in enumerate([*wiggling, 0.216, 0.249, 0.239])]
    found = said(
        logged(*figures, every=1000), total=15000, epochs=None, checkpoints=(10000, 12000, 15000)
    )[0]
    assert (found.code, found.checkpoint_step, found.tone) == ("past_best", 12000, "warning")
    assert "lowest at step 12,000 with 0.21, and was 0.24 at the end" in found.sentence
    turning_now = [1.08, 1.07, 1.06, 1.05, 1.072]
    figures = [(1.1 - 0.01 * n, turning_now[n // 5] if n % 5 == 4 else None) for n in range(25)]
    found = said(logged(*figures), total=669, epochs=3, checkpoints=(50, 100, 150, 200, 250))[0]
    assert (found.title, found.checkpoint_step) == ("It may have turned.", 200)


def test_good_quotes_what_was_measured_and_names_a_lower_one():
    values = [1.62, *np.linspace(1.2, 0.90, 17), 0.92, 0.93]
    figures = [(2 * 0.9**n, value) for n, value in enumerate(values)]
    found = said(logged(*figures), total=200, epochs=1, ended=True)[0]
    assert found.code == "good"
    assert "from 1.62 to 0.93." in found.sentence
    assert "lowest at step 180, with 0.90" in found.sentence


def test_a_slow_fall_is_never_flat():
    chance = np.random.default_rng(0)
    steps = 300
    values = 0.2 * np.exp(-0.4 * np.arange(steps) / steps)
    rows = logged(*(values * np.exp(0.15 * chance.standard_normal(steps))))
    for share in (0.3, 0.5, 0.75, 1.0):
        part = RunCurves.from_metrics(
            Metric(int(step), float(loss), None, None, None, None, None)
            for step, loss in zip(rows.steps, rows.train_loss, strict=True)
            if step <= share * 3000
        )
        assert codes(part, total=3000, epochs=1)[0] in {"still_falling", "steady", "more_epochs"}


def test_flat_after_one_epoch_does_not_ask_for_fewer_epochs():
    found = said(made_curves(TOTAL, falling_to_flat), epochs=1, validates=True)[0]
    assert found.code == "flat"
    assert "fewer epochs" not in found.sentence


def test_a_form_that_is_learned_at_once_is_not_not_learning():
    chance = np.random.default_rng(1)
    rows = logged(1.57, *(1.42 + 0.03 * chance.standard_normal(60)))
    found = said(rows, total=610, epochs=1, validates=True)[0]
    assert (found.code, found.title) == ("flat", "It learned the form at once.")


def test_a_run_with_few_figures_that_has_ended_is_judged():
    values = np.linspace(1.08, 1.04, 11)
    figures = [(2.7 - n * 0.1, value) for n, value in enumerate(values)]
    assert codes(logged(*figures, every=20), total=223, epochs=1, ended=True)[0] == "good"
    assert codes(logged(*[2.0, 1.9, 1.8, 1.7, 1.6]), total=50, ended=True)[0] not in {
        "too_early",
        "too_few_steps",
    }


def test_still_falling_never_tells_of_a_rise():
    rising = [*np.linspace(3, 0.9, 60), *np.linspace(0.93, 1.25, 40)]
    for one in said(logged(*rising), total=3000, epochs=3, validates=True):
        assert one.code != "still_falling"


@pytest.mark.parametrize("length", [4, 5, 10, 100])
def test_lost_within_a_few_steps(length):
    rows = logged(1.64, *([11.8, 11.6, 10.4] + [10.3] * (length - 4)), every=1)
    found = said(rows, total=length)[0]
    assert (found.code, found.tone) == ("lost_at_once", "error")
    assert "from 1.64 to 11.80 after step 1" in found.sentence


def test_both_rising_is_not_learning_by_heart():
    figures = [
        (
            2.0 - 0.02 * n if n < 40 else 1.2 + 0.03 * (n - 40),
            (2.1 - 0.02 * n if n < 40 else 1.3 + 0.03 * (n - 40)) if n % 10 == 9 else None,
        )
        for n in range(60)
    ]
    found = said(logged(*figures), total=900, epochs=3)[0]
    assert found.code in {"both_rise", "diverging"}
    gentle = [
        (2.0 - 0.02 * min(n, 40) + 0.006 * max(0, n - 40), v)
        for n, v in enumerate(
            (2.1 - 0.02 * min(n, 40) + 0.008 * max(0, n - 40)) if n % 10 == 9 else None
            for n in range(60)
        )
    ]
    assert said(logged(*gentle), total=900, epochs=3)[0].code == "both_rise"


def test_a_start_like_guessing_is_remarked():
    rows = logged(*(10.4 * np.exp(-0.02 * np.arange(50))))
    assert "high_start" in codes(rows, total=1000)
    assert "high_start" not in codes(logged(*(4.0 * np.exp(-0.02 * np.arange(50)))), total=1000)


def test_losses_on_two_scales_are_remarked():
    figures = [(5.0 - 0.01 * n, 0.30 - 0.002 * n if n % 10 == 9 else None) for n in range(50)]
    found = said(logged(*figures), total=1000, epochs=2)
    assert "different_scales" in [one.code for one in found]
    by_heart = [(2.0 * 0.9**n, 1.5 if n % 10 == 9 else None) for n in range(50)]
    assert "different_scales" not in codes(logged(*by_heart), total=500, epochs=50)


def test_held_back_examples_without_a_loss_are_told():
    assert "validation_missing" in codes(made_curves(TOTAL, falling), validates=True)
    assert "validation_missing" not in codes(made_curves(90, falling, total=TOTAL), validates=True)


def test_lowest_at_the_first_measurement_is_told():
    figures = [(2.0 * 0.97**n, 0.6 + 0.01 * n if n % 10 == 9 else None) for n in range(60)]
    found = said(logged(*figures), total=600, epochs=12)[0]
    assert found.code == "overfitting"
    assert "lowest at the first measurement" in found.sentence


def test_values_around_zero_are_no_loss():
    chance = np.random.default_rng(0)
    found = said(logged(*(0.01 * chance.standard_normal(40))), total=800, validates=True)
    assert [one.code for one in found] == ["not_a_loss"]
