"""Jobs before they wait for their turn: what their files and their base model say of them."""

import io
import json
import shutil
import subprocess
import sys
import threading
import time

import psutil
import pytest

from tunedesk.training_server import make_model_folder
from tunedesk.training_server.job_folder import (
    STARTER,
    ValidationRequest,
    read_progress,
    read_records,
)
from tunedesk.training_server.jobs import launcher
from tunedesk.training_server.jobs import validator as validator_module
from tunedesk.training_server.jobs.launcher import Launcher
from tunedesk.training_server.jobs.validator import Validator
from tunedesk.training_server.models import BaseModels, part_of
from tunedesk.training_server.settings import ServerSettings
from tunedesk.training_server.store.job_store import NewJob
from tunedesk.training_server.store.stores import Stores
from tunedesk.training_server.training.base_model import load_trainable_model
from tunedesk.training_server.training.sequences import (
    make_sequences,
    noted_sequences,
    starter_texts,
)

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


def read_as(folder, base, method="supervised"):
    """Have the process read the records of a job as a base model; what it reports, by kind."""
    folder.write_request(ValidationRequest(method, False, str(base), {}))
    process = Launcher(None).start_validation(folder)
    assert process.wait(timeout=120) == 0, folder.report_log.read_text(encoding="utf-8")
    report = {}
    for line, _end in read_progress(folder.report_file):
        report.setdefault(line["kind"], []).append(line)
    assert "done" in report
    return report


def bad_lines(report, word):
    return [(line["line"], line["text"]) for line in report.get("bad", ()) if line["file"] == word]


@pytest.mark.parametrize("family", [None, "llama", "gemma3", "plain"])
def test_it_finds_what_the_training_would_find(tmp_path, make_job, base_folder, twelve, family):
    base = STARTER if family is None else str(base_folder(family))
    records = [twelve[0], LONG, twelve[1], SILENT, REFUSED]
    folder = make_job(tmp_path / "job", records, [twelve[2], SILENT], base_model=base)
    report = read_as(folder, base)
    trainable = load_trainable_model(
        folder.read_spec(), lambda: starter_texts(folder.training_file), None
    )
    for word in ("training", "validation"):
        late = make_sequences(
            folder.records_file(word), trainable, "supervised", tmp_path / f"late-{word}"
        )
        assert bad_lines(report, word) == [(bad.line, bad.message) for bad in late.bad]
    training = bad_lines(report, "training")
    assert [line for line, _text in training][:2] == [2, 4]
    assert (5 in dict(training)) == (family == "gemma3")
    assert [line for line, _text in bad_lines(report, "validation")] == [2]
    assert "failure" not in report
    assert noted_sequences(folder, base) is None, "with bad examples there is nothing to train"


@pytest.mark.parametrize("family", [None, "qwen3"])
def test_its_tokens_are_those_that_the_training_would_make(
    tmp_path, make_job, base_folder, twelve, family
):
    base = STARTER if family is None else str(base_folder(family))
    folder = make_job(tmp_path / "job", twelve, twelve[:3], base_model=base)
    read_as(folder, base)
    trainable = load_trainable_model(
        folder.read_spec(), lambda: starter_texts(folder.training_file), None
    )
    noted = noted_sequences(folder, base)
    for word, made in noted.items():
        late = make_sequences(
            folder.records_file(word), trainable, "supervised", tmp_path / f"late-{word}"
        )
        assert list(made.rows) == list(late.rows)
        figures = (made.count, made.examples, made.tokens, made.longest, made.longest_line)
        assert figures == (
            *(late.count, late.examples, late.tokens, late.longest),
            late.longest_line,
        )
    assert list(noted) == ["training", "validation"]


def test_tokens_of_another_tokenizer_are_not_used(tmp_path, make_job, base_folder, twelve):
    base = tmp_path / "base"
    shutil.copytree(base_folder("llama"), base)
    folder = make_job(tmp_path / "job", twelve, base_model=base)
    read_as(folder, base)
    assert noted_sequences(folder, str(base)) is not None
    template = base / "chat_template.jinja"
    template.write_text(template.read_text(encoding="utf-8") + " ", encoding="utf-8")
    assert noted_sequences(folder, str(base)) is None


def test_many_examples_are_read_by_several_processes_in_their_order(
    tmp_path, make_job, base_folder, twelve
):
    base = str(base_folder("qwen3"))
    records = [
        {"messages": [*one["messages"][:-1], {"role": "assistant", "content": f"{number}"}]}
        for number in range(1200)
        for one in [twelve[number % 12]]
    ]
    folder = make_job(tmp_path / "job", records, base_model=base)
    program = (
        "import sys; from tunedesk.training_server.jobs import validation_process as validate\n"
        "validate._BYTES_ALONE = 0\n"
        "if __name__ == '__main__': sys.exit(validate.main(sys.argv[1:]))\n"
    )
    script = tmp_path / "program.py"
    script.write_text(program, encoding="utf-8")
    folder.write_request(ValidationRequest("supervised", False, base, {}))
    subprocess.run([sys.executable, str(script), str(folder.path)], check=True, timeout=120)
    many = list(noted_sequences(folder, base)["training"].rows)
    read_as(folder, base)
    assert many == list(noted_sequences(folder, base)["training"].rows)
    assert len(many) == 1200


def test_pairs_are_examined_too(tmp_path, make_job, base_folder):
    base = str(base_folder("llama"))
    pair = {
        "input": {"messages": [{"role": "user", "content": "Well?"}]},
        "preferred_output": [{"role": "assistant", "content": "Yes."}],
        "non_preferred_output": [{"role": "assistant", "content": "Maybe."}],
    }
    long = pair | {"non_preferred_output": [{"role": "assistant", "content": "word " * 900}]}
    folder = make_job(tmp_path / "job", [pair, long], base_model=base, method="dpo")
    report = read_as(folder, base, "dpo")
    assert [line for line, _text in bad_lines(report, "training")] == [2]


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
        (said,) = read_as(folder, base)["failure"]
        return said["code"], said["message"]

    code, message = failure("mute", **{"tokenizer.json": None})
    assert code == "invalid_base_model"
    assert message == "The base model mute has no tokenizer.json, which this server needs."
    own = json.dumps({"model_type": "own", "auto_map": {"AutoConfig": "own.C"}})
    _code, message = failure("coded", **{"config.json": own})
    assert "brings code of its own, which this server does not run" in message


def test_a_template_that_never_ends_is_given_up(tmp_path, make_job, base_folder, twelve):
    base = tmp_path / "looping"
    shutil.copytree(base_folder("llama"), base)
    loops = "".join(f"{{% for a{n} in range(99999) %}}" for n in range(4)) + "{% endfor %}" * 4
    (base / "chat_template.jinja").write_text(loops, encoding="utf-8")
    folder = make_job(tmp_path / "job", twelve, base_model=base)
    folder.write_request(ValidationRequest("supervised", False, str(base), {}))
    program = (
        "import sys; from tunedesk.training_server.jobs import validation_process as validate\n"
        "from tunedesk.training_server.training import sequences\n"
        "sequences._CHUNK_SECONDS = sequences._EXAMPLE_SECONDS = 0.2\n"
        "sys.exit(validate.main(sys.argv[1:]))\n"
    )
    subprocess.run([sys.executable, "-c", program, str(folder.path)], check=True, timeout=60)
    lines = [line for line, _end in read_progress(folder.report_file)]
    assert [line["line"] for line in lines if line["kind"] == "bad"] == [1, 2, 3]
    (failed,) = [line for line in lines if line["kind"] == "failure"]
    assert failed["code"] == "invalid_base_model"
    assert "takes too long" in failed["message"]


def test_no_torch_is_loaded(tmp_path, make_job, base_folder, twelve):
    base = str(base_folder("qwen3"))
    folder = make_job(tmp_path / "job", twelve, base_model=base)
    program = (
        "import sys; from tunedesk.training_server.jobs import validation_process as validate\n"
        "assert validate.main(sys.argv[1:]) == 0\n"
        "assert not [name for name in sys.modules if name.startswith('torch.')]\n"
    )
    folder.write_request(ValidationRequest("supervised", False, base, {}))
    subprocess.run([sys.executable, "-c", program, str(folder.path)], check=True, timeout=60)
    assert noted_sequences(folder, base) is not None


AUTO = {"batch_size": "auto", "learning_rate_multiplier": "auto", "n_epochs": "auto"}


@pytest.fixture
def stores(tmp_path):
    stores = Stores.open(tmp_path)
    stores.jobs_folder.mkdir()
    yield stores
    stores.database.close()


@pytest.fixture
def validate(tmp_path, monkeypatch, stores):
    """Validates a job with these records, and gives back the job."""
    monkeypatch.setattr(validator_module, "_NEWS_SECONDS", 1000)

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


@pytest.fixture
def process(monkeypatch):
    """Lets the process that validates be another program, given as its text."""

    start = launcher._start

    def replace(text):
        command = [sys.executable, "-c", text]
        monkeypatch.setattr(
            launcher, "_start", lambda _command, *given: start([*command, given[0].path], *given)
        )

    return replace


_CHECKS_ONLY = (
    "import sys; from tunedesk.training_server.jobs import validation_process as validate\n"
    "validate._tokenise = lambda *_given: exit('Dead')\n"
    "validate.main(sys.argv[1:])\n"
)


@pytest.mark.expects_log
def test_a_process_that_dies_while_it_reads_as_the_model_leaves_it_to_the_training(
    process, caplog, stores, validate, twelve
):
    process(_CHECKS_ONLY)
    assert validate([*twelve, LONG]).status == "queued"
    assert "They are read when it runs." in caplog.text
    caplog.clear()


def test_a_process_that_dies_before_fails_the_job(process, stores, validate, twelve):
    process("exit('ValueError: what nobody thought of')")
    job = validate(twelve)
    assert (job.status, job.error["code"]) == ("failed", "process_ended")
    assert job.error["message"].startswith("The files could not be read to their end. ")
    assert "what nobody thought of" in job.error["message"]
    process("import os; os.kill(os.getpid(), 9)")
    assert validate(twelve).error["code"] == "process_killed"


def test_a_full_disk_fails_the_job_and_leaves_nothing_of_it(process, stores, validate, twelve):
    process("open('half', 'w').close(); raise OSError(28, 'No space left on device')")
    job = validate(twelve)
    assert job.error == {
        "code": "disk_full",
        "message": "The disk is full: make room on it, then start the job again.",
        "param": None,
    }
    assert not stores.job_folder(job.id).path.exists()


@pytest.fixture
def waiting(tmp_path, stores, twelve):
    """A validator, and jobs with files of some bytes that wait for it."""
    validator = Validator(
        stores,
        BaseModels(ServerSettings(tmp_path, "sk-test"), 0),
        Launcher(None),
        lambda _name: STARTER,
    )

    def add(size):
        content = "".join(json.dumps(record) + "\n" for record in twelve).encode()
        content += b" " * max(0, size - len(content))
        file = stores.files.add(io.BytesIO(content), "a.jsonl", "fine-tune").id
        new = NewJob("base", "supervised", AUTO, None, 1, None, None, file, None)
        return stores.jobs.add(new, "ft:test").id

    return validator, add


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_small_job_does_not_wait_for_large_ones_and_a_cancelled_one_ends_at_once(
    monkeypatch, process, stores, waiting
):
    monkeypatch.setattr(validator_module, "_SMALL_BYTES", 100_000)
    validator, add = waiting
    # Those of large files never end by themselves.
    process(
        "import json, pathlib, sys, time\n"
        "from tunedesk.training_server.jobs import validation_process as validate\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "file = json.loads((folder / 'request.json').read_text())['files']['training']['path']\n"
        "while pathlib.Path(file).stat().st_size > 100_000: time.sleep(0.1)\n"
        "sys.exit(validate.main(sys.argv[1:]))\n"
    )
    others = psutil.Process().children(recursive=True)
    large, next_large, small = add(200_000), add(200_000), add(0)
    validator.start_waiting(lambda: False)

    def status(job_id):
        return stores.jobs.get(job_id).status

    wait_until(lambda: status(small) == "queued")
    assert [status(job_id) for job_id in (large, next_large)] == ["validating_files"] * 2
    assert [text for _level, text in told(stores, stores.jobs.get(next_large))] == [
        "Waiting: the files of other jobs are being validated"
    ]
    folder = stores.job_folder(large)
    wait_until(folder.request_file.exists)
    children = set(psutil.Process().children(recursive=True)) - set(others)
    assert children
    stores.jobs.move(large, ("validating_files",), "cancelled")
    began = time.monotonic()
    wait_until(lambda: not validator.is_busy)
    assert time.monotonic() - began < 10  # far from as long as it would have gone on
    assert not folder.path.exists()
    wait_until(lambda: not any(child.is_running() for child in children))
    validator.start_waiting(lambda: False)
    wait_until(stores.job_folder(next_large).request_file.exists)
    stores.jobs.move(next_large, ("validating_files",), "cancelled")
    wait_until(lambda: not validator.is_busy)


def test_how_far_it_is_is_told_in_events(monkeypatch, process, stores, validate, twelve):
    monkeypatch.setattr(validator_module, "_NEWS_SECONDS", 0)
    process(
        "import sys; from tunedesk.training_server.jobs import validation_process as validate\n"
        "validate._REPORT_SECONDS = 0\n"
        "sys.exit(validate.main(sys.argv[1:]))\n"
    )
    job = validate(twelve)
    texts = [text for _level, text in told(stores, job)]
    assert texts[-1] == "Files validated, moving job to queued state"
    assert "Validating training file: 12 of 12 examples turned into tokens" in texts[1:-1]


def test_how_much_of_a_model_is_fetched_is_told_in_events(
    tmp_path, monkeypatch, stores, base_folder, twelve
):
    def texts():
        return [text for _level, text in told(stores, stores.jobs.get(job.id))]

    def fetch(_name, folder, why_not, _still_wanted):
        assert why_not(2_000_000_000) is None
        part = part_of(folder)
        part.mkdir(parents=True)
        with (part / "model.safetensors").open("wb") as file:
            file.truncate(500_000_000)
        wait_until(lambda: f"Fetching {name}: 0.50 of 2.00 GB" in texts())
        shutil.rmtree(part)
        shutil.copytree(base_folder("llama"), folder)
        return folder

    monkeypatch.setattr(validator_module, "_NEWS_SECONDS", 0.01)
    monkeypatch.setattr(validator_module, "download", fetch)
    monkeypatch.setattr(validator_module, "why_it_does_not_fit", lambda *_given, **_named: None)
    name = "owner/name"
    settings = ServerSettings(tmp_path, "sk-test", allow_download=True)
    validator = Validator(stores, BaseModels(settings, 0), Launcher(None), lambda _name: None)
    content = "".join(json.dumps(record) + "\n" for record in twelve).encode()
    file = stores.files.add(io.BytesIO(content), "a.jsonl", "fine-tune").id
    new = NewJob(name, "supervised", AUTO, None, 1, None, None, file, None)
    job = stores.jobs.add(new, "ft:test")
    validator.validate_next(lambda: False)
    assert stores.jobs.get(job.id).status == "queued"
    assert f"Fetching {name} from the hub (2.0 GB)" in texts()
    assert texts().index(f"Fetching {name}: 0.50 of 2.00 GB") < len(texts()) - 1
    wait_until(lambda: not [t for t in threading.enumerate() if t.name.startswith("progress of")])


def test_cancelling_a_job_ends_the_fetching_of_its_model(tmp_path, monkeypatch, stores, twelve):
    others = set(psutil.Process().children(recursive=True))
    name, started = "owner/name", tmp_path / "started"
    writes = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(600)"
    command = [sys.executable, "-c", writes, str(started)]
    monkeypatch.setattr(make_model_folder, "_weight_bytes", lambda _name: 2_000_000_000)
    monkeypatch.setattr(make_model_folder, "_fetch_command", lambda *_given: command)
    monkeypatch.setattr(validator_module, "why_it_does_not_fit", lambda *_given, **_named: None)
    settings = ServerSettings(tmp_path, "sk-test", allow_download=True)
    validator = Validator(stores, BaseModels(settings, 0), Launcher(None), lambda _name: None)
    content = "".join(json.dumps(record) + "\n" for record in twelve).encode()
    file = stores.files.add(io.BytesIO(content), "a.jsonl", "fine-tune").id
    new = NewJob(name, "supervised", AUTO, None, 1, None, None, file, None)
    job = stores.jobs.add(new, "ft:test")
    validator.start_waiting(lambda: False)
    wait_until(started.exists)
    stores.jobs.move(job.id, ("validating_files",), "cancelled")
    wait_until(lambda: not validator.is_busy)
    assert set(psutil.Process().children(recursive=True)) <= others
    assert stores.jobs.get(job.id).status == "cancelled"
    wait_until(lambda: not [t for t in threading.enumerate() if t.name.startswith("progress of")])
