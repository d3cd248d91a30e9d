"""Order keys: short byte strings between any two of which another always fits.

The order of the examples is the order of these strings. A key is a fraction written in base 256
without trailing zero bytes, so moving or inserting a row never touches another row, and an undone
move finds its old place whatever happened since.
"""

_APPEND_LENGTH = 6
_FIRST = 1 << (8 * _APPEND_LENGTH - 4)  # far from both ends, so that rows can go before it


def keys_after(last: bytes | None, count: int) -> list[bytes]:
    """Keys for rows appended behind the last one (None: there is none yet)."""
    if last is None:
        start = _FIRST
    else:
        start = int.from_bytes(last[:_APPEND_LENGTH].ljust(_APPEND_LENGTH, b"\0"), "big") + 1
    if start + count >= 1 << (8 * _APPEND_LENGTH):
        return keys_between(last, None, count)
    return [
        number.to_bytes(_APPEND_LENGTH, "big").rstrip(b"\0")
        for number in range(start, start + count)
    ]


def keys_between(low: bytes | None, high: bytes | None, count: int) -> list[bytes]:
    """Evenly spaced keys between two others (None: the start or the end)."""
    low = low or b""
    length = max(len(low), len(high or b""), 1)
    while True:
        below = int.from_bytes(low.ljust(length, b"\0"), "big")
        above = (
            int.from_bytes(high.ljust(length, b"\0"), "big")
            if high is not None
            else 1 << (8 * length)
        )
        step = (above - below) // (count + 1)
        if step >= 1:
            break
        length += 1
    return [
        (below + step * place).to_bytes(length, "big").rstrip(b"\0")
        for place in range(1, count + 1)
    ]
