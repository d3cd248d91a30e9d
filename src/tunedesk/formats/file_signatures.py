"""Files that are recognised by their first bytes and are no JSON."""

from typing import Literal

Signature = Literal["git_lfs", "parquet", "xlsx", "binary"]

_GIT_LFS = b"version https://git-lfs.github.com/spec/"
_BINARY = (
    b"\x1f\x8b",  # gzip
    b"BZh",
    b"\xfd7zXZ\0",
    b"\x28\xb5\x2f\xfd",  # zstd
    b"7z\xbc\xaf\x27\x1c",
    b"%PDF-",
    b"\x89PNG",
    b"\xff\xd8\xff",  # JPEG
    b"SQLite format 3\0",
    b"ARROW1\0\0",
    b"\xd0\xcf\x11\xe0",  # Excel and Word before 2007
)


def signature(head: bytes) -> Signature | None:
    """What the file is, if its first bytes say so and it is no text."""
    if head.startswith(_GIT_LFS):
        return "git_lfs"
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"PK\x03\x04"):
        # A ZIP archive; the one of a spreadsheet names its parts near the beginning.
        return "xlsx" if b"xl/" in head or b"[Content_Types].xml" in head[:200] else "binary"
    return "binary" if head.startswith(_BINARY) else None
