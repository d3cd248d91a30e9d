"""A job from its folder to its tuned model, by really training tiny models."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import torch
from trl.trainer.sft_trainer import SFTTrainer

from tunedesk.catalogue.hyperparameters import starter_hyperparameters
from tunedesk.training_server.job_folder import ProgressWriter
from tunedesk.training_server.jobs.launcher import WINDOWS_OWN
from tunedesk.training_server.training import base_model, trainers
from tunedesk.training_server.training import job as job_module
from tunedesk.training_server.training.base_model import (
    choose_precision,
    load_model,
    load_tokenizer,
    usual_precision,
)
from tunedesk.training_server.training.batch import BatchShare
from tunedesk.training_server.training.job import run_job
from tunedesk.training_server.training.starter import untrained_starter
from tunedesk.training_server.training.trainers import (
    PairTrainer,
    StepSample,
    SupervisedTrainer,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning:torch"),
]
RUN = "tunedesk.training_server.training.run"
PICKLES = {".bin", ".pkl", ".pickle"}


def steps_of(lines):
    return [line["step"] for line in lines]


def test_the_starter_learns_and_leaves_what_was_promised(starter_job, progress_of):
    lines = progress_of(starter_job)
    metrics = progress_of(starter_job, "metrics")
    total = 6 * 28
    assert steps_of(metrics) == list(range(1, total + 1))
    assert metrics[-1]["train_loss"] < 0.1 < metrics[0]["train_loss"]
    assert metrics[-1]["train_mean_token_accuracy"] > 0.95
    assert starter_job.checkpoint_steps() == [total - 12, total - 6, total]
    assert steps_of(progress_of(starter_job, "epoch")) == list(range(6, total + 1, 6))
    assert lines[0]["kind"] == "started"
    assert lines[0]["hyperparameters"]["batch_size"] == 2
    assert lines[-1]["kind"] == "done"
    assert lines[-1]["trained_tokens"] > 0
    names = {path.name for path in starter_job.model.iterdir()}
    assert {"model.safetensors", "config.json", "tokenizer.json", "chat_template.jinja"} <= names
    assert not any(path.suffix in PICKLES for path in starter_job.model.iterdir())
    assert not (starter_job.path / "trainer").exists()


def test_a_process_that_died_before_its_last_word_says_it_again(tmp_path, starter_job, progress_of):
    whole = starter_job.progress_file.read_text(encoding="utf-8")
    assert run_job(starter_job) == 0
    lines = progress_of(starter_job)
    starter_job.progress_file.write_text(whole, encoding="utf-8")
    assert sum(line["kind"] == "done" for line in lines) == 1


def test_the_untrained_starter_is_the_same_each_time():
    one, tokenizer = untrained_starter()
    other, _tokenizer = untrained_starter()
    assert len(tokenizer) == 259
    assert 1_500_000 < sum(weights.numel() for weights in one.parameters()) < 2_500_000
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def test_examples_that_a_starter_reads_as_one_row_do_not_mix(
    tmp_path, monkeypatch, make_job, progress_of, starter_records
):
    together = make_job(tmp_path / "together", starter_records, starter_records[:2], epochs=2)
    apart = make_job(tmp_path / "apart", starter_records, starter_records[:2], epochs=2)
    assert run_job(together) == 0
    monkeypatch.setattr(job_module, "share_batch", lambda size, *_more: BatchShare(1, size, size))
    assert run_job(apart) == 0
    told, others = progress_of(together, "metrics"), progress_of(apart, "metrics")
    assert steps_of(told) == steps_of(others) == [1, 2, 3, 4, 5, 6]
    for line, other in zip(told, others, strict=True):
        assert line["train_loss"] == pytest.approx(other["train_loss"], rel=0.02)
    assert told[-1]["full_valid_loss"] == pytest.approx(others[-1]["full_valid_loss"], rel=0.02)


@pytest.mark.parametrize("family", ["llama", "qwen3", "gemma3"])
def test_losses_are_those_of_trl(
    tmp_path, monkeypatch, family, make_job, base_folder, progress_of, twelve
):
    """Those of later steps are equal only if the gradients are."""
    answers = [{**twelve[0], "messages": twelve[0]["messages"] * 3}, *twelve[1:8]]
    options = {"base_model": base_folder(family), "epochs": 2, "rate": 50, "dropout": 0.0}
    ours = make_job(tmp_path / "ours", answers, twelve[8:11], **options)
    plain = make_job(tmp_path / "plain", answers, twelve[8:11], **options)
    monkeypatch.setattr(job_module, "choose_precision", usual_precision)
    assert run_job(ours) == 0
    monkeypatch.setattr(SupervisedTrainer, "compute_loss", SFTTrainer.compute_loss)
    monkeypatch.setattr(trainers, "UNMIXED", frozenset())
    assert run_job(plain) == 0
    told, others = progress_of(ours, "metrics"), progress_of(plain, "metrics")
    assert steps_of(told) == steps_of(others)
    assert len(told) >= 4
    for line, other in zip(told, others, strict=True):
        assert line["train_loss"] == pytest.approx(other["train_loss"], rel=1e-4)
        accuracy = other["train_mean_token_accuracy"]
        assert line["train_mean_token_accuracy"] == pytest.approx(accuracy, abs=0.01)
    assert told[-1]["full_valid_loss"] == pytest.approx(others[-1]["full_valid_loss"], rel=1e-4)
    monkeypatch.undo()
    monkeypatch.setattr(job_module, "choose_precision", lambda _spec: torch.bfloat16)
    halves = make_job(tmp_path / "halves", answers, twelve[8:11], **options)
    assert run_job(halves) == 0
    assert progress_of(halves, "started")[0]["precision"] == "bfloat16"
    for line, other in zip(progress_of(halves, "metrics"), others, strict=True):
        assert line["train_loss"] == pytest.approx(other["train_loss"], rel=0.02)


def test_the_precision_that_is_faster_here_is_taken_and_kept(monkeypatch, make_job, tmp_path):
    spec = make_job(tmp_path / "job", [], base_model=tmp_path).read_spec()
    for halves, precision in ((0.5, torch.bfloat16), (0.9, torch.float32), (5.0, torch.float32)):
        base_model._is_faster_in_16_bits.cache_clear()
        seconds = {torch.bfloat16: halves, torch.float32: 1.0}
        monkeypatch.setattr(base_model, "_product_seconds", seconds.__getitem__)
        assert choose_precision(spec) == precision
        assert choose_precision(replace(spec, method="dpo")) == torch.float32
        assert choose_precision(replace(spec, hyperparameters={"full": True})) == torch.float32
    base_model._is_faster_in_16_bits.cache_clear()
    monkeypatch.setattr(job_module, "choose_precision", lambda _spec: torch.bfloat16)
    choose = job_module._chosen_precision
    assert choose(spec, []) == torch.bfloat16
    assert choose(spec, [{"kind": "started", "precision": "float32"}]) == torch.float32
    assert choose(spec, [{"kind": "started"}]) == torch.float32


def as_pairs(records):
    return [
        {
            "input": {"messages": record["messages"][:-1]},
            "preferred_output": record["messages"][-1:],
            "non_preferred_output": [{"role": "assistant", "content": "I do not know."}],
        }
        for record in records
    ]


@pytest.mark.parametrize("method", ["supervised", "dpo"])
def test_a_validation_row_too_large_for_the_memory_is_left_out_and_told(
    tmp_path, monkeypatch, make_job, base_folder, progress_of, twelve, method
):
    """Between two steps as well as at the end of an epoch; no longer tried once it is known."""
    long = {"messages": [*twelve[0]["messages"] * 4, *twelve[0]["messages"]]}
    training, validation = twelve[:8], [twelve[8], long, *twelve[9:11]]
    if method == "dpo":
        training, validation = as_pairs(training), as_pairs(validation)
    job = make_job(
        tmp_path / "job", training, validation, base_folder("llama"), method=method, epochs=2
    )
    trainer, name = {
        "supervised": (SupervisedTrainer, "_score"),
        "dpo": (PairTrainer, "_compute_loss"),
    }[method]
    compute = getattr(trainer, name)
    refused = []

    def limited(self, model, inputs, *more, **named):
        size = inputs["input_ids"].shape
        if not torch.is_grad_enabled() and size[1] > 300:
            refused.append(size)
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")
        return compute(self, model, inputs, *more, **named)

    monkeypatch.setattr(trainer, name, limited)
    assert run_job(job) == 0, progress_of(job)[-1]
    told = [line["message"] for line in progress_of(job, "message") if line["level"] == "warn"]
    assert len(told) == 1
    assert re.match(r"Line 2 of the validation file \([0-9,]+ tokens\) was not measured: ", told[0])
    assert len(refused) in (1, 2)
    for line in progress_of(job, "metrics"):
        assert ("full_valid_loss" in line) == (line["step"] % 2 == 0)
    events = progress_of(job)
    first = next(line for line in events if line["kind"] == "message" and line["message"] in told)
    assert events.index(first) < events.index(progress_of(job, "checkpoint")[-1])


@pytest.mark.parametrize("examples", [0, 1, 10, 99, 100, 5000, 10**6])
def test_automatic_hyperparameters_are_within_openais_ranges(examples):
    automatic = starter_hyperparameters(examples)
    assert 1 <= automatic["n_epochs"] <= 50
    assert 1 <= automatic["batch_size"] <= 256


@pytest.mark.parametrize("family", ["llama", "qwen3", "gemma3"])
def test_an_adapter_lowers_the_validation_loss(
    tmp_path, family, make_job, base_folder, progress_of, twelve
):
    job = make_job(
        tmp_path / "job",
        twelve[:8],
        twelve[8:10],
        base_folder(family),
        epochs=3,
        rate=50,
        rank=8,
    )
    assert run_job(job) == 0
    epochs = [line for line in progress_of(job, "metrics") if "full_valid_loss" in line]
    assert steps_of(epochs) == [2, 4, 6]
    assert epochs[-1]["full_valid_loss"] < epochs[0]["full_valid_loss"] - 0.05
    assert 0 <= epochs[-1]["full_valid_mean_token_accuracy"] <= 1
    checkpoint = progress_of(job, "checkpoint")[-1]
    assert checkpoint["metrics"]["full_valid_loss"] == epochs[-1]["full_valid_loss"]
    names = {path.name for path in job.model.iterdir()}
    assert {"adapter_model.safetensors", "adapter_config.json", "tokenizer.json"} <= names
    assert "model.safetensors" not in names
    config = json.loads((job.model / "adapter_config.json").read_text(encoding="utf-8"))
    assert config["r"] == 8
    assert config["lora_alpha"] == 16
    assert config["lora_dropout"] == 0.0
    assert config["base_model_name_or_path"] == str(base_folder(family))


def test_a_few_examples_are_measured_between_steps_and_nothing_else_changes(
    tmp_path, monkeypatch, make_job, base_folder, progress_of, twelve
):
    options = {"base_model": base_folder("llama"), "epochs": 3, "rate": 50}
    plain = make_job(tmp_path / "plain", twelve[:8], twelve[8:9], **options)
    job = make_job(tmp_path / "job", twelve[:8], twelve[8:9], **options)
    with monkeypatch.context() as patch:
        patch.setattr(StepSample, "at", lambda _self, _step: [])
        assert run_job(plain) == 0
    assert run_job(job) == 0
    told, without = progress_of(job, "metrics"), progress_of(plain, "metrics")
    assert steps_of([line for line in told if "valid_loss" in line]) == [1, 3, 6]
    assert not any("valid_loss" in line for line in without)
    # One example is all there are: both kinds of validation must find the same.
    assert told[-1]["valid_loss"] == pytest.approx(told[-1]["full_valid_loss"], rel=1e-4)
    accuracy = told[-1]["full_valid_mean_token_accuracy"]
    assert told[-1]["valid_mean_token_accuracy"] == pytest.approx(accuracy)
    assert told[0]["valid_loss"] > told[-1]["valid_loss"]
    for line, other in zip(told, without, strict=True):
        assert line["train_loss"] == pytest.approx(other["train_loss"], abs=1e-6)


def test_all_weights_on_request_and_a_template_where_none_was(
    tmp_path, make_job, base_folder, progress_of, twelve
):
    base = base_folder("plain")
    job = make_job(tmp_path / "job", twelve[:4], base_model=base, rate=50, full=True)
    assert run_job(job) == 0
    tuned = load_model(job.model, torch.float32).state_dict()
    before = load_model(base, torch.float32).state_dict()
    assert all(not torch.equal(tuned[name], before[name]) for name in before)
    assert "tunedesk" in load_tokenizer(job.model).chat_template


def test_a_tuned_model_is_trained_on(tmp_path, make_job, base_folder, progress_of, twelve):
    base = base_folder("llama")
    first = make_job(tmp_path / "first", twelve[:8], base_model=base, epochs=3, rate=50)
    assert run_job(first) == 0
    second = make_job(tmp_path / "second", twelve[:8], base_model=first.model, epochs=1, rate=1)
    assert run_job(second) == 0
    went_on = progress_of(second, "metrics")[0]["train_loss"]
    assert went_on < progress_of(first, "metrics")[0]["train_loss"] - 0.05
    config = json.loads((second.model / "adapter_config.json").read_text(encoding="utf-8"))
    assert config["base_model_name_or_path"] == str(base)


def ask_at(monkeypatch, folder, wish, step):
    """Let the server ask for something right after a step is told."""
    write = ProgressWriter.write

    def asking(self, kind, **values):
        write(self, kind, **values)
        if kind == "metrics" and values["step"] == step:
            folder.send_command(wish)

    monkeypatch.setattr(ProgressWriter, "write", asking)


@pytest.mark.parametrize("step", [1, 3, 4])
def test_a_pause_loses_nothing_and_tells_nothing_twice(
    tmp_path, monkeypatch, make_job, base_folder, progress_of, twelve, step
):
    base = base_folder("llama")
    through = make_job(tmp_path / "through", twelve[:8], base_model=base, epochs=3, rate=50)
    job = make_job(tmp_path / "job", twelve[:8], base_model=base, epochs=3, rate=50)
    assert run_job(through) == 0
    with monkeypatch.context() as patch:
        ask_at(patch, job, "pause", step)
        assert run_job(job) == 0
    paused = progress_of(job)[-1]
    assert paused["kind"] == "paused"
    assert step <= paused["step"] <= step + 1
    assert paused["step"] in job.checkpoint_steps()
    assert not job.model.exists()
    job.send_command(None)
    assert run_job(job) == 0
    starts = progress_of(job, "started")
    assert [line["step"] for line in starts] == [0, paused["step"]]
    told, whole = progress_of(job, "metrics"), progress_of(through, "metrics")
    assert steps_of(told) == [1, 2, 3, 4, 5, 6]
    for line, expected in zip(told, whole, strict=True):
        assert line["train_loss"] == pytest.approx(expected["train_loss"], abs=1e-4)
    assert job.checkpoint_steps() == [2, 4, 6]
    assert sum(line["kind"] == "done" for line in progress_of(job)) == 1


def test_a_cancel_ends_it(tmp_path, monkeypatch, make_job, base_folder, progress_of, twelve):
    job = make_job(tmp_path / "job", twelve[:8], base_model=base_folder("llama"), epochs=9)
    ask_at(monkeypatch, job, "cancel", 2)
    assert run_job(job) == 0
    assert progress_of(job)[-1] == {"kind": "cancelled", "step": 3}
    assert not job.model.exists()


def test_bad_examples_fail_the_job_or_are_left_out_by_name(
    tmp_path, make_job, base_folder, progress_of, twelve
):
    bad = {
        "messages": [*twelve[0]["messages"][:2], {"role": "assistant", "content": "word " * 900}]
    }
    base = base_folder("llama")
    records = [*twelve[:4], bad, bad, *twelve[4:10]]
    job = make_job(tmp_path / "job", records, base_model=base)
    assert run_job(job) == 1
    failed = progress_of(job)[-1]
    assert failed["code"] == "invalid_training_file"
    assert failed["param"] == "training_file"
    assert "Line 5: It is" in failed["message"]
    assert [line["line"] for line in failed["lines"]] == [5, 6]
    job = make_job(tmp_path / "skipping", records, base_model=base, skip_bad=True)
    assert run_job(job) == 0
    warnings = [m["message"] for m in progress_of(job, "message") if m["level"] == "warn"]
    assert len(warnings) == 2
    assert warnings[0].startswith("Left out line 5 of the training file: It is")
    job = make_job(tmp_path / "few", records[:-1], base_model=base, skip_bad=True)
    assert run_job(job) == 1
    failed = progress_of(job)[-1]
    assert failed["code"] == "invalid_n_examples"
    assert failed["message"] == "Training file has 9 example(s), but must have at least 10 examples"
    assert failed["param"] == "training_file"
    job = make_job(tmp_path / "none", twelve, [bad], base_model=base, skip_bad=True)
    assert run_job(job) == 1
    assert progress_of(job)[-1]["message"] == (
        "Validation file has 0 example(s), but must have at least 1 examples"
    )


@pytest.mark.parametrize(("family", "rate"), [("llama", 1e12), (None, 1e9)])
def test_a_loss_that_explodes_is_said(
    tmp_path, make_job, base_folder, progress_of, twelve, family, rate
):
    options = {"base_model": base_folder(family), "full": True} if family else {}
    job = make_job(tmp_path / "job", twelve[:8], epochs=9, rate=rate, **options)
    assert run_job(job) == 1
    last = progress_of(job)[-1]
    assert last["code"] == "loss_not_finite"
    assert "The training left all bounds at step" in last["message"]
    steps = job.checkpoint_steps()
    kept = f"checkpoint of step {steps[-1]} is kept" if steps else "none is kept"
    assert kept in last["message"]
    assert not job.model.exists()
    text = job.progress_file.read_text(encoding="utf-8")
    assert "NaN" not in text
    assert "Infinity" not in text


@pytest.mark.parametrize("bad", [(2,), (3, 4), (2, 3, 4), (6,)])
def test_a_step_whose_gradients_are_not_finite_is_left_out(
    tmp_path, monkeypatch, make_job, base_folder, progress_of, twelve, bad
):
    job = make_job(tmp_path / "job", twelve[:8], base_model=base_folder("llama"), epochs=3)
    train = SupervisedTrainer.training_step
    before = {}

    def step(self, model, *given, **named):
        loss = train(self, model, *given, **named)
        learnt = [each for each in model.parameters() if each.requires_grad]
        number = self.state.global_step + 1
        if number - 1 in bad:
            now = [each.detach().clone() for each in learnt]
            assert all(map(torch.equal, before.pop(number - 1), now))
        if number in bad:
            before[number] = [each.detach().clone() for each in learnt]
            learnt[0].grad[0, 0] = float("nan")
            return loss * float("nan")
        return loss

    monkeypatch.setattr(SupervisedTrainer, "training_step", step)
    ends_badly = len(bad) == 3 or 6 in bad
    assert run_job(job) == (1 if ends_badly else 0)
    told = [line for line in progress_of(job, "message") if line["level"] == "warn"]
    assert steps_of(told) == list(bad)
    assert all("was left out" in line["message"] for line in told)
    for line in progress_of(job, "metrics"):
        assert ("train_loss" in line) == (line["step"] not in bad)
    if ends_badly:
        assert progress_of(job)[-1]["code"] == "loss_not_finite"
        assert job.checkpoint_steps() == ([2, 4] if 6 in bad else [])


def test_only_safetensors_are_loaded(tmp_path, make_job, base_folder, progress_of, twelve):
    folder = tmp_path / "pickled"
    folder.mkdir()
    for path in base_folder("llama").iterdir():
        if path.suffix != ".safetensors":
            (folder / path.name).write_bytes(path.read_bytes())
    torch.save({}, folder / "pytorch_model.bin")
    job = make_job(tmp_path / "job", twelve, base_model=folder)
    assert run_job(job) == 1
    failed = progress_of(job)[-1]
    assert failed["code"] == "invalid_base_model"
    assert failed["param"] == "model"


def test_preferences_raise_the_margin(tmp_path, make_job, base_folder, progress_of, twelve):
    pairs = as_pairs(twelve[:8])
    job = make_job(
        tmp_path / "job",
        pairs,
        pairs[:2],
        base_folder("llama"),
        method="dpo",
        epochs=4,
        rate=200,
        beta=0.1,
    )
    assert run_job(job) == 0
    metrics = progress_of(job, "metrics")
    assert metrics[-1]["train_reward_margin"] > metrics[0]["train_reward_margin"] + 0.01
    assert metrics[-1]["train_loss"] < metrics[0]["train_loss"]
    assert metrics[-1]["full_valid_reward_accuracy"] == 1
    sampled = [line["valid_reward_margin"] for line in metrics if "valid_reward_margin" in line]
    assert len(sampled) > 1
    assert sampled[-1] > sampled[0]


def test_killed_it_goes_on_from_its_last_checkpoint(
    tmp_path, make_job, base_folder, progress_of, twelve
):
    job = make_job(tmp_path / "job", twelve[:8], base_model=base_folder("llama"), epochs=200)
    with job.log_file.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", RUN, str(job.path)],
            stdout=log,
            stderr=log,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        end = time.monotonic() + 90
        while not progress_of(job, "checkpoint") and time.monotonic() < end:
            assert process.poll() is None, job.log_file.read_text(encoding="utf-8")
            time.sleep(0.02)
        process.kill()
        process.wait(timeout=30)
    assert progress_of(job)[-1]["kind"] != "done"
    last = job.checkpoint_steps()[-1]
    job.send_command("cancel")
    assert run_job(job) == 0
    assert progress_of(job)[-1] == {"kind": "cancelled", "step": last}
    assert not list(job.checkpoints.glob("*.part"))
    steps = steps_of(progress_of(job, "metrics"))
    assert steps == list(range(1, len(steps) + 1))


def test_two_processes_learn_as_one_does(tmp_path, make_job, base_folder, progress_of, twelve):
    options = {"base_model": base_folder("llama"), "epochs": 2, "rate": 20, "dropout": 0.0}
    alone = make_job(tmp_path / "alone", twelve[:8], twelve[8:10], **options)
    both = make_job(tmp_path / "both", twelve[:8], twelve[8:10], processes=2, **options)
    assert run_job(alone) == 0
    torchrun = ["torch.distributed.run", "--standalone", "--nproc_per_node=2", "-m", RUN]
    done = subprocess.run(
        [sys.executable, "-m", *torchrun, str(both.path)],
        capture_output=True,
        text=True,
        timeout=180,
        env=os.environ | {"OMP_NUM_THREADS": "1"} | WINDOWS_OWN,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert progress_of(both, "started")[0]["processes"] == 2
    assert progress_of(both, "started")[0]["hyperparameters"]["batch_size"] == 4
    one, two = progress_of(alone, "metrics"), progress_of(both, "metrics")
    assert steps_of(one) == steps_of(two) == [1, 2, 3, 4]
    for line, other in zip(one, two, strict=True):
        assert line["train_loss"] == pytest.approx(other["train_loss"], rel=0.01)
    assert one[-1]["full_valid_loss"] == pytest.approx(two[-1]["full_valid_loss"], rel=0.01)
    assert both.model.is_dir()


def test_what_is_no_base_model_is_said_plainly(
    tmp_path, make_job, base_folder, progress_of, twelve
):
    def reason(folder):
        job = make_job(tmp_path / f"job-{folder.name}", twelve, base_model=folder)
        assert run_job(job) == 1
        failed = progress_of(job)[-1]
        assert (failed["code"], failed["param"]) == ("invalid_base_model", "model")
        return failed["message"]

    made = {name: tmp_path / name for name in ("cut", "coded", "mute", "listed", "broken", "odd")}
    for folder in made.values():
        shutil.copytree(base_folder("llama"), folder)
    weights = made["cut"] / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    assert "a file of its weights is damaged" in reason(made["cut"])
    config = json.loads((made["coded"] / "config.json").read_text(encoding="utf-8"))
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.C"}}
    (made["coded"] / "config.json").write_text(json.dumps(config), encoding="utf-8")
    ran = tmp_path / "ran"
    (made["coded"] / "own.py").write_text(f"open({str(ran)!r}, 'w')\n", encoding="utf-8")
    said = reason(made["coded"])
    assert "brings code of its own, which this server does not run" in said
    assert "trust_remote_code" not in said
    assert not ran.exists()
    (made["mute"] / "tokenizer.json").unlink()
    assert (
        reason(made["mute"])
        == "The base model mute has no tokenizer.json, which this server needs."
    )
    (made["listed"] / "tokenizer.json").write_text("[]", encoding="utf-8")
    assert "tokenizer of the base model listed cannot be read: " in reason(made["listed"])
    (made["broken"] / "chat_template.jinja").write_text("{% if", encoding="utf-8")
    assert "chat template of the base model broken cannot be read: " in reason(made["broken"])
    config = json.loads((made["odd"] / "config.json").read_text(encoding="utf-8"))
    config |= {"num_hidden_layers": "two", "hidden_size": [3]}
    (made["odd"] / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert "base model odd cannot be " in reason(made["odd"])


def test_all_weights_of_an_adapted_model_can_be_trained(
    tmp_path, make_job, base_folder, progress_of, twelve
):
    first = make_job(tmp_path / "first", twelve[:4], base_model=base_folder("llama"))
    assert run_job(first) == 0
    second = make_job(tmp_path / "second", twelve[:4], base_model=first.model, epochs=3, full=True)
    assert run_job(second) == 0, progress_of(second)[-1]
    assert not (second.model / "adapter_config.json").exists()
    losses = [line["train_loss"] for line in progress_of(second, "metrics")]
    assert losses[-1] < losses[0]


def talk(question, answer):
    return {
        "messages": [
            {"role": "user", "content": question},
            {"role": "assistant", "content": answer},
        ]
    }


@pytest.fixture(scope="module")
def overtrained_job(tmp_path_factory, base_folder, make_job):
    """A job that learns by heart what its validation file says otherwise."""
    training = [talk(f"Is it {n}?", "No, never, not at all.") for n in range(8)]
    validation = [talk(f"Is it {n}?", "Yes! Gladly, of course.") for n in range(8, 12)]
    folder = make_job(
        tmp_path_factory.mktemp("overtrained") / "job",
        training,
        validation,
        base_folder("llama"),
        epochs=20,
        rate=100.0,
    )
    assert run_job(folder) == 0
    return folder


def test_a_training_ends_when_the_validation_loss_has_risen_for_long(overtrained_job, progress_of):
    losses = {
        line["step"]: line["metrics"]["full_valid_loss"]
        for line in progress_of(overtrained_job, "checkpoint")
    }
    best = min(losses, key=losses.get)
    steps = list(losses)
    assert steps[-1] < 2 * 20
    assert len(steps) - 1 - steps.index(best) == 3
    done = progress_of(overtrained_job, "done")[0]
    assert done["step"] == steps[-1]
    told = [line["message"] for line in progress_of(overtrained_job, "message")]
    assert any(text.startswith(f"Training ends at step {steps[-1]} of 40") for text in told)


def test_the_tuned_model_is_that_of_the_lowest_validation_loss(overtrained_job, progress_of):
    losses = {
        line["step"]: line["metrics"]["full_valid_loss"]
        for line in progress_of(overtrained_job, "checkpoint")
    }
    best, last = min(losses, key=losses.get), max(losses)
    # It is kept, however many came after it.
    assert best in overtrained_job.checkpoint_steps()
    name = "adapter_model.safetensors"
    model = (overtrained_job.model / name).read_bytes()
    assert model == (overtrained_job.checkpoint(best) / name).read_bytes()
    assert model != (overtrained_job.checkpoint(last) / name).read_bytes()
    told = [
        line.get("data")
        for line in progress_of(overtrained_job, "message")
        if f"is that of step {best}" in line["message"]
    ]
    assert told == [{"model_step": best}]


def test_one_that_was_killed_after_its_end_is_not_trained_further(
    tmp_path, overtrained_job, progress_of
):
    again = type(overtrained_job)(tmp_path / "job")
    shutil.copytree(overtrained_job.path, again.path)
    shutil.rmtree(again.model)
    kept = [
        line
        for line in again.progress_file.read_text(encoding="utf-8").splitlines(keepends=True)
        if '"done"' not in line
    ]
    again.progress_file.write_text("".join(kept), encoding="utf-8")
    assert run_job(again) == 0
    assert progress_of(again, "checkpoint") == progress_of(overtrained_job, "checkpoint")
    assert progress_of(again, "done") == progress_of(overtrained_job, "done")
    name = "adapter_model.safetensors"
    assert (again.model / name).read_bytes() == (overtrained_job.model / name).read_bytes()
