"""Chooses the next token from what the model thinks of all of them."""

from dataclasses import dataclass

import torch

from tunedesk.training_server.token_stream import Parameters


@dataclass(frozen=True)
class Choice:
    """A chosen token.

    Attributes:
        token: Its number.
        logprob: Its log probability as the model has it, before temperature and top_p.
        likeliest: The likeliest tokens with theirs.
    """

    token: int
    logprob: float | None
    likeliest: tuple[tuple[int, float], ...]


class Sampler:
    """Chooses the tokens of one answer."""

    def __init__(self, parameters: Parameters, allowed: torch.Tensor) -> None:
        """Make it.

        Args:
            parameters: How to choose.
            allowed: For each token whether it may be chosen.
        """
        self._parameters = parameters
        self._allowed = allowed
        self._generator = torch.Generator()
        if parameters.seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(parameters.seed % 2**63)

    def choose(self, logits: torch.Tensor) -> Choice:
        """The next token, from the logits of all."""
        values = logits.detach().to("cpu", torch.float32)
        values = values.masked_fill(~self._allowed, -torch.inf)
        token = self._pick(values)
        wanted = self._parameters.top_logprobs
        if wanted is None:
            return Choice(token, None, ())
        logprobs = torch.log_softmax(values, dim=-1)
        best = torch.topk(logprobs, min(wanted, len(logprobs)))
        likeliest = zip(best.indices.tolist(), best.values.tolist(), strict=True)
        return Choice(token, float(logprobs[token]), tuple(likeliest))

    def _pick(self, values: torch.Tensor) -> int:
        temperature = self._parameters.temperature
        if temperature <= 0:
            return int(values.argmax())
        probabilities = torch.softmax(values / temperature, dim=-1)
        if self._parameters.top_p < 1:
            ordered, places = probabilities.sort(descending=True)
            # The first one always stays: what stands before it is nothing.
            before = ordered.cumsum(-1) - ordered
            ordered = ordered.masked_fill(before >= self._parameters.top_p, 0.0)
            ordered[0] = ordered[0].clamp(min=1e-9)
            picked = torch.multinomial(ordered, 1, generator=self._generator)
            return int(places[picked])
        return int(torch.multinomial(probabilities, 1, generator=self._generator))
