"""The colours of a chart on paper: those of the window's palette."""

import json
from collections.abc import Mapping
from typing import Literal

from tunedesk.paths import resource


def chart_ink(scheme: Literal["light", "dark"] = "light") -> Mapping[str, str]:
    """The colours of the palette by name, as "#rrggbb"."""
    palettes = json.loads(resource("style/palette.json").read_text(encoding="utf-8"))
    return {name: str(color) for name, color in palettes[scheme].items()}
