"""Turns tokens into text piece by piece, and ends at the texts that the asker named."""

from collections.abc import Sequence

from transformers import PreTrainedTokenizerBase

_BROKEN = "\N{REPLACEMENT CHARACTER}"
_LONGEST_LETTER = 4


class TextPieces:
    """Gives each token's text as soon as its letters are complete."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = tokenizer
        self._tokens: list[int] = []
        self._begin = 0
        self._told = 0

    def add(self, token: int) -> str:
        """The text that a token completes; empty in the middle of a letter."""
        self._tokens.append(token)
        fresh = self._fresh()
        is_cut = fresh.endswith(_BROKEN) and len(self._tokens) - self._told < _LONGEST_LETTER
        if not fresh or is_cut:
            return ""
        self._begin = self._told
        self._told = len(self._tokens)
        return fresh

    def rest(self) -> str:
        """What is left of letters that were never completed."""
        fresh = self._fresh()
        self._told = len(self._tokens)
        return fresh

    def _fresh(self) -> str:
        # Decoded together with the tokens before: alone, some lose the blank that they begin with.
        before = self._decode(self._tokens[self._begin : self._told])
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
        found = [place for text in self._texts if (place := self._held.find(text)) >= 0]
        if found:
            told, self._held = self._held[: min(found)], ""
            return told, True
        kept = self._begun()
        told, self._held = (
            self._held[: len(self._held) - kept],
            self._held[len(self._held) - kept :],
        )
        return told, False

    def rest(self) -> str:
        """What was held back for a text that did not come."""
        told, self._held = self._held, ""
        return told

    def _begun(self) -> int:
        """How many letters at the end may be the beginning of a text to stop at."""
        longest = max(map(len, self._texts), default=1) - 1
        for length in range(min(longest, len(self._held)), 0, -1):
            if any(text.startswith(self._held[-length:]) for text in self._texts):
                return length
        return 0
