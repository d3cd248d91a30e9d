"""Resources are found in the source tree and in an installed wheel alike."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tunedesk import paths

REPOSITORY = Path(__file__).parents[1]


def test_a_resource_of_the_source_tree_is_found():
    assert paths.resource("encodings/SHA256SUMS").read_text().count("tiktoken") == 4


def test_a_missing_resource_is_named():
    with pytest.raises(FileNotFoundError, match=r"no/such\.json"):
        paths.resource("no/such.json")


def test_resources_inside_the_package_are_found(tmp_path):
    """As in a wheel: resources/ beside the modules, no source tree around."""
    package = tmp_path / "tunedesk"
    shutil.copytree(
        REPOSITORY / "src" / "tunedesk", package, ignore=shutil.ignore_patterns("__pycache__")
    )
    (package / "resources" / "schemas").mkdir(parents=True)
    (package / "resources" / "schemas" / "x.json").write_text("{}")
    code = "from tunedesk.paths import resource; print(resource('schemas/x.json'))"
    found = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
    )
    assert found.stdout.strip() == str(package / "resources" / "schemas" / "x.json")
