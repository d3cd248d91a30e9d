import numpy as np
import pytest
from tests.fine_tuning.made_curves import (
    TOTAL,
    codes,
    falling,
    falling_slowly,
    falling_to_flat,
    logged,
    made_curves,
    said,
    turning,
)

from tunedesk.fine_tuning.advice_rules.context import AdviceContext, best_checkpoint
from tunedesk.fine_tuning.curves import Points, RunCurves
from tunedesk.project.run_records import Metric


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


def test_validation_stands_still_while_training_falls():
    curves = made_curves(TOTAL, falling_slowly, full=falling_to_flat, full_every=20)
    found = said(curves)[0]
    assert found.code == "enough"
    assert "0.90" in found.sentence


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


def test_held_back_examples_without_a_loss_are_told():
    assert "validation_missing" in codes(made_curves(TOTAL, falling), validates=True)
    assert "validation_missing" not in codes(made_curves(90, falling, total=TOTAL), validates=True)


def test_lowest_at_the_first_measurement_is_told():
    figures = [(2.0 * 0.97**n, 0.6 + 0.01 * n if n % 10 == 9 else None) for n in range(60)]
    found = said(logged(*figures), total=600, epochs=12)[0]
    assert found.code == "overfitting"
    assert "lowest at the first measurement" in found.sentence


def test_a_last_fall_that_is_no_new_low_asks_for_no_more_epochs():
    held_back = {100: 1.0, 150: 0.8, 200: 0.7, 250: 0.75, 300: 0.72}
    curves = made_curves(
        TOTAL, falling_slowly, full=lambda at: held_back.get(round(TOTAL * at), 1.1), full_every=50
    )
    assert codes(curves)[0] == "good"


@pytest.mark.parametrize("drop", [0.1, 0.2, 0.3])
def test_noisy_validation_that_may_still_fall_a_lot_is_not_called_still(drop):
    def held_back(at):
        return 1.5 - 0.5 * min(at / 0.25, 1.0) - drop * max(0.0, at - 0.25)

    curves = made_curves(TOTAL, falling_slowly, batches=held_back, batch_noise=0.25)
    assert codes(curves)[0] == "good"


@pytest.mark.parametrize("ended", [False, True])
def test_of_unknown_epochs_a_rise_is_no_learning_by_heart_while_training_loss_is_no_lower(ended):
    """Each example may be new: what is held back is answered as well as what is trained on."""
    figures = [
        (1.0 - 0.002 * n, (1.0 if n < 20 else 1.12) if n % 10 == 9 else None) for n in range(60)
    ]
    found = said(logged(*figures), epochs=None, total=600, ended=ended)[0]
    assert found.code not in {"overfitting", "enough"}
    assert "heart" not in found.title


def test_of_unknown_epochs_training_loss_far_below_validation_loss_is_of_seen_examples():
    curves = made_curves(TOTAL, lambda at: 1.6 * 0.1**at, full=turning, full_every=10)
    found = said(curves, epochs=None)[0]
    assert (found.code, found.title) == ("overfitting", "It learned by heart.")


def test_a_run_in_which_nothing_stands_out_names_its_lowest_validation_loss():
    figures = [(1.5 - 0.007 * n, None) for n in range(30)]
    for at, loss in ((9, 1.06), (19, 1.042), (29, 1.07)):
        figures[at] = (figures[at][0], loss)
    found = said(logged(*figures), epochs=None, total=300, checkpoints=(100, 200, 300))[0]
    assert found.code == "steady"
    assert "It was lowest at step 200, with 1.04." in found.sentence
    assert found.checkpoint_step == 200


def measured(*values, slope=0.005, ended=False):
    """What is said of a run of 3 epochs that is half done, or has ended, by its measurements."""
    count = 10 * len(values)
    figures = [(1.2 - slope * n, values[n // 10] if n % 10 == 9 else None) for n in range(count)]
    total = 10 * count if ended else 14 * count
    every = tuple(range(100, 10 * count + 1, 100))
    return said(logged(*figures), epochs=3, total=total, checkpoints=every)[0]


def test_a_curve_that_goes_up_and_down_is_not_called_turned_by_turns():
    assert measured(1.0, 0.9, 0.8, 0.82).code == "past_best"
    assert measured(1.0, 0.95, 0.9, 0.92, 0.85, 0.82, 0.8, 0.83).code != "past_best"
    assert measured(1.0, 0.95, 0.9, 0.92, 0.85, 0.82, 0.8, 0.83, 0.835).code == "past_best"


def test_figures_that_differ_are_told_with_the_digits_that_tell_them_apart():
    found = measured(0.13, 0.12, 0.11, 0.1021, 0.1045)
    assert found.code == "past_best"
    assert "with 0.102, and is 0.104 now" in found.sentence or "0.105 now" in found.sentence


def test_training_loss_that_falls_is_no_praise_while_validation_loss_rises():
    rising = measured(1.0, 1.005, 1.01, 1.013, 1.015, slope=0.008)
    assert rising.code != "still_falling"
    assert "Let it go on" not in rising.sentence


def test_validation_loss_that_still_falls_a_little_at_the_end_is_said():
    values = (1.0, 0.9, 0.85, 0.83, 0.82, 0.81)
    falling_on = measured(*values, slope=0.0, ended=True)
    assert "a little more would help a little" in falling_on.sentence
    stands = measured(1.0, 0.85, 0.82, 0.812, 0.811, 0.8105, 0.8104, slope=0.0, ended=True)
    assert "a little more" not in stands.sentence


def test_the_first_validation_loss_is_the_same_however_many_figures_have_come():
    firsts = set()
    for steps in (100, 200, TOTAL):
        curves = made_curves(steps, falling, total=TOTAL, batches=turning, batch_noise=0.3)
        context = AdviceContext(
            curves,
            curves.points("train_loss"),
            curves.validation(),
            False,
            (),
            TOTAL,
            3,
            False,
            None,
            False,
        )
        firsts.add(context.first_validation)
    assert len(firsts) == 1
