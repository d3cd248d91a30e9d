"""Says which bytes a token stands for."""

import re

from transformers import PreTrainedTokenizerBase
from transformers.convert_slow_tokenizer import bytes_to_unicode

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
