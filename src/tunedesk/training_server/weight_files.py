"""Reads the heads of files of weights (safetensors): what is in them, whether they are whole."""

import json
import struct
from pathlib import Path
from typing import Any

_MOST_OF_A_HEAD = 100_000_000
"""Bytes; as in the safetensors library."""


def weights_in(file: Path) -> dict[str, dict[str, Any]]:
    """The weights of a file by name, with "shape" and "data_offsets".

    Raises:
        ValueError: It is no such file, or half of one: it has not the size that its head promises.
        OSError: It cannot be read.
    """
    try:
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            head = json.loads(stream.read(min(length, _MOST_OF_A_HEAD)))
        weights = {name: entry for name, entry in head.items() if name != "__metadata__"}
        end = max((entry["data_offsets"][1] for entry in weights.values()), default=0)
        is_whole = file.stat().st_size == 8 + length + end
    except (struct.error, KeyError, TypeError, AttributeError, IndexError) as error:
        raise ValueError(f"{file.name} is no file of weights") from error
    if not is_whole:
        raise ValueError(f"{file.name} is not whole")
    return weights
