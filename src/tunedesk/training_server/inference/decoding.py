"""From logits to the text that is told: sampling, bytes of tokens, stop texts, calls of tools."""

import json
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase
from transformers.convert_slow_tokenizer import bytes_to_unicode

from tunedesk.training_server.inference.inference_types import SamplingParams

_LEAST_TEMPERATURE = 1e-5
"""With less, the likeliest token is taken: its lead over the others is beyond any number."""


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


_BYTE = re.compile("<0x([0-9A-F]{2})>")
_BLANK = "\N{LOWER ONE EIGHTH BLOCK}"


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
        self._special = frozenset(tokenizer.all_special_ids)

    def of(self, token: int) -> bytes:
        """The bytes of a token."""
        written = str(self._tokenizer.convert_ids_to_tokens(token))
        if token in self._special:
            return written.encode()
        if self._letters and all(letter in self._letters for letter in written):
            return bytes(self._letters[letter] for letter in written)
        byte = _BYTE.fullmatch(written)
        if byte is not None and not self._letters:
            return bytes([int(byte.group(1), 16)])
        if self._is_marked:
            return written.replace(_BLANK, " ").encode()
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


_BEGIN = "<tool_call>"
_CALL = re.compile(r"<tool_call>\s*(.*?)\s*(?:</tool_call>|\Z)", re.DOTALL)
_ARGUMENTS = re.compile(r'"(?:arguments|parameters)"\s*:\s*')


class ToolCallParser:
    """Holds back what may be a call until the answer has ended.

    Two ways of writing one are known: `<tool_call>{"name": ..., "arguments": {...}}</tool_call>`
    (ours, Qwen's and many others'), and an answer that is one JSON object (Llama's).
    """

    def __init__(self, is_watching: bool) -> None:
        """Make it; without tools the text goes through as it is."""
        self._is_watching = is_watching
        self._held = ""
        self._is_holding = False
        self._shown_any = False

    def add(self, piece: str) -> str:
        """What of the text may be told."""
        if not self._is_watching:
            return piece
        self._held += piece
        if self._is_holding:
            return ""
        if not self._shown_any:
            start = self._held.lstrip()
            if not start:
                return ""
            if start.startswith("{"):
                self._is_holding = True
                return ""
        offset = self._held.find(_BEGIN)
        if offset >= 0:
            self._is_holding = True
            shown, self._held = self._held[:offset].rstrip("\n"), self._held[offset:]
        else:
            kept = next(
                (n for n in range(len(_BEGIN) - 1, 0, -1) if self._held.endswith(_BEGIN[:n])), 0
            )
            if self._held[: len(self._held) - kept].endswith("\n"):
                # The line break before a call belongs to the call.
                kept += 1
            cut = len(self._held) - kept
            shown, self._held = self._held[:cut], self._held[cut:]
        self._shown_any = self._shown_any or bool(shown)
        return shown

    def finish(self) -> tuple[str, tuple[dict[str, object], ...]]:
        """What is left of the text, and the calls."""
        held, self._held = self._held, ""
        if not self._is_watching:
            return "", ()
        texts = _CALL.findall(held) if _BEGIN in held else [held.strip()]
        calls = [_read(text) for text in texts if text]
        if not self._is_holding or not calls or None in calls:
            return held, ()
        return "", tuple(call for call in calls if call is not None)


def _read(text: str) -> dict[str, object] | None:
    """A call in OpenAI's form; None if the text is none."""
    try:
        value: Any = json.loads(text)
    except ValueError:
        return None
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return None
    arguments = value.get("arguments", value.get("parameters", {}))
    return {
        "id": f"call_{uuid.uuid4().hex[:24]}",
        "type": "function",
        "function": {"name": value["name"], "arguments": _written(text, arguments)},
    }


def _written(text: str, arguments: Any) -> str:
    """The arguments letter by letter as the model wrote them, where they can be cut out."""
    if isinstance(arguments, str):
        return arguments
    found = _ARGUMENTS.search(text)
    if found:
        raw = text[found.end() :].rstrip().removesuffix("}").rstrip()
        try:
            if json.loads(raw) == arguments:
                return raw
        except ValueError:
            pass
    return json.dumps(arguments, ensure_ascii=False)
