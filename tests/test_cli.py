"""The words of the command line; its commands load neither Qt nor what they do not need."""

import subprocess
import sys

import pytest

from tunedesk import cli

SHUNNED = ("PySide6", "pyqtgraph", "openai", "torch")


def test_no_command_means_the_window():
    assert cli.with_command([]) == ["open"]
    assert cli.with_command(["law.tunedesk"]) == ["open", "law.tunedesk"]
    assert cli.with_command(["--theme", "dark"]) == ["open", "--theme", "dark"]
    assert cli.with_command(["check", "a"]) == ["check", "a"]
    assert cli.with_command(["--help"]) == ["--help"]


@pytest.mark.parametrize("command", [[], *([name] for name in cli.COMMANDS)])
def test_help_is_worth_reading(command, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main([*command, "--help"])
    assert stop.value.code == 0
    assert len(capsys.readouterr().out) > 150


def test_wrong_use_exits_with_2(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["check"])
    assert stop.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_the_commands_load_no_qt(tmp_path):
    file = tmp_path / "a.jsonl"
    file.write_text('{"messages": [{"role": "assistant", "content": "x"}]}\n')
    code = (
        "import sys; from tunedesk.cli import main\n"
        f"main(['check', {str(file)!r}]); main(['tokens', {str(file)!r}])\n"
        f"print([name for name in {SHUNNED!r} if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"


def test_the_program_runs_as_a_module():
    ran = subprocess.run(
        [sys.executable, "-m", "tunedesk", "--version"], capture_output=True, text=True, check=True
    )
    assert ran.stdout.startswith("tunedesk ")
