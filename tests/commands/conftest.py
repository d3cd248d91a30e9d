"""Files and the running of commands for the tests of the command line."""

import json

import pytest

from tunedesk.cli import main


def record(question="Is anybody there?", answer="Yes, the lamp is lit.", **more):
    """A plain chat example as a dict."""
    messages = [
        {"role": "user", "content": question},
        {"role": "assistant", "content": answer},
    ]
    return {"messages": messages, **more}


@pytest.fixture
def write_rows(tmp_path):
    """Write rows (dicts or exact text) to a file, one a line."""

    def write(name, rows):
        lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
        file = tmp_path / name
        file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return file

    return write


@pytest.fixture
def command(capsys):
    """Run a command in this process; its exit status, stdout and stderr."""

    def run(*arguments):
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as stop:
            status = stop.code
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


@pytest.fixture
def good_rows():
    """Twelve different examples with nothing wrong."""
    return [record(f"What is on shelf {number}?") for number in range(12)]
