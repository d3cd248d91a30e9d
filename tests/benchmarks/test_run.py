"""The benchmark runs from end to end on a handful of examples; no time is judged here."""

import subprocess
import sys
from pathlib import Path

RUN = Path(__file__).with_name("run.py")


def test_a_small_run_prints_the_table(tmp_path):
    table = tmp_path / "table.md"
    command = [sys.executable, RUN, "--rows", "200", "--repeats", "1"]
    command += ["--folder", tmp_path / "data"]
    command += ["--only", "open", "check", "bulk", "--markdown", table]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    lines = table.read_text(encoding="utf-8").splitlines()
    assert done.stdout.splitlines() == lines
    assert lines[0].startswith("| work")
    assert set(lines[1]) == set("| -")
    works = "\n".join(lines[2:])
    for work in ("open 200", "token-counted", "check", "replace", "export"):
        assert work in works
    assert "NOT EQUAL" not in works
