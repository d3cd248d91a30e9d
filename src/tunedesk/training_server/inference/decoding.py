"""From logits to the text that is told: sampling, bytes of tokens, texts to stop at."""

import codecs
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from transformers import PreTrainedTokenizerBase
from transformers.convert_slow_tokenizer import bytes_to_unicode

from tunedesk.training_server.inference.inference_types import InferenceError, SamplingParams

_LEAST_TEMPERATURE = 1e-5
"""With less, the likeliest token is taken: its lead over the others is beyond any number."""

_LEAST_LOGPROB = -9999.0
"""What OpenAI's document says for a token that is very unlikely; JSON has no infinity for one that
cannot be."""


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

    def __init__(self, parameters: SamplingParams, allowed: torch.Tensor) -> None:
        """Make it.

        Args:
            parameters: How to choose.
            allowed: For each token whether it may be chosen.

        Raises:
            InferenceError: A bias is given for a token that the model does not have.
        """
        self._parameters = parameters
        self._allowed = allowed
        self._shift: torch.Tensor | None = None
        self._chosen: set[int] = set()
        is_shifting = parameters.frequency_penalty or parameters.presence_penalty
        if is_shifting or parameters.logit_bias:
            self._shift = torch.zeros(len(allowed))
        for token, bias in parameters.logit_bias:
            if token >= len(allowed):
                raise InferenceError(
                    f"Invalid 'logit_bias': the model has no token {token}; it has {len(allowed)}.",
                    "invalid_value",
                    is_question=True,
                    param="logit_bias",
                )
            assert self._shift is not None
            self._shift[token] += bias
        self._generator = torch.Generator()
        if parameters.seed is None:
            self._generator.seed()
        else:
            self._generator.manual_seed(parameters.seed % 2**63)

    def choose(self, logits: torch.Tensor, mask: npt.NDArray[np.bool_] | None = None) -> Choice:
        """The next token, from the logits of all; where there is a mask, one that it allows.

        Raises:
            InferenceError: The model computes no numbers: its weights are damaged.
        """
        open_values = logits.detach().to("cpu", torch.float32)
        if not torch.isfinite(open_values).all():
            open_values = _without_infinity(open_values)
        values = open_values.masked_fill(~self._allowed, -torch.inf)
        shifted = values
        if mask is not None:
            both = mask & self._allowed.numpy()
            if not both.any():
                # What the model is kept from saying for the look of it, it may say where it must.
                both = mask
            shifted = open_values.masked_fill(torch.from_numpy(~both), -torch.inf)
        if self._shift is not None:
            shifted = shifted + self._shift
        token = self._pick(shifted)
        self._count(token)
        wanted = self._parameters.top_logprobs
        if wanted is None:
            return Choice(token, None, ())
        logprobs = torch.log_softmax(values, dim=-1).clamp(min=_LEAST_LOGPROB)
        best = torch.topk(logprobs, min(wanted, len(logprobs)))
        likeliest = zip(best.indices.tolist(), best.values.tolist(), strict=True)
        return Choice(token, float(logprobs[token]), tuple(likeliest))

    def _count(self, token: int) -> None:
        """Make a token that was chosen less likely from now on.

        By OpenAI's formula: the logit of a token less its count in the answer so far times
        `frequency_penalty`, and less `presence_penalty` if that count is above 0
        (platform.openai.com/docs/api-reference/chat/create and the guide on parameters there).
        """
        if self._shift is None:
            return
        self._shift[token] -= self._parameters.frequency_penalty
        if token not in self._chosen:
            self._chosen.add(token)
            self._shift[token] -= self._parameters.presence_penalty

    def _pick(self, values: torch.Tensor) -> int:
        temperature = self._parameters.temperature
        if temperature < _LEAST_TEMPERATURE:
            return int(values.argmax())
        probabilities = torch.softmax(values / temperature, dim=-1)
        if self._parameters.top_p < 1:
            ordered, order = probabilities.sort(descending=True)
            # The first one always stays: what stands before it is nothing.
            before = ordered.cumsum(-1) - ordered
            ordered = ordered.masked_fill(before >= self._parameters.top_p, 0.0)
            ordered[0] = ordered[0].clamp(min=1e-9)
            picked = torch.multinomial(ordered, 1, generator=self._generator)
            return int(order[picked])
        return int(torch.multinomial(probabilities, 1, generator=self._generator))


def _without_infinity(logits: torch.Tensor) -> torch.Tensor:
    """The logits with the largest number for infinity, which 16 bits may come to."""
    if torch.isnan(logits).any():
        raise InferenceError(
            "The model answers with what is not a number: its weights are damaged.",
            "invalid_model",
        )
    most = torch.finfo(torch.float32).max / 4
    return logits.clamp(-most, most)


_BYTE = re.compile("<0x([0-9A-F]{2})>")
_BLANK = "\N{LOWER ONE EIGHTH BLOCK}"
_JOINT = "##"


class TokenBytes:
    """Knows the bytes of the tokens of a tokenizer: a letter may be divided among several."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = tokenizer
        decoder = getattr(tokenizer.backend_tokenizer, "decoder", None)
        letters = {letter: byte for byte, letter in bytes_to_unicode().items()}  # type: ignore[no-untyped-call]
        blank = next(letter for letter, byte in letters.items() if byte == ord(" "))
        # Asked by trial: decoders are nested in many ways.
        is_of_bytes = decoder is not None and decoder.decode([blank]) == " "
        self._letters: dict[str, int] = letters if is_of_bytes else {}
        self._is_marked = decoder is not None and decoder.decode(["x", f"{_BLANK}y"]) == "x y"
        self._is_joined = decoder is not None and decoder.decode(["x", f"{_JOINT}y"]) == "xy"
        self._special = frozenset(tokenizer.all_special_ids)

    def of(self, token: int) -> bytes:
        """The bytes of a token."""
        return self._of(token, str(self._tokenizer.convert_ids_to_tokens(token)))

    def table(self, size: int) -> list[bytes]:
        """The bytes of the tokens below a number; none for numbers that are no token."""
        written = self._tokenizer.convert_ids_to_tokens(list(range(size)))
        return [self._of(token, each) for token, each in enumerate(written)]

    def _of(self, token: int, written: str | None) -> bytes:
        if written is None:
            return b""
        if token in self._special:
            return written.encode()
        if self._letters and self._letters.keys() >= set(written):
            return bytes([self._letters[letter] for letter in written])
        byte = _BYTE.fullmatch(written)
        if byte is not None and not self._letters:
            return bytes([int(byte.group(1), 16)])
        if self._is_marked:
            return written.replace(_BLANK, " ").encode()
        if self._is_joined and written.startswith(_JOINT):
            return written.removeprefix(_JOINT).encode()
        return str(self._tokenizer.decode([token])).encode("utf-8", "replace")


_BROKEN = "\N{REPLACEMENT CHARACTER}"
_LONGEST_LETTER = 4


class TextPieces:
    """Gives each token's text as soon as its letters are complete."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = tokenizer
        self._tokens: list[int] = []
        self._begin = 0
        self._shown = 0

    def add(self, token: int) -> str:
        """The text that a token completes; empty in the middle of a letter."""
        self._tokens.append(token)
        fresh = self._fresh()
        is_cut = fresh.endswith(_BROKEN) and len(self._tokens) - self._shown < _LONGEST_LETTER
        if not fresh or is_cut:
            return ""
        self._begin = self._shown
        self._shown = len(self._tokens)
        return fresh

    def flush(self) -> str:
        """What is left of letters that were never completed."""
        fresh = self._fresh()
        self._shown = len(self._tokens)
        return fresh

    def _fresh(self) -> str:
        # Decoded together with the tokens before: alone, some lose the blank that they begin with.
        before = self._decode(self._tokens[self._begin : self._shown])
        return self._decode(self._tokens[self._begin :])[len(before) :]

    def _decode(self, tokens: list[int]) -> str:
        text = self._tokenizer.decode(tokens, skip_special_tokens=True)
        assert isinstance(text, str)
        return text


class BytePieces:
    """As `TextPieces`, but from the bytes that each token writes, whatever stands before it.

    So the text is the very one that was held against a schema; a tokenizer may write another one,
    such as without the first blank.
    """

    def __init__(self, bytes_of: Callable[[int], bytes]) -> None:
        """Make it.

        Args:
            bytes_of: Gives the bytes of a token.
        """
        self._bytes_of = bytes_of
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def add(self, token: int) -> str:
        """The text that a token completes."""
        return self._decoder.decode(self._bytes_of(token))

    def flush(self) -> str:
        """What is left of letters that were never completed."""
        return self._decoder.decode(b"", final=True)


class StopTexts:
    """Watches for the texts at which an answer ends."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = [text for text in texts if text]
        self._held = ""

    def add(self, piece: str) -> tuple[str, bool]:
        """What of the text may be told, and whether the answer ends with it."""
        self._held += piece
        found = [offset for text in self._texts if (offset := self._held.find(text)) >= 0]
        if found:
            shown, self._held = self._held[: min(found)], ""
            return shown, True
        kept = self._begun()
        shown, self._held = (
            self._held[: len(self._held) - kept],
            self._held[len(self._held) - kept :],
        )
        return shown, False

    def flush(self) -> str:
        """What was held back for a text that did not come."""
        shown, self._held = self._held, ""
        return shown

    def _begun(self) -> int:
        """How many letters at the end may be the beginning of a text to stop at."""
        longest = max(map(len, self._texts), default=1) - 1
        for length in range(min(longest, len(self._held)), 0, -1):
            if any(text.startswith(self._held[-length:]) for text in self._texts):
                return length
        return 0
