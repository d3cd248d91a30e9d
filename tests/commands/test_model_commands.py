"""`tunedesk models` by its command line."""

import json

import pytest
from tests.training_server.made_gguf import write_gguf

from tunedesk.cli import main


def test_a_gguf_is_added_listed_and_removed(tmp_path, capsys):
    file = write_gguf(tmp_path / "tiny.gguf")
    assert main(["models", "add", str(file), "--name", "my-tiny"]) == 0
    assert main(["models", "list", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    here = {row["id"] for row in rows if row["here"]}
    assert here == {"tunedesk-starter", "my-tiny"}
    assert "smollm2-135m" in {row["name"] for row in rows}
    assert main(["models", "list"]) == 0
    assert "my-tiny" in capsys.readouterr().out
    assert main(["models", "remove", "my-tiny"]) == 0
    assert main(["models", "list", "--json"]) == 0
    assert "my-tiny" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "said"), [(b"no model at all", "GGUF"), (None, "is not there")]
)
def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path, capsys, content, said):
    file = tmp_path / "letters.gguf"
    if content is not None:
        file.write_bytes(content)
    assert main(["models", "add", str(file)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


def test_a_folder_that_the_server_would_not_offer_is_not_kept(tmp_path, capsys):
    folder = tmp_path / "half"
    folder.mkdir()
    (folder / "config.json").write_text("{}", encoding="utf-8")
    assert main(["models", "add", str(folder)]) == 2
    assert "no weights" in capsys.readouterr().err
    assert main(["models", "remove", "half"]) == 2
