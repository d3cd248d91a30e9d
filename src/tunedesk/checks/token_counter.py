"""How many tokens a text has: gigatoken where it is exact, a slower library everywhere else.

OpenAI's encodings are those of tiktoken; a base model on this computer has its own tokenizer, which
is that of `tokenizers`. gigatoken counts about ten times faster than both. It may come to different
counts only where Unicode tables differ, on code points that one of them does not know yet: a text
with a character outside the tables of this Python, or with half a surrogate pair, is left to the
other library. Text that spells a special token counts as plain text in OpenAI's encodings, and as
that token in a model's own, as in its training.

gigatoken remembers every piece of text between two blanks that it has met, for good. In prose the
pieces repeat and that is little; in Chinese, or in what programs write, nearly every piece is new,
and a gigabyte of it would take several of memory. So the tokenizer is made anew from time to time:
often where pieces are long, seldom where they are short.
"""

import re
import threading
import unicodedata
from collections.abc import Callable, Sized
from functools import cache
from typing import Any, NamedTuple

import orjson

from tunedesk.catalogue.token_encodings import (
    DEFAULT_ENCODING,
    OPENAI_FRAME,
    MessageFrame,
    ModelEncoding,
    checked_vocabulary_file,
    leave_out_encoding,
    load_encoding,
    model_encoding,
    vocabulary,
)
from tunedesk.lazy_imports import importing

# A tokenizer takes a third of a second to make; these grow it by some 100 MB at the most.
_LONG_PIECES = 8_000_000
_ALL_PIECES = 400_000_000
_PIECE = 12
# Counting the blanks of every text takes a fifth of the time; one text in so many characters will
# do to know what the others are like.
_LOOK_EVERY = 30_000

Encode = Callable[[str], Sized]
"""Gives the tokens of a text; as many as there are."""


class FastTokens:
    """Counts tokens quickly, for texts whose characters all the libraries know.

    One is shared by all threads of a process: gigatoken refuses two calls at a time, so they wait
    for each other, a text at a time.
    """

    def __init__(self, make: Callable[[], Encode]) -> None:
        self._make = make
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

    def _made(self) -> Encode:
        return self._make()


class _Counting(NamedTuple):
    """How the texts of an encoding are counted.

    Attributes:
        fast: The quick way; None where there is none.
        exact: Makes the slow way, which is right for every text.
        doubtful: Characters whose texts are left to the slow way.
        frame: What stands around texts.
    """

    fast: FastTokens | None
    exact: Callable[[], Encode]
    doubtful: frozenset[str]
    frame: MessageFrame


def _counting(encoding: str) -> _Counting:
    """How this encoding is counted, made once in a process.

    Raises:
        UserError: There is no such encoding, or its file is damaged.
    """
    if "@" not in encoding:
        return _counting_of_openai(encoding)
    model = model_encoding(encoding)
    found = None if model is None else _counting_of_model(model)
    # Without: the model was removed or changed a moment ago, or its tokenizer is damaged.
    return found or _counting_of_openai(DEFAULT_ENCODING)


@cache
def _counting_of_openai(encoding: str) -> _Counting:
    scheme = vocabulary(encoding).scheme

    def make() -> Encode:
        with importing("gigatoken"):
            import gigatoken  # a slow import, and `--no-tokens` needs none of it

        # No special tokens are given, so their spellings are split like any other text.
        tokenizer = gigatoken.Tokenizer.from_tiktoken(
            checked_vocabulary_file(vocabulary(encoding).file),
            pretokenizer=scheme,
            special_tokens={},
        )
        encode: Encode = tokenizer.backend.encode
        return encode

    return _Counting(
        None if scheme is None else FastTokens(make),
        lambda: load_encoding(encoding).encode_ordinary,
        frozenset(),
        OPENAI_FRAME,
    )


def fast_tokens(encoding: str) -> FastTokens | None:
    """The fast counting of this encoding, one in a process; None where there is none."""
    return _counting(encoding).fast


@cache
def _counting_of_model(encoding: ModelEncoding) -> _Counting | None:
    """How the tokenizer of a base model counts; None if its file is damaged."""

    @cache
    def exact() -> Encode:
        with importing("tokenizers"):
            from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(encoding.tokenizer))
        tokenizer.no_truncation()
        tokenizer.no_padding()

        def encode(text: str) -> Sized:
            if not text.isascii():  # half a surrogate pair
                text = text.encode("utf-8", "replace").decode("utf-8")
            return tokenizer.encode(text, add_special_tokens=False)

        return encode

    try:  # libraries of Rust raise a plain Exception
        made = _GigatokenJson(encoding.tokenizer.read_bytes())
        fast = FastTokens(made.load)
        if made.is_well_known or all(fast.count(text) == len(exact()(text)) for text in _PROBES):
            return _Counting(fast, exact, made.doubtful, encoding.frame)
    except Exception:
        pass
    try:
        exact()
    except Exception:
        # From here on the settings of projects name another encoding.
        leave_out_encoding(encoding)
        return None
    return _Counting(None, exact, frozenset(), encoding.frame)


_PROBES = (
    "The fee is 1,250.50 EUR, isn't it?\n\n  It'll be  paid\ton 2024-02-29.\r\n",
    "def area(r):\n    return 3.14159 * r ** 2  # πr²\n",
    "Größe, façade, naïve, Łódź, Ελλάδα, Привет, שלום, مرحبا, नमस्ते, สวัสดี, 你好，世界！, 안녕",
    "👩‍👩‍👧 \u00a0 \u2028 \u0301 ﬁ Ω ǅ <|im_start|>user\nhi<|im_end|> </s> [INST] <end_of_turn>",
    " leading and trailing \n ",
    "CamelCaseWORDS_and_snake_case42 'LL don'T we've",
)
"""Texts on which the two libraries must agree, or gigatoken is not used."""


class _GigatokenJson:
    """A tokenizer.json as gigatoken reads it.

    Two things that it does not know are said in another way. Some vocabularies lack bytes, which
    count nothing; they are added, and texts with them are left to `tokenizers`. A split at each
    digit is that at a special token, if each digit is one token; that takes four times as long, and
    it makes a difference only to two blanks or more before a digit.

    Attributes:
        doubtful: Characters whose texts it counts otherwise.
        is_well_known: Whether the steps are those whose counts were found equal in tests.
    """

    def __init__(self, data: bytes) -> None:
        made: dict[str, Any] = orjson.loads(data)
        vocabulary_ = made["model"]["vocab"]
        added = made["added_tokens"]
        doubtful: set[str] = set()
        if _splits_bytes(made["pre_tokenizer"]):
            letters = _byte_letters()
            lacking = [byte for byte, letter in letters.items() if letter not in vocabulary_]
            free = max(max(vocabulary_.values()), *(token["id"] for token in added), 0) + 1
            for number, byte in enumerate(lacking):
                vocabulary_[letters[byte]] = free + number
            doubtful |= {chr(byte) for byte in lacking if byte < 0x80}
            # The first byte of two-byte letters, and of those in the planes of rare scripts. Those
            # beyond stand for no letter that Python knows, or for no letter at all.
            if any(0xC2 <= byte <= 0xF0 or 0x80 <= byte < 0xC0 for byte in lacking):
                raise KeyError("the vocabulary lacks bytes of common letters")
        inner = _after_digits(made["pre_tokenizer"])
        self._split_at: list[dict[str, Any]] = []
        if inner is not None:
            made["pre_tokenizer"] = inner
            doubtful |= {"\x0b", "\x0c", *_foreign_numbers()}
            flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
            self._split_at = [
                {"id": vocabulary_[digit], "content": digit, "special": True, **flags}
                for digit in "0123456789"
            ]
        self.doubtful = frozenset(doubtful)
        self.is_well_known = made["pre_tokenizer"] in _KNOWN_STEPS and not made["normalizer"]
        # First what is added later, in `_load_splitting`.
        self._data = orjson.dumps({"added_tokens": added, **made})

    def load(self) -> Encode:
        """Make gigatoken's tokenizer."""
        with importing("gigatoken"):
            import gigatoken

        encode: Encode = gigatoken.Tokenizer.from_json(self._data).backend.encode
        if not self._split_at:
            return encode
        splitting: Encode | None = None

        def encode_either(text: str) -> Sized:
            nonlocal splitting
            # To look for two blanks is quicker than to look for digits, which prose is full of.
            if (
                text.isascii()
                and "  " not in text
                and "\t" not in text
                and "\r" not in text
                and (
                    "\n" not in text
                    or ("\n\n" not in text and "\n " not in text and " \n" not in text)
                )
            ) or not _DIGIT_AFTER_BLANKS.search(text):
                return encode(text)
            if splitting is None:
                splitting = self._load_splitting()
            return splitting(text)

        return encode_either

    def _load_splitting(self) -> Encode:
        with importing("gigatoken"):
            import gigatoken

        begin = b'{"added_tokens":['
        tokens = orjson.dumps(self._split_at)[1:-1]
        rest = self._data.removeprefix(begin)
        comma = b"" if rest.startswith(b"]") else b","
        data = begin + tokens + comma + rest
        encode: Encode = gigatoken.Tokenizer.from_json(data).backend.encode
        return encode


_KNOWN_STEPS = (
    {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
)
_DIGIT_AFTER_BLANKS = re.compile(r"[0-9](?<=\s\s.)")


def _splits_bytes(pre_tokenizer: Any) -> bool:
    """Whether the last step of a tokenizer.json's splitting makes letters of bytes."""
    if not isinstance(pre_tokenizer, dict):
        return False
    steps = pre_tokenizer.get("pretokenizers") or [pre_tokenizer]
    return bool(steps[-1]["type"] == "ByteLevel")


def _after_digits(pre_tokenizer: Any) -> dict[str, Any] | None:
    """What comes after a split at each digit; None if the first step is another."""
    steps = pre_tokenizer.get("pretokenizers") if isinstance(pre_tokenizer, dict) else None
    if not steps or len(steps) != 2 or steps[0] != {"type": "Digits", "individual_digits": True}:
        return None
    return dict(steps[1])


def _byte_letters() -> dict[int, str]:
    """The letters that stand for bytes in the vocabularies of GPT-2's family."""
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in plain]
    letters = {byte: chr(byte) for byte in plain}
    return letters | {byte: chr(0x100 + number) for number, byte in enumerate(others)}


@cache
def _foreign_numbers() -> frozenset[str]:
    """The characters beyond ASCII that Unicode calls numbers; all stand below U+20000."""
    letters = map(chr, range(0x80, 0x20000))
    return frozenset(letter for letter in letters if unicodedata.category(letter)[0] == "N")


_UNSURE = ("Cn", "Cs")
_SHORT = 64
_KEPT = 4096


class TokenCounter:
    """Counts the tokens of texts in one encoding; made once and used by one thread at a time.

    Attributes:
        encoding: The name of the encoding.
        frame: What its format puts around the texts of a conversation.
    """

    def __init__(self, encoding: str = DEFAULT_ENCODING) -> None:
        """Make a counter.

        Args:
            encoding: One of OpenAI's, or that of a base model on this computer
                (`ModelEncoding.name`).

        Raises:
            UserError: There is no such encoding.
        """
        self.encoding = encoding
        counting = _counting(encoding)
        self.frame = counting.frame
        self._make_exact = counting.exact
        self._exact: Encode | None = None
        self._fast = counting.fast
        self._doubtful = counting.doubtful
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
        if self._fast is None or not _is_well_known(rare) or not self._is_sure(rare):
            return [self.count(text) for text in texts]
        return self._fast.count_all(texts)

    def _count(self, text: str) -> int:
        if self._fast is not None and _is_well_known(text) and self._is_sure(text):
            return self._fast.count(text)
        if self._exact is None:
            self._exact = self._make_exact()
        return len(self._exact(text))

    def _is_sure(self, text: str) -> bool:
        """Whether no character is one that the quick way of this encoding counts otherwise."""
        return (
            not self._doubtful
            or (text.isascii() and text.isprintable())
            or self._doubtful.isdisjoint(text)
        )


def _is_well_known(text: str) -> bool:
    """Whether every character stands in the Unicode tables that all the libraries share."""
    if text.isascii():
        return True
    # isprintable() is quick but refuses line breaks, the separator of joined texts and the joiners
    # inside emoji as well.
    if text.replace("\n", "").replace("\x1e", "").isprintable():
        return True
    return not any(unicodedata.category(character) in _UNSURE for character in set(text))
