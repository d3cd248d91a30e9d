"""Sizes and speeds in words."""

from tunedesk.i18n import _

_UNITS = ("B", "kB", "MB", "GB", "TB")


def size_text(size: float) -> str:
    """A size in bytes with a unit that fits: "1.2 MB"."""
    unit = 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size /= 1000
        unit += 1
    digits = 0 if unit == 0 or size >= 100 else 1
    return f"{size:,.{digits}f} {_UNITS[unit]}"


def speed_text(speed: float) -> str:
    """Bytes a second: "31.0 MB/s"."""
    return _("{size}/s").format(size=size_text(speed))
