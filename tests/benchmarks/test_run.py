"""The benchmark runs from end to end on a handful of examples; no time is judged here."""

import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).with_name("run.py")
TREE = RUN.parents[2]


@pytest.fixture
def comparison(monkeypatch):
    """The function that lays two sets of rows beside each other."""
    monkeypatch.syspath_prepend(str(RUN.parent))
    from comparison import comparison

    yield comparison
    for name in ("comparison", "table"):
        sys.modules.pop(name, None)


def test_a_small_run_prints_the_table(tmp_path):
    table = tmp_path / "table.md"
    command = [sys.executable, RUN, "--rows", "200", "--repeats", "1"]
    command += ["--folder", tmp_path / "data"]
    command += ["--no-million", "--markdown", table]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    lines = table.read_text(encoding="utf-8").splitlines()
    assert done.stdout.splitlines() == lines
    assert lines[0].startswith("| work")
    assert set(lines[1]) == set("| -")
    works = "\n".join(lines[2:])
    for work in ("usable window", "open 200", "token-counted", "check", "keystroke", "next row"):
        assert work in works
    for work in ("importing", "preparing a launch", "replace", "its undo", "export", "crosshair"):
        assert work in works
    assert "NOT EQUAL" not in works


def test_two_trees_are_measured_by_turns(tmp_path):
    command = [sys.executable, RUN, "--rows", "60", "--repeats", "1", "--pairs", "1"]
    command += ["--only", "check", "--against", TREE, "--folder", tmp_path]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    titles, _rule, row = done.stdout.splitlines()
    assert "this / other" in titles
    assert "tunedesk check" in row
    assert float(row.split("|")[4].split()[0]) > 0


def test_rows_of_one_name_are_matched_in_their_order(comparison):
    before = {("its undo", 1): "100.00 ms (CPU 0.1 s)", ("its undo", 2): "2.00 s"}
    after = {("its undo", 1): "104.00 ms", ("its undo", 2): "2.20 s", ("more", 1): "3.00 ms"}
    table = comparison(before, after)
    lines = [[cell.strip() for cell in line.split("|")] for line in table.splitlines()]
    assert lines[2][1:5] == ["its undo", "100 ms", "104 ms", "1.04"]
    assert lines[3][1:5] == ["its undo", "2.00 s", "2.20 s", "1.10 SLOWER"]
    assert lines[4][1:5] == ["more", "-", "3.00 ms", "DIFFERS"]
