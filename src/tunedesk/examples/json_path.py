"""Where a value stands in a JSON text: a path of keys and indexes, and its pointer (RFC 6901)."""

import re

Path = tuple[str | int, ...]

_INDEX = re.compile(r"0|[1-9][0-9]*\Z", re.ASCII)


def to_pointer(path: Path) -> str:
    """The JSON Pointer of the path: `/messages/0/content`; empty for the whole text."""
    return "".join(
        "/" + str(part).replace("~", "~0").replace("/", "~1")
        if isinstance(part, str)
        else f"/{part}"
        for part in path
    )


def from_pointer(pointer: str) -> Path:
    """The path that a JSON Pointer names.

    A pointer does not say whether `7` is an index or a key: it comes back as an index, and
    `JsonNode.find` takes an index for the key of the same spelling where it meets an object.

    Raises:
        ValueError: The pointer is neither empty nor begins with a slash.
    """
    if not pointer:
        return ()
    if not pointer.startswith("/"):
        raise ValueError(f"A JSON Pointer begins with a slash: {pointer!r}")
    return tuple(_part(part) for part in pointer[1:].split("/"))


def _part(part: str) -> str | int:
    # int() refuses over 4,300 digits, and no list is that long.
    if _INDEX.fullmatch(part) and len(part) < 19:
        return int(part)
    return part.replace("~1", "/").replace("~0", "~")
