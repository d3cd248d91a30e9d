"""Checks a request to make a job: every parameter, in OpenAI's ranges."""

import random
import re
from typing import Any

from tunedesk.training_server.store.job_store import NewJob
from tunedesk.training_server.web.requests import only_known
from tunedesk.training_server.web.responses import ApiError, bad_value

_KEYS = frozenset(
    {
        "model",
        "training_file",
        "validation_file",
        "suffix",
        "seed",
        "method",
        "hyperparameters",
        "integrations",
        "metadata",
    }
)
_MOST_INTEGRATIONS = 5
_MOST_TAGS = 50


def read_job_request(body: dict[str, Any]) -> NewJob:
    """The job that a body asks for.

    Raises:
        ApiError: Something in it cannot be.
    """
    only_known(body, _KEYS)
    method, hyperparameters = _method(body)
    seed = body.get("seed")
    if seed is None:
        seed = random.SystemRandom().randrange(2**31)
    elif not _is_whole(seed) or not 0 <= seed <= 2**31 - 1:
        raise bad_value("seed", "Invalid 'seed': it must be a whole number from 0 to 2147483647.")
    validation = body.get("validation_file")
    return NewJob(
        model=_required_text(body, "model"),
        method=method,
        hyperparameters=hyperparameters,
        suffix=_suffix(body.get("suffix")),
        seed=seed,
        metadata=read_metadata(body.get("metadata")),
        integrations=_integrations(body.get("integrations")),
        training_file=_required_text(body, "training_file"),
        validation_file=None if validation is None else _required_text(body, "validation_file"),
    )


def read_metadata(given: Any) -> dict[str, str] | None:
    """The metadata, if it keeps within the limits."""
    if given is None:
        return None
    if not isinstance(given, dict):
        raise bad_value(
            "metadata",
            "Invalid type for 'metadata': an object of texts is expected.",
            "invalid_type",
        )
    if len(given) > 16:
        raise bad_value("metadata", "Invalid 'metadata': at most 16 pairs are kept.")
    for key, value in given.items():
        if not 1 <= len(key) <= 64:
            raise bad_value("metadata", "Invalid 'metadata': a key has 1 to 64 letters.")
        if not isinstance(value, str) or len(value) > 512:
            raise bad_value(
                f"metadata.{key}",
                f"Invalid 'metadata.{key}': a text of at most 512 letters is expected.",
            )
    return dict(given)


def _required_text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if value is None:
        raise bad_value(name, f"Missing required parameter: '{name}'.", "missing_parameter")
    if not isinstance(value, str):
        raise bad_value(name, f"Invalid type for '{name}': a text is expected.", "invalid_type")
    if not 1 <= len(value) <= 512:
        raise bad_value(name, f"Invalid '{name}': it must have 1 to 512 letters.")
    return value


def _suffix(given: Any) -> str | None:
    if given is None:
        return None
    if not isinstance(given, str):
        raise bad_value("suffix", "Invalid type for 'suffix': a text is expected.", "invalid_type")
    if not 1 <= len(given) <= 64:
        raise bad_value("suffix", "Invalid 'suffix': it must have 1 to 64 letters.")
    return given


def suffix_in_name(suffix: str | None) -> str:
    """The suffix as it stands in a model's name: without what means something there."""
    return re.sub(r"[^\w.-]+", "-", suffix or "").strip("-")


def _method(body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The method and its hyperparameters, from `method` or from the older key."""
    older = body.get("hyperparameters")
    if older is not None and not isinstance(older, dict):
        raise bad_value(
            "hyperparameters",
            "Invalid type for 'hyperparameters': an object is expected.",
            "invalid_type",
        )
    method = body.get("method")
    if method is None:
        return "supervised", _hyperparameters(older or {}, "supervised", "hyperparameters")
    if not isinstance(method, dict):
        raise bad_value(
            "method", "Invalid type for 'method': an object is expected.", "invalid_type"
        )
    kind = method.get("type")
    if kind == "reinforcement":
        raise bad_value(
            "method.type",
            "This server does not do reinforcement fine-tuning. Use 'supervised' with examples of "
            "good answers, or 'dpo' with pairs of a preferred and a less preferred answer.",
            "unsupported_method",
        )
    if kind not in ("supervised", "dpo"):
        raise bad_value("method.type", "Invalid 'method.type': it must be 'supervised' or 'dpo'.")
    for key in method:
        if key not in ("type", kind):
            raise bad_value(
                f"method.{key}"[:80],
                f"Invalid 'method': with the type '{kind}' it has no key '{key[:60]}'.",
                "unknown_parameter",
            )
    settings = method.get(kind)
    if settings is None:
        settings = {}
    if not isinstance(settings, dict) or not set(settings) <= {"hyperparameters"}:
        raise bad_value(
            f"method.{kind}",
            f"Invalid 'method.{kind}': an object with 'hyperparameters' is expected.",
            "invalid_type",
        )
    given = settings.get("hyperparameters")
    place = f"method.{kind}.hyperparameters"
    if given is None:
        given, place = (older or {}), "hyperparameters"
    elif older:
        raise bad_value(
            "hyperparameters",
            "Give the hyperparameters once: in 'method'; the key "
            "'hyperparameters' is its older place.",
        )
    if not isinstance(given, dict):
        raise bad_value(
            place, f"Invalid type for '{place}': an object is expected.", "invalid_type"
        )
    return kind, _hyperparameters(given, kind, place)


def _hyperparameters(given: dict[str, Any], method: str, place: str) -> dict[str, Any]:
    checked: dict[str, Any] = {
        "batch_size": "auto",
        "learning_rate_multiplier": "auto",
        "n_epochs": "auto",
    }
    if method == "dpo":
        checked["beta"] = "auto"
    for key, value in given.items():
        param = f"{place}.{key}"[:160]
        if value is None:
            continue
        if key in checked and value == "auto":
            continue
        expected = _expected(key, value, method)
        if expected is None:
            raise bad_value(
                param, f"Unrecognized request argument supplied: {param}", "unknown_parameter"
            )
        if expected:
            raise bad_value(param, f"Invalid '{param}': {expected} is expected.")
        checked[key] = value
    if checked.get("full") and any(key in checked for key in ("rank", "alpha", "dropout")):
        raise bad_value(
            f"{place}.full",
            f"Invalid '{place}.full': rank, alpha and dropout belong "
            "to LoRA, and 'full' trains all weights.",
        )
    return checked


def _expected(key: str, value: Any, method: str) -> str | None:
    """What is expected of a hyperparameter if it is wrong; None: there is no such one."""
    if key == "batch_size":
        return _range(
            _is_whole(value) and 1 <= value <= 256, "'auto' or a whole number from 1 to 256"
        )
    if key == "n_epochs":
        return _range(
            _is_whole(value) and 1 <= value <= 50, "'auto' or a whole number from 1 to 50"
        )
    if key == "learning_rate_multiplier":
        return _range(_is_number(value) and 0 < value <= 1e6, "'auto' or a number above 0")
    if key == "beta" and method == "dpo":
        return _range(_is_number(value) and 0 < value <= 2, "'auto' or a number above 0, at most 2")
    if key == "rank":
        return _range(_is_whole(value) and 1 <= value <= 1024, "a whole number from 1 to 1024")
    if key == "alpha":
        return _range(_is_number(value) and 0 < value <= 65_536, "a number above 0")
    if key == "dropout":
        return _range(_is_number(value) and 0 <= value < 1, "a number from 0 to below 1")
    if key == "full":
        return _range(isinstance(value, bool), "true or false")
    return None


def _range(is_right: bool, expected: str) -> str:
    return "" if is_right else expected


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _integrations(given: Any) -> list[dict[str, Any]] | None:
    if given is None:
        return None
    if not isinstance(given, list) or len(given) > _MOST_INTEGRATIONS:
        raise bad_value("integrations", "Invalid 'integrations': a list of at most 5 is expected.")
    return [_integration(each, f"integrations[{number}]") for number, each in enumerate(given)]


def _integration(given: Any, place: str) -> dict[str, Any]:
    if not isinstance(given, dict) or given.get("type") != "wandb":
        raise bad_value(f"{place}.type", f"Invalid '{place}.type': 'wandb' is the only one.")
    settings = given.get("wandb")
    if not isinstance(settings, dict) or not set(settings) <= {"project", "name", "entity", "tags"}:
        raise bad_value(
            f"{place}.wandb",
            f"Invalid '{place}.wandb': an object with 'project' is "
            "expected, and 'name', 'entity', 'tags' where wanted.",
        )
    if settings.get("project") is None:
        raise bad_value(
            f"{place}.wandb.project",
            f"Missing required parameter: '{place}.wandb.project'.",
            "missing_parameter",
        )
    for name in ("project", "name", "entity"):
        value = settings.get(name)
        if value is not None and (not isinstance(value, str) or not 1 <= len(value) <= 128):
            raise bad_value(
                f"{place}.wandb.{name}",
                f"Invalid '{place}.wandb.{name}': a text of 1 to 128 letters is expected.",
            )
    tags = settings.get("tags")
    if tags is not None and not _are_tags(tags):
        raise bad_value(
            f"{place}.wandb.tags",
            f"Invalid '{place}.wandb.tags': at most 50 texts of 1 to 64 letters are expected.",
        )
    kept = {key: value for key, value in settings.items() if value is not None}
    return {"type": "wandb", "wandb": kept}


def _are_tags(given: Any) -> bool:
    return (
        isinstance(given, list)
        and len(given) <= _MOST_TAGS
        and all(isinstance(tag, str) and 1 <= len(tag) <= 64 for tag in given)
    )


def only_wandb_once(integrations: list[dict[str, Any]] | None) -> dict[str, Any] | None:
    """The settings of Weights and Biases; a job has one run there.

    Raises:
        ApiError: There are several.
    """
    if not integrations:
        return None
    if len(integrations) > 1:
        raise ApiError(
            400,
            "Invalid 'integrations': this server sends a job to one wandb project.",
            "integrations",
            "invalid_value",
        )
    settings: dict[str, Any] = integrations[0]["wandb"]
    return settings
