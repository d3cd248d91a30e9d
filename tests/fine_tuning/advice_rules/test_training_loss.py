import numpy as np
import pytest
from tests.fine_tuning.made_curves import (
    TOTAL,
    codes,
    falling,
    falling_slowly,
    falling_to_flat,
    flat,
    logged,
    made_curves,
    made_metrics,
    said,
    turning,
)

from tunedesk.fine_tuning.advice import advice
from tunedesk.fine_tuning.curves import RunCurves, format_loss
from tunedesk.project.run_records import Metric


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


def test_the_figure_of_the_starter_is_that_at_which_the_line_of_the_chart_ends():
    curves = made_curves(TOTAL, falling_slowly, total=TOTAL)
    end = format_loss(float(curves.points("train_loss").smoothed().values[-1]))
    found = advice(curves, [], TOTAL, 40, True, begins_empty=True)[0]
    assert f"Training loss is still {end}." in found.sentence


def test_still_falling_asks_for_patience():
    found = said(made_curves(150, falling, total=TOTAL), validates=True)[0]
    assert found.code == "still_falling"
    assert "Let it go on" in found.sentence


def test_flat_since_a_step():
    found = said(made_curves(TOTAL, falling_to_flat), validates=True)[0]
    assert found.code == "flat"
    step = int(found.title.removeprefix("Flat since step ").rstrip("."))
    assert 30 <= step <= 120


def test_flat_within_an_epoch_is_no_news():
    def stairs(at):
        return 2.0 - 0.5 * int(3 * at - 1e-9)

    assert "flat" not in codes(made_curves(290, stairs, total=TOTAL, noise=0.05), validates=True)


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


@pytest.mark.parametrize(
    ("seed", "noise", "drop"), [(1, 0.12, 0.06), (3, 0.12, 0.12), (4, 0.08, 0.08)]
)
def test_a_small_fall_that_is_surely_there_is_learning(seed, noise, drop):
    curves = made_curves(TOTAL, lambda at: 1.8 * (1 - drop * at), noise=noise, seed=seed)
    assert codes(curves, validates=True)[0] == "steady"


def test_four_measurements_of_all_held_back_examples_are_not_too_early():
    figures = [(2.0, 1.5), (1.8, 1.3), (1.6, 1.15), (1.5, 1.05)]
    assert codes(logged(*figures), total=100, epochs=3, ended=False)[0] == "good"
    assert codes(logged(*figures[:3]), total=100, epochs=3, ended=False)[0] == "too_early"


def test_a_loss_of_half_of_that_of_new_examples_asks_for_no_more_epochs():
    rows = logged(*([2.0] * 30 + list(np.linspace(1.6, 1.12, 60))))
    assert codes(rows, total=900, epochs=3, validates=False)[0] not in {
        "more_epochs",
        "known_by_heart",
    }


def noisy(levels, each, noise=0.05, seed=0):
    chance = np.random.default_rng(seed)
    values = np.repeat(levels, each) * np.exp(noise * chance.standard_normal(len(levels) * each))
    return logged(*values)


def test_of_unknown_epochs_next_to_no_loss_is_by_heart_anyway():
    found = said(logged(*np.geomspace(4, 0.003, 300)), total=3000, epochs=None)[0]
    assert (found.code, found.title) == ("known_by_heart", "It knows its examples by heart.")
    under_way = said(logged(*np.geomspace(4, 0.003, 300)), total=6000, epochs=None)[0]
    assert under_way.code == "known_by_heart"
    pairs = logged(0.6931, *np.geomspace(0.68, 0.01, 299))
    assert advice(pairs, [], 3000, None, True)[0].code != "known_by_heart"


def test_of_unknown_epochs_a_loss_near_zero_is_probably_by_heart():
    found = said(logged(*np.geomspace(2.5, 0.12, 300)), total=3000, epochs=None)[0]
    assert found.code == "known_by_heart"
    assert "near zero" in found.sentence


@pytest.mark.parametrize("levels", [[1.1, 0.72, 0.45], [1.1, 0.8], [2.0, 1.2, 0.8, 0.5, 0.3]])
def test_of_unknown_epochs_a_stair_is_probably_by_heart(levels):
    found = said(noisy(levels, 60), total=600 * len(levels), epochs=None)[0]
    assert (found.code, found.title) == (
        "known_by_heart",
        "It has probably begun to learn by heart.",
    )


@pytest.mark.parametrize("seed", range(5))
def test_of_unknown_epochs_an_even_fall_or_an_easy_form_is_not_by_heart(seed):
    for shape in (falling, falling_slowly, falling_to_flat, flat):
        for steps in (100, 200, TOTAL):
            curves = made_curves(steps, shape, total=TOTAL, noise=0.3, seed=seed)
            assert codes(curves, epochs=None)[0] != "known_by_heart"


def test_of_unknown_epochs_nothing_is_flat_or_not_learning_in_its_first_part():
    for steps in (60, 100, 150):
        standing = made_curves(steps, flat, total=TOTAL)
        assert codes(standing, epochs=None, validates=True)[0] != "not_learning"
        stair = made_curves(steps, falling_to_flat, total=TOTAL)
        assert codes(stair, epochs=None, validates=True)[0] != "flat"
    assert codes(made_curves(TOTAL, flat), epochs=None)[0] == "not_learning"
    assert codes(made_curves(TOTAL, falling_to_flat), epochs=None)[0] == "flat"
