"""How large the model of a folder is: read from its configuration and its files' heads."""

import json
import math
from pathlib import Path
from typing import Any

from tunedesk.catalogue.memory_estimate import ModelSize
from tunedesk.catalogue.models import STARTER_ID, Catalogue
from tunedesk.training_server.job_folder import STARTER
from tunedesk.training_server.weight_files import weights_in

_SHAPE = {
    "layers": "num_hidden_layers",
    "width": "hidden_size",
    "inner_width": "intermediate_size",
    "vocabulary": "vocab_size",
}


def size_of(ref: str) -> ModelSize:
    """The size of a model by its reference: `STARTER`, or the absolute path of its folder.

    What its files do not say counts as nothing: the estimate is then too low, and the training
    tells what is wrong.
    """
    if ref == STARTER:
        built_in = Catalogue.load().find_local(STARTER_ID)
        assert built_in is not None
        return built_in.size
    folder = Path(ref)
    adapter = _json(folder / "adapter_config.json").get("base_model_name_or_path")
    if isinstance(adapter, str):
        folder = Path(adapter)
    parameters = sum(_count(file) for file in folder.glob("*.safetensors"))
    return ModelSize(parameters=parameters, **_shape(_json(folder / "config.json")))


def size_by_bytes(weight_bytes: int) -> ModelSize:
    """The size of a model of which only the bytes are known: weights of 16 bits each."""
    return ModelSize(weight_bytes // 2, layers=0, width=0, inner_width=0, vocabulary=0)


def _shape(config: dict[str, Any]) -> dict[str, int]:
    text = config.get("text_config")
    told = config | text if isinstance(text, dict) else config
    found = {ours: told.get(theirs) for ours, theirs in _SHAPE.items()}
    return {name: value if isinstance(value, int) else 0 for name, value in found.items()}


def _count(file: Path) -> int:
    """The weights of a file of safetensors; the head says their shapes."""
    try:
        return sum(math.prod(entry["shape"]) for entry in weights_in(file).values())
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}
