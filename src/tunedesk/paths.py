"""Where things lie: the resources that ship with the program and the user's own folders."""

from functools import cache
from pathlib import Path

import platformdirs

APP_NAME = "Tunedesk"


@cache
def _resources() -> Path:
    """The resources folder: inside the installed package, or beside src/ in the source tree."""
    package = Path(__file__).resolve().parent
    for candidate in (package / "resources", package.parents[1] / "resources"):
        if (candidate / "schemas").is_dir():
            return candidate
    raise FileNotFoundError("The resources folder of Tunedesk is missing; install it again.")


def resource(name: str) -> Path:
    """The path of a shipped file or folder, such as ``schemas/chat.json``.

    Raises:
        FileNotFoundError: It is not there.
    """
    path = _resources() / name
    if not path.exists():
        raise FileNotFoundError(f"The resource {name} of Tunedesk is missing; install it again.")
    return path


def user_data_dir() -> Path:
    """The folder for what the program keeps for this user (backups, reports)."""
    return Path(platformdirs.user_data_dir(APP_NAME, appauthor=False))


def models_dir() -> Path:
    """The folder of the base models of this computer, each a folder NAME or OWNER/NAME."""
    return user_data_dir() / "models"


def model_folders() -> tuple[Path, Path]:
    """The folders in which base models lie: the user's own, and the server's downloads."""
    return models_dir(), user_data_dir() / "server" / "models"


def computer_work_path() -> Path:
    """The file that keeps the long work of this computer, such as an installation."""
    return user_data_dir() / "this-computer.tunedesk"


def settings_file() -> Path:
    """The file that holds this user's settings."""
    return Path(platformdirs.user_config_dir(APP_NAME, appauthor=False)) / "settings.json"


def documents_dir() -> Path:
    """The folder in which new projects are made."""
    return Path(platformdirs.user_documents_dir()) / APP_NAME
