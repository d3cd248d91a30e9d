"""In which encoding a file is written, and its bytes as UTF-8 whatever it is."""

import codecs
import re
from typing import BinaryIO, NamedTuple

from tunedesk.lazy_imports import importing

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROLS = bytes(c for c in range(32) if c not in b"\t\n\r\f\x1b")
_WINDOWS_ONLY = re.compile(rb"[\x80-\x9f]")
_C1 = re.compile("[\x80-\x9f]")
_ESCAPED_BYTE = re.compile("[\udc80-\udcff]+")

_GUESSED = {
    "ISO-8859-2": "iso-8859-2",
    "ISO-8859-5": "iso-8859-5",
    "ISO-8859-6": "iso-8859-6",
    "ISO-8859-7": "iso-8859-7",
    "ISO-8859-8": "iso-8859-8",
    "ISO-8859-9": "iso-8859-9",
    "Windows-1250": "windows-1250",
    "Windows-1251": "windows-1251",
    "Windows-1253": "windows-1253",
    "Windows-1254": "windows-1254",
    "Windows-1255": "windows-1255",
    "Windows-1256": "windows-1256",
    "Windows-1257": "windows-1257",
    "Windows-1258": "windows-1258",
    "KOI8-R": "koi8-r",
    "KOI8-U": "koi8-u",
    "IBM866": "cp866",
    "TIS-620": "cp874",
    "CP874": "cp874",
    "CP932": "shift_jis",
    "SHIFT_JIS": "shift_jis",
    "EUC-JP": "euc_jp",
    "GB18030": "gb18030",
    "Big5": "big5",
    "Big5-HKSCS": "big5",
    "CP949": "cp949",
    "EUC-KR": "cp949",
}
"""What chardet may answer beside the Western encodings, and the name that is shown for it."""

_WINDOWS_OF = {
    "iso-8859-2": "windows-1250",
    "iso-8859-6": "windows-1256",
    "iso-8859-7": "windows-1253",
    "iso-8859-8": "windows-1255",
    "iso-8859-9": "windows-1254",
}
"""The encoding of Windows that has letters where the one of ISO has control characters."""

_WIDER = {"shift_jis": "cp932", "big5": "big5hkscs"}
"""The codec that reads all that real files of this encoding hold."""

_LATIN = frozenset(
    {"iso-8859-2", "iso-8859-9", "windows-1250", "windows-1254", "windows-1257", "windows-1258"}
)
_WESTERN = ("Windows-1252", "ISO-8859-1")

_LEAST_CONFIDENCE = 0.04
"""What chardet gives a dozen letters of Russian or Chinese."""
_LATIN_MARGIN = 1.15
"""How much likelier than Western an alphabet that shares most letters with it must be: a sentence
of Turkish, Croatian or Polish comes to 1.2, 1.4 and 2.9, one of Spanish to 1.08."""

_OPEN_BYTES_KEPT = "tunedesk.open_bytes_kept"


class Encoding(NamedTuple):
    """The encoding of a file.

    Attributes:
        name: As it is known, such as "utf-8" or "windows-1251".
        guessed: Whether nothing in the file says so.
        mark: The length of the byte order mark.
    """

    name: str
    guessed: bool
    mark: int


def detect(head: bytes) -> Encoding | None:
    """The encoding of a file that begins with these bytes; None if they are not text."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return Encoding(name, False, len(mark))
    wide = _wide(head)
    if wide is not None:
        return Encoding(wide, True, 0)
    sample = head[:65_536]
    if len(sample) - len(sample.translate(None, _CONTROLS)) > len(sample) // 20:
        return None
    if _is_utf8(head, final=False):
        return Encoding("utf-8", False, 0)
    return _guess(head)


def _wide(head: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: a data file begins with ASCII, which shows as zeros."""
    pattern = bytes(1 if byte else 0 for byte in head[:4])
    name = {
        b"\x01\0\0\0": "utf-32-le",
        b"\0\0\0\x01": "utf-32-be",
        b"\x01\0\x01\0": "utf-16-le",
        b"\0\x01\0\x01": "utf-16-be",
    }.get(pattern)
    if name is None:
        return None
    whole = head[: len(head) - len(head) % 4]
    try:
        # Half a pair at the end of the head is not an error.
        codecs.getincrementaldecoder(name)().decode(whole)
    except UnicodeDecodeError:
        return None
    return name


def _is_utf8(data: bytes, final: bool) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data, final)
    except UnicodeDecodeError:
        return False
    return True


def _guess(head: bytes) -> Encoding:
    """UTF-8 with a few broken rows, or one of the older encodings throughout."""
    lines = [line for line in head.splitlines() if not line.isascii()]
    broken = [line for line in lines if not _is_utf8(line, final=True)]
    if 2 * len(broken) <= len(lines):
        return Encoding("utf-8", False, 0)
    windows = any(_WINDOWS_ONLY.search(line) for line in broken)
    other = _guess_other(b"\n".join(broken)[:65_536], windows)
    return Encoding(other or ("windows-1252" if windows else "latin-1"), True, 0)


def _guess_other(data: bytes, windows: bool) -> str | None:
    """The encoding if it is not a Western one, guessed by the letters that languages use.

    Args:
        data: Lines that hold bytes beyond ASCII.
        windows: Whether there are bytes where the encodings of ISO have control characters.
    """
    with importing("chardet"):
        import chardet  # most files are UTF-8, and need not wait for it

    found = chardet.detect_all(
        data, include_encodings=(*_GUESSED, *_WESTERN), no_match_encoding="Windows-1252"
    )
    name = _GUESSED.get(found[0]["encoding"] or "")
    if name is None or found[0]["confidence"] < _LEAST_CONFIDENCE:
        return None
    if name in _LATIN:
        western = max((r["confidence"] for r in found if r["encoding"] in _WESTERN), default=0.0)
        if found[0]["confidence"] < _LATIN_MARGIN * western:
            return None
    if windows:
        name = _WINDOWS_OF.get(name, name)
    try:
        codecs.getincrementaldecoder(_WIDER.get(name, name))().decode(data)
    except UnicodeDecodeError:
        return None
    return name


def from_western(data: bytes) -> str:
    """Read bytes as Windows-1252, in which every byte means something.

    The five bytes that it leaves open stand for the control characters of Latin-1.
    """
    text = data.decode("latin-1")
    return _C1.sub(lambda found: _windows_letter(found.group()), text)


def _windows_letter(letter: str) -> str:
    try:
        return letter.encode("latin-1").decode("windows-1252")
    except UnicodeDecodeError:
        return letter


def decode_broken_bytes(text: str) -> str:
    """A text decoded with `surrogateescape`, its broken bytes read as Windows-1252."""
    return _ESCAPED_BYTE.sub(
        lambda found: from_western(found.group().encode("ascii", "surrogateescape")),
        text,
    )


def _keep_open_bytes(error: UnicodeError) -> tuple[str, int]:
    """Read bytes for which an encoding has no letter as Latin-1 does, so that none is lost."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error(_OPEN_BYTES_KEPT, _keep_open_bytes)


class Utf8Reader:
    """The bytes of a file as UTF-8, without the byte order mark.

    What is said to be UTF-8 is passed on unseen: broken bytes are found where rows are made.
    """

    def __init__(self, file: BinaryIO, encoding: Encoding, start: int | None = None) -> None:
        self._file = file
        self._western = encoding.name in ("latin-1", "windows-1252")
        self._decoder: codecs.IncrementalDecoder | None = None
        if encoding.name != "utf-8" and not self._western:
            codec = codecs.getincrementaldecoder(_WIDER.get(encoding.name, encoding.name))
            is_unicode = encoding.name.startswith("utf")
            self._decoder = codec("replace" if is_unicode else _OPEN_BYTES_KEPT)
        self.position = encoding.mark if start is None else start
        file.seek(self.position)

    def read(self, size: int) -> bytes:
        """About as many bytes as asked for; none at the end of the file."""
        while True:
            data = self._file.read(size)
            self.position += len(data)
            if self._western:
                return from_western(data).encode()
            if self._decoder is None:
                return data
            text = self._decoder.decode(data, final=not data)
            if text or not data:
                return text.encode(errors="replace")
