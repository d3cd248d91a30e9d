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

    @property
    def words(self) -> str:
        """What it takes, as in "a whole number from 1 to 50"."""
        kind = _("a whole number") if self.whole else _("a number")
        bounds = []
        if self.above is not None:
            bounds.append(_("above {n}").format(n=f"{self.above:g}"))
        if self.least is not None and self.most is not None:
            bounds.append(
                _("from {least} to {most}").format(least=_n(self.least), most=_n(self.most))
            )
        elif self.least is not None:
            bounds.append(_("from {n} on").format(n=_n(self.least)))
        elif self.most is not None:
            bounds.append(_("at most {n}").format(n=_n(self.most)))
        return f"{kind} {', '.join(bounds)}".strip()


def limit_problem(name: str, limit: Limit) -> str:
    """What to say where a setting holds what its limit does not take, in a sentence."""
    return _("{setting} must be {words}.").format(setting=TITLES[name], words=limit.words)


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
