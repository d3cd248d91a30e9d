"""Fetches a base model from the hub: safetensors and what belongs to them, no code."""

import shutil
from pathlib import Path

from tunedesk.errors import UserError

_WANTED = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model")
_SPARE_BYTES = 1e9


def download(name: str, folder: Path) -> Path:
    """The folder of a model of the hub, fetched if it is not there yet.

    Args:
        name: Its name on the hub, checked by the caller.
        folder: The folder that it becomes.

    Raises:
        UserError: It cannot be fetched, or it does not fit onto the disk.
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
        free = shutil.disk_usage(part).free
        if size == 0:
            raise UserError(f"{name} has no weights as safetensors on the hub.")
        if size + _SPARE_BYTES > free:
            raise UserError(
                f"The disk has {free / 1e9:.1f} GB left, and {name} has {size / 1e9:.1f} GB. "
                "Make room on it, or take a smaller base model."
            )
        snapshot_download(name, local_dir=part, allow_patterns=list(_WANTED))
    except (HfHubHTTPError, httpx2.HTTPError, OSError) as error:
        said = " ".join(str(error).split())[:300]
        raise UserError(f"{name} cannot be fetched from the hub: {said}") from error
    shutil.rmtree(part / ".cache", ignore_errors=True)
    part.rename(folder)
    return folder
