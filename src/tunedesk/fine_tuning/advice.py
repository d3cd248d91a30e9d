"""What the curves of a run mean, in words: the rules in their order.

The rules are what an engineer looks for in a loss chart. They weigh every finding against the noise
of the curve (see `curve_shapes`), and say that they cannot tell rather than guess.
"""

from collections.abc import Callable, Sequence

from tunedesk.fine_tuning.advice_rules.context import Advice, AdviceContext
from tunedesk.fine_tuning.advice_rules.training_loss import (
    diverging,
    flat,
    jumps,
    not_a_number,
    not_learning,
    starter,
    steady,
    still_falling,
    tiny_from_start,
    too_early,
    too_noisy,
)
from tunedesk.fine_tuning.advice_rules.validation_loss import (
    enough,
    good,
    more_epochs,
    no_validation,
    overfitting,
)
from tunedesk.fine_tuning.curves import RunCurves
from tunedesk.project.run_records import RunCheckpoint

Rule = Callable[[AdviceContext], Advice | None]

_RULES: tuple[Rule, ...] = (
    not_a_number,
    diverging,
    too_early,
    starter,
    overfitting,
    tiny_from_start,
    enough,
    more_epochs,
    good,
    too_noisy,
    not_learning,
    still_falling,
    flat,
    steady,
)
"""The first that applies is the finding; dangers come before good news, doubts before claims."""
_REMARKS: tuple[Rule, ...] = (no_validation, jumps)


def advice(
    curves: RunCurves,
    checkpoints: Sequence[RunCheckpoint],
    total_steps: int | None,
    epochs: int | None,
    ended: bool,
    *,
    validates: bool | None = None,
    begins_empty: bool = False,
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
    )
    first = next((found for rule in _RULES if (found := rule(seen)) is not None), None)
    if first is not None and seen.from_nothing:
        # What is remarked of others, of noise and of what is held back, says nothing here.
        return [first]
    remarks = [found for rule in _REMARKS if (found := rule(seen)) is not None]
    if first is None:
        return remarks
    return [first, *(remark for remark in remarks if remark.code != first.code)]
