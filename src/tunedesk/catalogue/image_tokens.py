"""How many tokens an image costs, by OpenAI's published formulas: always an estimate.

Tile models (gpt-4o, gpt-4.1): the picture is fitted into 2048 x 2048, its shorter side is brought
down to 768, and 512-pixel tiles are counted. Patch models (gpt-4.1-mini, gpt-4.1-nano, o4-mini):
32-pixel patches, at most 1536, times a factor. Source: OpenAI's vision guide (facts section 5).
"""

import math
from typing import NamedTuple

UNKNOWN_SIDE = 1024
"""The side in pixels taken for a picture whose size is not known (one behind an address)."""
_PATCH_LIMIT = 1536


class ImageFormula(NamedTuple):
    """The figures of a model's formula; a tile model has a base and a tile, a patch model neither.

    Attributes:
        base: Tokens of any image, and all of it with detail "low".
        tile: Tokens of each 512-pixel tile.
        patch_factor: Tokens of each 32-pixel patch; 0 for a tile model.
    """

    base: int
    tile: int
    patch_factor: float


DEFAULT_FORMULA = ImageFormula(85, 170, 0.0)
"""That of gpt-4o and gpt-4.1."""


def image_tokens(width: int, height: int, detail: str, formula: ImageFormula) -> int:
    """The estimated tokens of one image.

    Args:
        width: In pixels; 0 when it is not known.
        height: In pixels; 0 when it is not known.
        detail: "low", "high" or "auto" (taken as high).
        formula: The figures of the model.
    """
    width, height = width or UNKNOWN_SIDE, height or UNKNOWN_SIDE
    if formula.patch_factor:
        return math.ceil(_patches(width, height) * formula.patch_factor)
    if detail == "low":
        return formula.base
    scale = min(1.0, 2048 / max(width, height))
    width, height = round(width * scale), round(height * scale)
    scale = min(1.0, 768 / max(1, min(width, height)))
    width, height = round(width * scale), round(height * scale)
    tiles = max(1, math.ceil(width / 512)) * max(1, math.ceil(height / 512))
    return formula.base + formula.tile * tiles


def _patches(width: int, height: int) -> int:
    patches = math.ceil(width / 32) * math.ceil(height / 32)
    if patches <= _PATCH_LIMIT:
        return patches
    # Scaled so that a whole number of patches fits both ways (the guide's second step).
    scale = math.sqrt(_PATCH_LIMIT * 32 * 32 / (width * height))
    across, down = width * scale / 32, height * scale / 32
    scale *= (
        min(math.floor(across) / across, math.floor(down) / down) if min(across, down) >= 1 else 1
    )
    return min(_PATCH_LIMIT, math.ceil(width * scale / 32) * math.ceil(height * scale / 32))
