"""Which numbers and notes the settings of a launch may hold, said before anything is sent."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tunedesk.i18n import _

MOST_NOTES = 15
"""Of the 16 pairs of metadata that a job may have (OpenAI's document) one is Tunedesk's own."""
NAME_LENGTH, VALUE_LENGTH = 64, 512
"""The most letters of the name and of the value of such a pair (OpenAI's document)."""

TITLES = {
    "epochs": _("Epochs"),
    "batch_size": _("Batch size"),
    "learning_rate": _("Learning rate"),
    "beta": _("Beta"),
    "lora_rank": _("LoRA rank"),
    "seed": _("Seed"),
}
"""What the settings with limits are called on the screen, by their names."""


@dataclass(frozen=True)
class Limit:
    """Which numbers a setting takes.

    Attributes:
        whole: Whether only whole ones.
        least: The smallest; None: `above` is given.
        above: What it must be larger than, where there is no smallest.
        most: The largest; None: none is known.
    """

    whole: bool = False
    least: float | None = None
    above: float | None = None
    most: float | None = None

    def allows(self, value: float) -> bool:
        """Whether it takes this number."""
        return (
            math.isfinite(value)
            and (not self.whole or float(value).is_integer())
            and (self.least is None or value >= self.least)
            and (self.above is None or value > self.above)
            and (self.most is None or value <= self.most)
        )


def limit_problem(name: str, limit: Limit) -> str:
    """What to say where a setting holds what its limit does not take, in a sentence."""
    return _limit_sentence(limit).format(
        setting=TITLES[name], above=_n(limit.above), least=_n(limit.least), most=_n(limit.most)
    )


def _limit_sentence(limit: Limit) -> str:
    if limit.above is not None:
        if limit.most is None:
            return (
                _("{setting} must be a whole number above {above}.")
                if limit.whole
                else _("{setting} must be a number above {above}.")
            )
        return (
            _("{setting} must be a whole number above {above}, at most {most}.")
            if limit.whole
            else _("{setting} must be a number above {above}, at most {most}.")
        )
    if limit.least is not None and limit.most is not None:
        return (
            _("{setting} must be a whole number from {least} to {most}.")
            if limit.whole
            else _("{setting} must be a number from {least} to {most}.")
        )
    if limit.least is not None:
        return (
            _("{setting} must be a whole number from {least} on.")
            if limit.whole
            else _("{setting} must be a number from {least} on.")
        )
    if limit.most is not None:
        return (
            _("{setting} must be a whole number, at most {most}.")
            if limit.whole
            else _("{setting} must be a number, at most {most}.")
        )
    return (
        _("{setting} must be a whole number.") if limit.whole else _("{setting} must be a number.")
    )


def setting_problems(
    values: Mapping[str, float | None], metadata: Mapping[str, Any], limits: Mapping[str, Limit]
) -> list[str]:
    """What is wrong with the settings of a launch, a sentence each.

    Args:
        values: The numbers that were chosen, by their names; None: automatic.
        metadata: The notes that stay with the job.
        limits: What the provider takes.
    """
    problems = [
        limit_problem(name, limits[name])
        for name, value in values.items()
        if value is not None and name in limits and not limits[name].allows(value)
    ]
    if len(metadata) > MOST_NOTES:
        problems.append(_("Metadata takes at most {n} lines.").format(n=MOST_NOTES))
    for name, value in metadata.items():
        if len(name) > NAME_LENGTH or len(str(value)) > VALUE_LENGTH:
            problems.append(
                _(
                    "“{name}” of the metadata is too long: a name has at most {most} letters, "
                    "what it says at most {more}."
                ).format(name=name[:20], most=NAME_LENGTH, more=VALUE_LENGTH)
            )
    return problems


def _n(number: float | None) -> str:
    if number is None:
        return ""
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:g}"
