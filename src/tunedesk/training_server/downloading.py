"""Fetches a base model from the hub: safetensors and what belongs to them, no code."""

import shutil
from collections.abc import Callable
from pathlib import Path

from tunedesk.errors import UserError

_WANTED = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model")


def download(name: str, folder: Path, why_not: Callable[[int], str | None]) -> Path:
    """The folder of a model of the hub, fetched if it is not there yet.

    Args:
        name: Its name on the hub, checked by the caller.
        folder: The folder that it becomes.
        why_not: Asked before anything large is fetched, with the bytes of the weights: what stands
            against it.

    Raises:
        UserError: It cannot be fetched, or something stands against it.
    """
    if folder.is_dir():
        return folder
    import httpx2
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    part = folder.with_name(f"{folder.name}.part")
    part.mkdir(parents=True, exist_ok=True)
    try:
        files = HfApi().model_info(name, files_metadata=True).siblings or []
        size = sum(file.size or 0 for file in files if Path(file.rfilename).match("*.safetensors"))
        if size == 0:
            raise UserError(f"{name} has no weights as safetensors on the hub.")
        reason = why_not(size)
        if reason is not None:
            raise UserError(reason)
        snapshot_download(name, local_dir=part, allow_patterns=list(_WANTED))
    except (HfHubHTTPError, httpx2.HTTPError, OSError) as error:
        said = " ".join(str(error).split())[:300]
        raise UserError(f"{name} cannot be fetched from the hub: {said}") from error
    shutil.rmtree(part / ".cache", ignore_errors=True)
    part.rename(folder)
    return folder
