"""How many tokens a text has: gigatoken where it is exact, tiktoken everywhere else.

gigatoken counts ten times faster than tiktoken. The two may come to different counts only where
their Unicode tables differ, on code points that one of them does not know yet: a text with a
character outside the tables of this Python, or with half a surrogate pair, is left to tiktoken.
Text that spells a special token counts as plain text in both.

gigatoken remembers every piece of text between two blanks that it has met, for good. In prose the
pieces repeat and that is little; in Chinese, or in what programs write, nearly every piece is new,
and a gigabyte of it would take several of memory. So the tokenizer is made anew from time to time:
often where pieces are long, seldom where they are short.
"""

import threading
import unicodedata
from collections.abc import Callable, Sized
from functools import cache
from typing import TYPE_CHECKING

from tunedesk.catalogue.token_encodings import (
    DEFAULT_ENCODING,
    checked_vocabulary_file,
    load_encoding,
    vocabulary,
)
from tunedesk.lazy_imports import importing

if TYPE_CHECKING:
    import tiktoken


# A tokenizer takes a third of a second to make; these grow it by some 100 MB at the most.
_LONG_PIECES = 8_000_000
_ALL_PIECES = 400_000_000
_PIECE = 12
# Counting the blanks of every text takes a fifth of the time; one text in so many characters will
# do to know what the others are like.
_LOOK_EVERY = 30_000


class FastTokens:
    """Counts tokens quickly, for texts whose characters all the libraries know.

    One is shared by all threads of a process: gigatoken refuses two calls at a time, so they wait
    for each other, a text at a time.
    """

    def __init__(self, encoding: str, scheme: str) -> None:
        self._encoding = encoding
        self._scheme = scheme
        self._one_at_a_time = threading.Lock()
        self._encode = self._made()
        self._long = 0
        self._all = 0
        self._unseen = 0
        self._first = ("", 0)

    def count(self, text: str) -> int:
        """The number of tokens of the text."""
        with self._one_at_a_time:
            self._note(text, len(text))
            return len(self._encode(text))

    def count_all(self, texts: list[str]) -> list[int]:
        """The number of tokens of each text of an example; there must be one.

        The first, the system prompt, is often that of the example before.
        """
        with self._one_at_a_time:
            self._note(texts[-1], sum(map(len, texts)))
            encode = self._encode
            if texts[0] != self._first[0]:
                self._first = (texts[0], len(encode(texts[0])))
            return [self._first[1], *[len(encode(text)) for text in texts[1:]]]

    def _note(self, text: str, length: int) -> None:
        """Make the tokenizer anew when it may have remembered too much.

        Args:
            text: The text, or one that stands for all that is about to be counted.
            length: How many characters are about to be counted.
        """
        self._all += length
        self._unseen += length
        if self._unseen < _LOOK_EVERY and self._all <= _ALL_PIECES:
            return
        beyond = 1 - _PIECE * text.count(" ") / max(1, len(text))
        if beyond > 0:
            self._long += int(beyond * self._unseen)
        self._unseen = 0
        if self._long > _LONG_PIECES or self._all > _ALL_PIECES:
            self._long = self._all = 0
            self._encode = self._made()

    def _made(self) -> Callable[[str], Sized]:
        with importing("gigatoken"):
            import gigatoken  # a slow import, and `--no-tokens` needs none of it

        # No special tokens are given, so their spellings are split like any other text.
        tokenizer = gigatoken.Tokenizer.from_tiktoken(
            checked_vocabulary_file(vocabulary(self._encoding).file),
            pretokenizer=self._scheme,
            special_tokens={},
        )
        encode: Callable[[str], Sized] = tokenizer.backend.encode
        return encode


@cache
def fast_tokens(encoding: str) -> FastTokens | None:
    """The fast counting of this encoding, one in a process; None where there is none."""
    scheme = vocabulary(encoding).scheme
    return None if scheme is None else FastTokens(encoding, scheme)


_UNSURE = ("Cn", "Cs")
_SHORT = 64
_KEPT = 4096


class TokenCounter:
    """Counts the tokens of texts in one encoding; made once and used by one thread at a time."""

    def __init__(self, encoding: str = DEFAULT_ENCODING) -> None:
        self.encoding = encoding
        self._exact: tiktoken.Encoding | None = None
        self._fast = fast_tokens(encoding)
        self._short: dict[str, int] = {}

    def count(self, text: str) -> int:
        """The number of tokens of the text."""
        if len(text) < _SHORT:
            # Roles, names and greetings come again and again.
            known = self._short.get(text)
            if known is not None:
                return known
            if len(self._short) >= _KEPT:
                self._short.clear()
            number = self._short[text] = self._count(text)
            return number
        return self._count(text)

    def count_all(self, texts: list[str], rare: str) -> list[int]:
        """The number of tokens of each text of an example.

        Args:
            texts: The texts.
            rare: All their characters beyond ASCII, perhaps with some of ASCII among them: looked
                through for what is not well known.
        """
        if self._fast is None or not _is_well_known(rare):
            return [self.count(text) for text in texts]
        return self._fast.count_all(texts)

    def _count(self, text: str) -> int:
        if self._fast is not None and _is_well_known(text):
            return self._fast.count(text)
        if self._exact is None:
            self._exact = load_encoding(self.encoding)
        return len(self._exact.encode_ordinary(text))


def _is_well_known(text: str) -> bool:
    """Whether every character stands in the Unicode tables that all the libraries share."""
    if text.isascii():
        return True
    # isprintable() is quick but refuses line breaks, the separator of joined texts and the joiners
    # inside emoji as well.
    if text.replace("\n", "").replace("\x1e", "").isprintable():
        return True
    return not any(unicodedata.category(character) in _UNSURE for character in set(text))
