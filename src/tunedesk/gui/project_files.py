"""Which file to make, open or bring in: names of projects, kinds of files, the sample."""

import re
from pathlib import Path

from tunedesk.paths import documents_dir, resource

SUFFIX = ".tunedesk"
SAMPLE = "samples/night_library.jsonl"


def is_project(path: Path) -> bool:
    """Whether the name is that of a project; anything else is data to bring in."""
    return path.suffix.lower() == SUFFIX


def safe_name(name: str) -> str:
    """The name without what no file system takes."""
    name = re.sub(r'[<>:"/\\|?*\x00-\x1f]', " ", name)
    return " ".join(name.split()).strip(". ")[:80]


def free_path(folder: Path, name: str) -> Path:
    """A path of that name that no file has yet: "Name", "Name 2", "Name 3" ..."""
    path = folder / f"{name}{SUFFIX}"
    number = 2
    while path.exists():
        path = folder / f"{name} {number}{SUFFIX}"
        number += 1
    return path


def project_for(data_file: Path) -> Path:
    """Where the project goes that a data file is opened into."""
    return free_path(documents_dir(), safe_name(data_file.stem) or "Examples")


def sample_file() -> Path:
    """The sample data that ships with the program."""
    return resource(SAMPLE)
