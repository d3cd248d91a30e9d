"""What training would take: epochs, billable tokens and money. Always an estimate.

The formulas are those of OpenAI's cookbook (facts section 5): the service decides the epochs, and
charges each example's tokens up to the limit, once an epoch. Validation tokens are not charged.
"""

from collections.abc import Iterable
from typing import NamedTuple

from tunedesk.catalogue.models import HostedModel

_TARGET_EPOCHS = 3
_LEAST_EXAMPLES = 100
_MOST_EXAMPLES = 25_000
_MOST_EPOCHS = 25


class Estimate(NamedTuple):
    """An estimate of a training run.

    Attributes:
        examples: How many examples.
        epochs: How often each is gone through.
        tokens: The tokens of all examples, each up to the limit.
        over_limit: How many examples are cut at the limit.
        billable_tokens: Tokens times epochs.
        price: The price of training, in USD; None when the model has no price for a token.
    """

    examples: int
    epochs: int
    tokens: int
    over_limit: int
    billable_tokens: int
    price: float | None


def default_epochs(examples: int) -> int:
    """The epochs that OpenAI chooses by itself for so many examples; 0 for none."""
    if examples <= 0:
        return 0
    if examples * _TARGET_EPOCHS < _LEAST_EXAMPLES:
        return min(_MOST_EPOCHS, _LEAST_EXAMPLES // examples)
    if examples * _TARGET_EPOCHS > _MOST_EXAMPLES:
        return max(1, _MOST_EXAMPLES // examples)
    return _TARGET_EPOCHS


def estimate(
    tokens: Iterable[int], token_limit: int, model: HostedModel | None, epochs: int | None = None
) -> Estimate:
    """Estimate a run over examples of so many tokens.

    Args:
        tokens: The tokens of each example.
        token_limit: The limit at which an example is cut.
        model: The base model that gives the price; None for no price.
        epochs: The epochs; those of `default_epochs` without.
    """
    examples = total = over = 0
    for number in tokens:
        examples += 1
        over += number > token_limit
        total += min(token_limit, number)
    epochs = default_epochs(examples) if epochs is None else epochs
    billable = total * epochs
    price = None if model is None or model.price is None else billable * model.price.training / 1e6
    return Estimate(examples, epochs, total, over, billable, price)
