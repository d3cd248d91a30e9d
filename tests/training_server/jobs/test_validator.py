"""Jobs before they wait for their turn: what their files and their base model say of them."""

import errno
import io
import json
import subprocess
import sys

import psutil
import pytest

from tunedesk.training_server.job_folder import STARTER, read_records
from tunedesk.training_server.jobs import launcher
from tunedesk.training_server.jobs import validator as validator_module
from tunedesk.training_server.jobs.launcher import Launcher
from tunedesk.training_server.jobs.validator import Validator, dry_run
from tunedesk.training_server.models import BaseModels
from tunedesk.training_server.settings import ServerSettings
from tunedesk.training_server.store.job_store import NewJob
from tunedesk.training_server.store.stores import Stores
from tunedesk.training_server.training.base_model import load_trainable_model
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
    found = dry_run(Launcher(None), folder, base, "supervised", lambda: True)
    trainable = load_trainable_model(
        folder.read_spec(), lambda: starter_texts(folder.training_file), None
    )
    for path, lines in (
        (folder.training_file, found.training),
        (folder.validation_file, found.validation),
    ):
        late = make_sequences(path, trainable, "supervised").bad
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
    found = dry_run(Launcher(None), folder, base, "dpo", lambda: True)
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
        return dry_run(Launcher(None), folder, str(base), "supervised", lambda: True).failure

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
        "import sys; from tunedesk.training_server.training import dry_run\n"
        "assert dry_run.main(sys.argv[1:]) == 0\n"
        "assert not [name for name in sys.modules if name.startswith('torch.')]\n"
    )
    command = [sys.executable, "-c", program, str(folder.path), base, "supervised"]
    subprocess.run(command, check=True, timeout=60)
    assert folder.read_dry_run().training == []


def test_what_is_no_longer_wanted_is_ended(tmp_path, make_job, twelve):
    folder = make_job(tmp_path / "job", twelve)
    before = psutil.Process().children(recursive=True)
    assert dry_run(Launcher(None), folder, STARTER, "supervised", lambda: False) is None
    assert psutil.Process().children(recursive=True) == before
    assert folder.read_dry_run() is None


def test_a_process_that_dies_is_told_in_the_log_only(
    tmp_path, monkeypatch, caplog, make_job, twelve
):
    monkeypatch.setattr(launcher, "_DRY_RUN", "tunedesk.absent")
    folder = make_job(tmp_path / "job", twelve)
    assert dry_run(Launcher(None), folder, STARTER, "supervised", lambda: True) is None
    assert "They are examined when it runs." in caplog.text
    assert "tunedesk.absent" in folder.dry_run_log.read_text(encoding="utf-8")
    caplog.clear()


AUTO = {"batch_size": "auto", "learning_rate_multiplier": "auto", "n_epochs": "auto"}


@pytest.fixture
def stores(tmp_path):
    stores = Stores.open(tmp_path)
    stores.jobs_folder.mkdir()
    yield stores
    stores.database.close()


@pytest.fixture
def validate(tmp_path, stores):
    """Validates a job with these records, and gives back the job."""

    def run(training, validation=None, base=STARTER, skip_bad=False):
        def upload(records):
            content = "".join(json.dumps(record) + "\n" for record in records).encode()
            return stores.files.add(io.BytesIO(content), "a.jsonl", "fine-tune").id

        metadata = {"tunedesk_skip_bad": "true"} if skip_bad else None
        second = None if validation is None else upload(validation)
        new = NewJob("base", "supervised", AUTO, None, 1, metadata, None, upload(training), second)
        job = stores.jobs.add(new, "ft:test")
        base_models = BaseModels(ServerSettings(tmp_path, "sk-test"), 0)
        validator = Validator(stores, base_models, Launcher(None), lambda _name: base and str(base))
        assert validator.validate_next(lambda: False)
        return stores.jobs.get(job.id)

    return run


def told(stores, job):
    events = stores.events.page(job.id, None, 1000).items[::-1]
    return [(event["level"], event["message"]) for event in events]


def test_what_is_too_long_fails_before_the_queue(stores, validate, twelve):
    job = validate([*twelve, LONG, LONG])
    assert job.status == "failed"
    assert job.error["code"] == "invalid_training_file"
    assert job.error["param"] == "training_file"
    assert job.error["message"].startswith(
        "The job failed due to an invalid training file. Invalid file format. Line 13: It is "
    )
    assert job.error["message"].endswith(" (1 more line is wrong; the events name all.)")
    first, *lines, last = told(stores, job)
    assert first == ("info", f"Validating training file: {job.training_file}")
    assert [(level, text.split(":")[0]) for level, text in lines] == [
        ("error", "Line 13"),
        ("error", "Line 14"),
    ]
    assert last == ("error", job.error["message"])


def test_every_bad_line_is_named_whoever_finds_it(stores, validate, twelve):
    job = validate([LONG, {}, *twelve], [SILENT])
    lines = [text for level, text in told(stores, job) if level == "error"]
    assert [text[:6] for text in lines[:-1]] == ["Line 2", "Line 1", "Line 1"]
    assert "weight 0" in lines[1]
    assert "tokens long" in lines[2]
    assert "Line 1: It is " in job.error["message"]


def test_what_is_left_out_is_named_and_the_rest_goes_into_the_queue(stores, validate, twelve):
    job = validate([*twelve, LONG], [SILENT, LONG, twelve[0]], skip_bad=True)
    assert job.status == "queued"
    warnings = [text for level, text in told(stores, job) if level == "warn"]
    assert warnings[0].startswith("Left out line 1 of the validation file: ")
    assert warnings[1].startswith("Left out line 13 of the training file: It is ")
    assert warnings[2].startswith("Left out line 2 of the validation file: It is ")
    assert len(warnings) == 3
    assert told(stores, job)[-1] == ("info", "Files validated, moving job to queued state")
    folder = stores.job_folder(job.id)
    assert [line for line, _record in read_records(folder.training_file)] == [*range(1, 13)]
    assert [line for line, _record in read_records(folder.validation_file)] == [3]
    rest = validate(twelve)
    assert (
        folder.read_spec().hyperparameters == stores.job_folder(rest.id).read_spec().hyperparameters
    )


def test_what_is_left_is_counted_in_openais_words(stores, validate, twelve):
    job = validate([*twelve[:7], LONG, LONG, SILENT], skip_bad=True)
    assert job.error == {
        "code": "invalid_n_examples",
        "message": "Training file has 7 example(s), but must have at least 10 examples",
        "param": "training_file",
    }
    job = validate(twelve, [SILENT], skip_bad=True)
    assert job.error["message"] == (
        "Validation file has 0 example(s), but must have at least 1 examples"
    )
    assert job.error["param"] == "validation_file"


def test_the_models_own_limit_and_template_count(stores, validate, base_folder, twelve, calls):
    middling = {
        "messages": [
            *twelve[0]["messages"][:2],
            {"role": "assistant", "content": "word " * 900},
        ]
    }
    assert validate([*twelve, middling]).status == "queued"
    job = validate([*twelve, middling], base=base_folder("llama"))
    assert "the model takes at most 1,024" in job.error["message"]
    job = validate([*twelve, calls[0]], base=base_folder("gemma3"))
    assert "Line 13: The chat template of the model refuses the example" in job.error["message"]
    assert "it leaves out the call of “find_order”" in job.error["message"]


def test_a_base_model_that_cannot_be_used_fails_before_the_queue(
    tmp_path, stores, validate, base_folder, twelve
):
    base = tmp_path / "mute"
    base.mkdir()
    for path in base_folder("llama").iterdir():
        if path.name != "tokenizer.json":
            (base / path.name).write_bytes(path.read_bytes())
    job = validate(twelve, base=base)
    assert (job.error["code"], job.error["param"]) == ("invalid_base_model", "model")
    # What is wrong with the file is said first: it is wrong for every model.
    job = validate([*twelve, {}], base=base)
    assert job.error["param"] == "training_file"


def test_a_base_model_that_is_gone_is_said(validate, twelve):
    job = validate(twelve, base=None)
    assert (job.error["code"], job.error["param"]) == ("model_not_found", "model")
    assert validate([*twelve, {}], base=None).error["param"] == "training_file"


def test_a_process_that_dies_leaves_it_to_the_training(
    monkeypatch, caplog, stores, validate, twelve
):
    monkeypatch.setattr(launcher, "_DRY_RUN", "tunedesk.absent")
    assert validate([*twelve, LONG]).status == "queued"
    assert "They are examined when it runs." in caplog.text
    caplog.clear()


def test_a_full_disk_fails_the_job_and_leaves_nothing_of_it(monkeypatch, stores, validate, twelve):
    def write(*_given):
        (
            stores.job_folder(stores.jobs.page(None, 1, None, False).items[0].id).path / "half"
        ).touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(validator_module, "validate_file", write)
    job = validate(twelve)
    assert job.error == {
        "code": "disk_full",
        "message": "The disk is full: make room on it, then start the job again.",
        "param": None,
    }
    assert not stores.job_folder(job.id).path.exists()
