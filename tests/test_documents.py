"""What the documents say of the tree is so: every file and folder that they name is there."""

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "tests/benchmarks/README.md")
NAMED = re.compile(r"(?<![\w/.-])((?:src|tests|resources|packaging|\.github|\.ci)/[\w./*-]*\w/?)")
QUOTED = re.compile(r"`(\w[\w./*-]*(?:\.py|/[\w.*-]*))`")
LAYOUT = re.compile(r"^ {6,}(\S.*?)(?: {2,}|$)", re.MULTILINE)
LINKED = re.compile(r"\]\((?!https?:)([^)#]+)\)")


def found(name):
    """Whether a name is one of the repository, of the package, or of a file anywhere in it."""
    name = name.rstrip("/")
    package = REPOSITORY / "src" / "tunedesk"
    patterns = [name] if "/" in name else [name, f"**/{name}"]
    return any(list(root.glob(each)) for root in (REPOSITORY, package) for each in patterns)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_that_a_document_names_is_there(document):
    path = REPOSITORY / document
    text = path.read_text(encoding="utf-8")
    missing = [name for name in NAMED.findall(text) if not list(REPOSITORY.glob(name))]
    missing += [name for name in QUOTED.findall(text) if not found(name)]
    missing += [name for name in LINKED.findall(text) if not (path.parent / name).exists()]
    assert missing == []


def test_the_layout_in_the_readme_names_all_rooms():
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    rooms = [path.parent.name for path in REPOSITORY.glob("src/tunedesk/*/__init__.py")]
    assert len(rooms) > 8
    assert [name for name in rooms if f"{name}/" not in text] == []


def test_the_layout_in_the_readme_names_modules_that_are_there():
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    layout = text[text.index("    src/tunedesk/") : text.index("    tests/ ")]
    named = [name.strip() for entry in LAYOUT.findall(layout) for name in entry.split(",")]
    assert len(named) > 40
    wrong = [n for n in named if not found(n if n.endswith(("/", ".py")) else f"{n}.py")]
    assert wrong == []
