"""What training would take: epochs, billable tokens and money. Always an estimate.

The one place where tokens become money. The formulas are those of OpenAI's cookbook (facts section
5): the service decides the epochs, and charges each example's tokens up to the limit, once an
epoch. Validation tokens are not charged. The prices of the catalogue are OpenAI's; what another
target takes is not known.
"""

from collections.abc import Iterable
from typing import NamedTuple

from tunedesk.catalogue.hyperparameters import default_epochs
from tunedesk.catalogue.models import Catalogue, HostedModel

_PRICED_TARGET = "openai"


class TrainedTokens(NamedTuple):
    """The length of examples as it is trained on.

    Attributes:
        examples: How many examples.
        tokens: Their tokens, each up to the limit.
        over_limit: How many are cut at the limit.
    """

    examples: int
    tokens: int
    over_limit: int


class Estimate(NamedTuple):
    """An estimate of a training run.

    Attributes:
        epochs: How often each example is gone through.
        billable_tokens: Tokens times epochs.
        price: The price of training, in USD; None where no price for a token is known.
        price_per_million: The price of 1,000,000 trained tokens, in USD; None as `price`.
    """

    epochs: int
    billable_tokens: int
    price: float | None
    price_per_million: float | None


def cut_at_limit(lengths: Iterable[int], limit: int) -> TrainedTokens:
    """The length of examples of so many tokens, of which each is cut at the limit."""
    examples = total = over = 0
    for number in lengths:
        examples += 1
        over += number > limit
        total += min(limit, number)
    return TrainedTokens(examples, total, over)


def is_priced(target: str) -> bool:
    """Whether the prices and shutdown dates of the catalogue's models hold at a target."""
    return target == _PRICED_TARGET


def estimate(
    examples: int,
    tokens: int,
    target: str,
    model: HostedModel | str | None,
    epochs: int | None = None,
) -> Estimate:
    """Estimate a run.

    Args:
        examples: How many examples are trained on.
        tokens: Their tokens, each up to the limit.
        target: Where they are trained: the name of a target.
        model: The base model, or its name; None for no price.
        epochs: The epochs; those of `default_epochs` without.
    """
    found = Catalogue.load().find(model) if isinstance(model, str) else model
    epochs = default_epochs(examples) if epochs is None else epochs
    billable = tokens * epochs
    if found is None or found.price is None or not is_priced(target):
        return Estimate(epochs, billable, None, None)
    return Estimate(epochs, billable, billable * found.price.training / 1e6, found.price.training)
