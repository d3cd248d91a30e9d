"""Gigatoken's counting, kept within bounds of memory.

gigatoken remembers every piece of text between two blanks that it has met, for good. In prose the
pieces repeat and that is little; in Chinese, or in what programs write, nearly every piece is new,
and a gigabyte of it would take several of memory. So the tokenizer is made anew from time to time:
often where pieces are long, seldom where they are short.
"""

import threading
from collections.abc import Callable, Sized
from functools import cache

from tunedesk.checks.encodings import checked_vocabulary_file, vocabulary

# A tokenizer takes a third of a second to make; these grow it by some 100 MB at the most.
_LONG_PIECES = 8_000_000
_ALL_PIECES = 400_000_000
_PIECE = 12


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

    def count(self, text: str) -> int:
        """The number of tokens of the text."""
        with self._one_at_a_time:
            self._note(text)
            return len(self._encode(text))

    def count_all(self, texts: list[str], joined: str) -> list[int]:
        """The number of tokens of each text; `joined` holds all of them."""
        with self._one_at_a_time:
            self._note(joined)
            encode = self._encode
            return [len(encode(text)) for text in texts]

    def _note(self, text: str) -> None:
        """Make the tokenizer anew when it may have remembered too much."""
        length = len(text)
        self._all += length
        beyond = length - _PIECE * text.count(" ")
        if beyond > 0:
            self._long += beyond
        if self._long > _LONG_PIECES or self._all > _ALL_PIECES:
            self._long = self._all = 0
            self._encode = self._made()

    def _made(self) -> Callable[[str], Sized]:
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
