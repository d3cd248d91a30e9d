"""What the curves of a run mean, in words: the rules in their order.

The rules are what an engineer looks for in a loss chart. They weigh every finding against the noise
of the curve (see `curve_analysis`), and say that they cannot tell rather than guess.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from tunedesk.fine_tuning.advice_rules.context import Advice, AdviceContext
from tunedesk.fine_tuning.advice_rules.training_loss import (
    diverging,
    flat,
    jumps,
    known_by_heart,
    not_learning,
    starter,
    steady,
    still_falling,
    tiny_from_start,
    too_early,
    too_noisy,
)
from tunedesk.fine_tuning.advice_rules.unusual_figures import (
    different_scales,
    high_start,
    lost_at_once,
    not_a_loss,
    not_a_number,
    zero_loss,
)
from tunedesk.fine_tuning.advice_rules.validation_loss import (
    both_rise,
    enough,
    good,
    more_epochs,
    no_validation,
    overfitting,
    past_best,
    validation_missing,
)
from tunedesk.fine_tuning.curves import RunCurves
from tunedesk.i18n import _
from tunedesk.project.run_records import RunCheckpoint

Rule = Callable[[AdviceContext], Advice | None]

_RULES: tuple[Rule, ...] = (
    not_a_loss,
    not_a_number,
    zero_loss,
    lost_at_once,
    diverging,
    too_early,
    starter,
    both_rise,
    overfitting,
    tiny_from_start,
    past_best,
    enough,
    known_by_heart,
    more_epochs,
    good,
    too_noisy,
    not_learning,
    still_falling,
    flat,
    steady,
)
"""The first that applies is the finding; dangers come before good news, doubts before claims."""
_REMARKS: tuple[Rule, ...] = (
    high_start,
    different_scales,
    validation_missing,
    no_validation,
    jumps,
)


def advice(
    curves: RunCurves,
    checkpoints: Sequence[RunCheckpoint],
    total_steps: int | None,
    epochs: int | None,
    ended: bool,
    *,
    validates: bool | None = None,
    begins_empty: bool = False,
    method: str | None = None,
    model_step: int | None = None,
) -> list[Advice]:
    """What is to be said of a run, the most important first; the rest are remarks beside it.

    The same figures always give the same advice.

    Args:
        curves: The figures.
        checkpoints: Those that exist.
        total_steps: How many steps there will be; None if that is not known.
        epochs: How many times it goes through the examples; None if that is not known.
        ended: Whether no more figures come.
        validates: Whether examples are held back; None: if their loss is among the figures.
        begins_empty: Whether the base model knew nothing before: the built-in starter.
        method: How it learns ("supervised", "dpo", ...); None if that is not known.
        model_step: The step whose weights the tuned model has; None: the last.
    """
    train, valid = curves.points("train_loss"), curves.validation()
    held_back = True if len(valid) else validates
    seen = AdviceContext(
        curves,
        train,
        valid,
        exact=len(valid) > 0 and len(valid) == len(curves.points("full_valid_loss")),
        checkpoints=tuple(sorted(point.step for point in checkpoints)),
        total_steps=total_steps,
        epochs=epochs,
        ended=ended,
        validates=held_back,
        from_nothing=begins_empty,
        method=method,
    )
    first = next((found for rule in _RULES if (found := rule(seen)) is not None), None)
    if first is not None and model_step is not None and first.checkpoint_step == model_step:
        # It need not be chosen: the tuned model is that one already.
        sentence = f"{first.sentence} {_('The tuned model is that one.')}"
        first = replace(first, sentence=sentence, checkpoint_step=None)
    if first is not None and seen.from_nothing:
        # What is remarked of others, of noise and of what is held back, says nothing here.
        return [first]
    remarks = [found for rule in _REMARKS if (found := rule(seen)) is not None]
    if first is None or first.code == "not_a_loss":
        # What is remarked of a loss says nothing of other figures.
        return remarks if first is None else [first]
    if first.code == "known_by_heart":
        # It says that nothing is held back itself.
        remarks = [remark for remark in remarks if remark.code != "no_validation"]
    return [first, *remarks]
