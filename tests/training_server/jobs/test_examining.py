"""The examples as their base model will read them, found out by a process that has no torch."""

import json
import subprocess
import sys

import psutil
import pytest

from tunedesk.training_server.job_folder import STARTER
from tunedesk.training_server.jobs import launching
from tunedesk.training_server.jobs.examining import examine
from tunedesk.training_server.jobs.launching import Launcher
from tunedesk.training_server.training.base_model import load_learner
from tunedesk.training_server.training.sequences import make_sequences, starter_texts

LONG = {
    "messages": [
        {"role": "user", "content": "word " * 9000},
        {"role": "assistant", "content": "Yes."},
    ]
}
SILENT = {
    "messages": [
        {"role": "user", "content": "Well?"},
        {"role": "assistant", "content": "Nothing", "weight": 0},
    ]
}
REFUSED = {
    "messages": [
        {"role": "user", "content": "Well?"},
        {"role": "tool", "tool_call_id": "x", "content": "5"},
        {"role": "assistant", "content": "Five."},
    ]
}


@pytest.mark.parametrize("family", [None, "llama", "gemma3", "plain"])
def test_it_finds_what_the_training_would_find(tmp_path, make_job, base_folder, twelve, family):
    base = STARTER if family is None else str(base_folder(family))
    records = [twelve[0], LONG, twelve[1], SILENT, REFUSED]
    folder = make_job(tmp_path / "job", records, [twelve[2], SILENT], base_model=base)
    found = examine(Launcher(None), folder, base, "supervised", lambda: True)
    learner = load_learner(folder.read_spec(), lambda: starter_texts(folder.training_file), None)
    for path, lines in (
        (folder.training_file, found.training),
        (folder.validation_file, found.validation),
    ):
        late = make_sequences(path, learner, "supervised").bad
        assert lines == [(bad.line, bad.message) for bad in late]
    assert [line for line, _text in found.training][:2] == [2, 4]
    assert (5 in dict(found.training)) == (family == "gemma3")
    assert [line for line, _text in found.validation] == [2]
    assert found.failure is None


def test_pairs_are_examined_too(tmp_path, make_job, base_folder):
    base = str(base_folder("llama"))
    pair = {
        "input": {"messages": [{"role": "user", "content": "Well?"}]},
        "preferred_output": [{"role": "assistant", "content": "Yes."}],
        "non_preferred_output": [{"role": "assistant", "content": "Maybe."}],
    }
    long = pair | {"non_preferred_output": [{"role": "assistant", "content": "word " * 900}]}
    folder = make_job(tmp_path / "job", [pair, long], base_model=base, method="dpo")
    found = examine(Launcher(None), folder, base, "dpo", lambda: True)
    assert [line for line, _text in found.training] == [2]


def test_a_model_that_cannot_be_used_is_said(tmp_path, make_job, base_folder, twelve):
    def failure(name, **files):
        base = tmp_path / name
        base.mkdir()
        for path in base_folder("llama").iterdir():
            if path.name not in files:
                (base / path.name).write_bytes(path.read_bytes())
        for path, text in files.items():
            if text is not None:
                (base / path).write_text(text, encoding="utf-8")
        folder = make_job(tmp_path / f"job-{name}", twelve, base_model=base)
        return examine(Launcher(None), folder, str(base), "supervised", lambda: True).failure

    code, message = failure("mute", **{"tokenizer.json": None})
    assert code == "invalid_base_model"
    assert message == "The base model mute has no tokenizer.json, which this server needs."
    own = json.dumps({"model_type": "own", "auto_map": {"AutoConfig": "own.C"}})
    _code, message = failure("coded", **{"config.json": own})
    assert "brings code of its own, which this server does not run" in message


def test_no_torch_is_loaded(tmp_path, make_job, base_folder, twelve):
    base = str(base_folder("qwen3"))
    folder = make_job(tmp_path / "job", twelve, base_model=base)
    program = (
        "import sys; from tunedesk.training_server.training import examine\n"
        "assert examine.main(sys.argv[1:]) == 0\n"
        "assert not [name for name in sys.modules if name.startswith('torch.')]\n"
    )
    command = [sys.executable, "-c", program, str(folder.path), base, "supervised"]
    subprocess.run(command, check=True, timeout=60)
    assert folder.read_examination().training == []


def test_what_is_no_longer_wanted_is_ended(tmp_path, make_job, twelve):
    folder = make_job(tmp_path / "job", twelve)
    before = psutil.Process().children(recursive=True)
    assert examine(Launcher(None), folder, STARTER, "supervised", lambda: False) is None
    assert psutil.Process().children(recursive=True) == before
    assert folder.read_examination() is None


def test_a_process_that_dies_is_told_in_the_log_only(
    tmp_path, monkeypatch, caplog, make_job, twelve
):
    monkeypatch.setattr(launching, "_EXAMINE", "tunedesk.absent")
    folder = make_job(tmp_path / "job", twelve)
    assert examine(Launcher(None), folder, STARTER, "supervised", lambda: True) is None
    assert "They are examined when it runs." in caplog.text
    assert "tunedesk.absent" in folder.examination_log.read_text(encoding="utf-8")
    caplog.clear()
