from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fine_tuning.made_curves import (
    TOTAL,
    codes,
    falling,
    falling_slowly,
    falling_to_flat,
    flat,
    made_checkpoints,
    made_curves,
    made_metrics,
    said,
    turning,
)

from tunedesk.fine_tuning.advice import advice
from tunedesk.fine_tuning.advice_rules.context import term_explanations
from tunedesk.fine_tuning.curves import RunCurves


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


def test_a_checkpoint_that_the_tuned_model_is_already_need_not_be_chosen():
    curves = made_curves(TOTAL, falling_slowly, full=turning, full_every=10)
    points = made_checkpoints(100, 200, 300)
    chosen = advice(curves, points, TOTAL, 3, True)[0]
    kept = advice(curves, points, TOTAL, 3, True, model_step=100)[0]
    assert (chosen.checkpoint_step, kept.checkpoint_step) == (100, None)
    assert kept.sentence.endswith("The tuned model is that one.")
    assert advice(curves, points, TOTAL, 3, True, model_step=200)[0] == chosen
