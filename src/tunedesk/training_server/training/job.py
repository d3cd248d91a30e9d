"""A job from its folder to its tuned model, and every way in which it may end before."""

import contextlib
import math
import os
import sys
import time
import traceback
from typing import Any, get_args

import torch
from transformers import set_seed

from tunedesk.training_server.job_folder import (
    FileWord,
    JobFolder,
    JobSpec,
    ProgressWriter,
    read_progress,
)
from tunedesk.training_server.training.base_model import (
    TrainableModel,
    choose_precision,
    disable_progress_bars,
    load_trainable_model,
    usual_precision,
)
from tunedesk.training_server.training.batch import BatchShare, fitting_examples, share_batch
from tunedesk.training_server.training.failures import (
    BadExample,
    JobFailedError,
    failure_of,
    too_few,
)
from tunedesk.training_server.training.progress_callback import (
    Checkpoints,
    ProgressCallback,
    read_command,
    reported_run,
    wait_for_all,
)
from tunedesk.training_server.training.sequences import (
    Sequences,
    make_sequences,
    noted_sequences,
    starter_texts,
)
from tunedesk.training_server.training.trainers import (
    StepSample,
    Trainer,
    add_callback,
    make_trainer,
    steps_per_epoch,
)

_MOST_TIMES_CHANCE = 10.0
"""A model that knows nothing has the logarithm of the number of its tokens as loss, 10.8 of 49,152;
no training that can still be saved is so many times worse."""

_DEVICES = {"cpu": "the processor (CPU)", "cuda": "the NVIDIA GPU", "mps": "the Apple GPU"}
_SECONDS_FOR_RANK_0 = 10
_MOST_THREADS = 4


def run_job(folder: JobFolder) -> int:
    """Do a job; returns the exit status of the process."""
    disable_progress_bars()
    is_first = _rank() == 0
    with contextlib.ExitStack() as stack:
        writer = stack.enter_context(ProgressWriter(folder)) if is_first else None
        try:
            _run(folder, folder.read_spec(), writer)
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            failure = failure_of(error)
            if writer is not None:
                lines = [{"line": bad.line, "message": bad.message} for bad in failure.lines]
                writer.write(
                    "failed",
                    code=failure.code,
                    message=failure.message,
                    param=failure.param,
                    **({"lines": lines} if lines else {}),
                )
            else:
                # Who started us ends all processes when one ends: let the first one speak.
                time.sleep(_SECONDS_FOR_RANK_0)
            return 1
    return 0


def _run(folder: JobFolder, spec: JobSpec, writer: ProgressWriter | None) -> None:
    lines = [line for line, _end in read_progress(folder.progress_file)]
    pausing = {
        line["step"] for line in lines if line["kind"] == "checkpoint" and line.get("pausing")
    }
    checkpoints = Checkpoints(folder, pausing, _validation_losses(lines))
    if writer is not None:
        checkpoints.clear_work()
    last = checkpoints.last()
    set_seed(spec.seed % 2**32)
    # Made when the job was validated; None for one that waits since an older version, for one.
    noted = noted_sequences(folder, spec.base_model) if spec.max_tokens is None else None
    own_tokenizer = last or (folder.tokenizer if noted else None)
    precision = _chosen_precision(spec, lines)
    trainable = load_trainable_model(
        spec, lambda: starter_texts(folder.training_file), own_tokenizer, precision
    )
    if trainable.kind == "starter" and spec.device == "cpu":
        torch.set_num_threads(_threads())
    if noted is None:
        noted = _make_sequences(folder, spec, trainable, writer)
    training, validation = noted["training"], noted.get("validation")
    share = share_batch(
        int(spec.hyperparameters["batch_size"]), _world(), training.longest, spec.device
    )
    trainer = make_trainer(spec, trainable, training, validation, share, checkpoints.work)
    per_epoch = steps_per_epoch(training, share)
    epochs = int(spec.hyperparameters["n_epochs"])
    total = per_epoch * epochs
    begin = folder.checkpoint_steps()[-1] if last else 0
    # The starter is to know its examples by heart; others are to have learnt from them.
    keeps_best = trainable.kind != "starter"
    is_over = keeps_best and checkpoints.has_risen
    _write_start(writer, spec, share, trainable, begin, total, _PRECISIONS[precision])
    if writer is not None and folder.model.exists():
        # Killed between the model and the word that it is there.
        end = begin if is_over else total
        _done(writer, lines, end, training.tokens * (end // per_epoch))
        return
    command = read_command(folder, trainer.args)
    if command is not None:
        _ended(writer, command, begin)
        return
    sample = None
    if validation is not None:
        at_once = min(share.at_once, fitting_examples(validation.longest, spec.device))
        sample = StepSample.of(validation.count, at_once, share.size, _rank(), _world())

    told: set[int] = set()

    def measure(step: int) -> dict[str, float]:
        if validation is None or sample is None:
            return {}
        # What was too large at the end of the epoch before is told by now, too.
        _tell_unmeasured(writer, trainer, validation, told)
        rows = sample.at(step)
        return trainer.measure(rows) if rows else {}

    validates = validation is not None
    most_loss = math.inf
    if spec.method == "supervised":
        most_loss = _MOST_TIMES_CHANCE * math.log(
            trainable.model.config.get_text_config().vocab_size
        )
    with reported_run(folder, spec, writer) as report:
        callback = ProgressCallback(
            folder,
            writer,
            checkpoints,
            per_epoch,
            validates,
            measure,
            report,
            most_loss=most_loss,
            stops_when_risen=keeps_best,
        )
        add_callback(trainer, callback)
        if not is_over:
            trainer.train(resume_from_checkpoint=str(last) if last else None)
    if validation is not None:
        _tell_unmeasured(writer, trainer, validation, told)
    end = total
    if keeps_best and checkpoints.has_risen:
        end = callback.step or begin
    if callback.command == "cancel" or (callback.command == "pause" and callback.step < end):
        _ended(writer, callback.command, callback.step)
        return
    made = checkpoints.work / "model"
    trainer.save_model(str(made))
    wait_for_all()
    if writer is not None:
        taken = checkpoints.take_best(made, end) if keeps_best else None
        checkpoints.publish_model(made)
        checkpoints.clear_work()
        if taken is not None:
            _message(writer, "info", taken, model_step=checkpoints.best)
        _done(writer, lines, end, training.tokens * (end // per_epoch))
    wait_for_all()


def _tell_unmeasured(
    writer: ProgressWriter | None, trainer: Trainer, validation: Sequences, told: set[int]
) -> None:
    """Name the rows of the validation for which the memory did not suffice, each once."""
    for row in trainer.unmeasured.keys() - told:
        told.add(row)
        tokens = trainer.unmeasured[row]
        text = (
            f"Line {validation.line_of(row)} of the validation file ({tokens:,} tokens) was not "
            "measured: the memory did not suffice for it. The figures of the validation are those "
            "of the others."
        )
        _message(writer, "warn", text)


_PRECISIONS = {torch.float32: "float32", torch.bfloat16: "bfloat16"}


def _chosen_precision(spec: JobSpec, lines: list[dict[str, Any]]) -> torch.dtype:
    """The precision of the weights; a job that goes on keeps what it began with.

    Every process makes the choice by itself, so several take the usual one.
    """
    told = [line["precision"] for line in lines if "precision" in line]
    if told:
        return next(each for each, name in _PRECISIONS.items() if name == told[0])
    if _world() > 1 or any(line["kind"] == "started" for line in lines):
        return usual_precision(spec)
    return choose_precision(spec)


def _validation_losses(lines: list[dict[str, Any]]) -> dict[int, float]:
    """The validation losses of the epochs that an earlier process of the job told, by step."""
    return {
        line["step"]: float(line["metrics"]["full_valid_loss"])
        for line in lines
        if line["kind"] == "checkpoint" and line["metrics"].get("full_valid_loss") is not None
    }


def _make_sequences(
    folder: JobFolder, spec: JobSpec, trainable: TrainableModel, writer: ProgressWriter | None
) -> dict[FileWord, Sequences]:
    """The examples as tokens; bad ones end the job, or are named and left out if so wished."""
    made: dict[FileWord, Sequences] = {}
    for word in get_args(FileWord):
        path = folder.records_file(word)
        if not path.exists():
            continue
        each = make_sequences(path, trainable, spec.method, folder.tokens_file(word))
        if each.bad and not spec.skip_bad:
            raise _invalid(each.bad, word)
        for bad in each.bad:
            text = f"Left out line {bad.line} of the {word} file: {bad.message}."
            _message(writer, "warn", text)
        # Counted before; anew only where some were left out.
        few = too_few(each.examples, word == "training") if each.bad else None
        if few is not None:
            raise few
        made[word] = each
    return made


def _invalid(bad: list[BadExample], word: FileWord) -> JobFailedError:
    first, more = bad[0], len(bad) - 1
    rest = f" ({more:,} more {'lines are' if more > 1 else 'line is'} wrong)" if more else ""
    return JobFailedError(
        f"invalid_{word}_file",
        f"The job failed due to an invalid {word} file. Invalid file format. Line "
        f"{first.line}: {first.message}.{rest}",
        f"{word}_file",
        tuple(bad),
    )


def _write_start(
    writer: ProgressWriter | None,
    spec: JobSpec,
    share: BatchShare,
    trainable: TrainableModel,
    begin: int,
    total: int,
    precision: str,
) -> None:
    if writer is None:
        return
    asked = int(spec.hyperparameters["batch_size"])
    in_force: dict[str, Any] = {
        **{name: value for name, value in spec.hyperparameters.items() if name != "batch_size"},
        "batch_size": share.size,
    }
    writer.write(
        "started",
        step=begin,
        total_steps=total,
        device=spec.device,
        processes=_world(),
        precision=precision,
        hyperparameters=in_force,
    )
    if begin:
        return
    processes = f", in {_world()} processes" if _world() > 1 else ""
    _message(writer, "info", f"Training on {_DEVICES[spec.device]}{processes}.")
    if asked != share.size:
        text = (
            f"The batch of {asked} does not divide among {_world()} processes: {share.size} is "
            "used."
        )
        _message(writer, "warn", text)
    if trainable.kind == "starter" and spec.method == "dpo" and not _is_tuned(spec):
        text = (
            "The starter knows nothing yet, so preferences teach it little: tune it on examples "
            "first, then tune the result on preferences."
        )
        _message(writer, "warn", text)


def _is_tuned(spec: JobSpec) -> bool:
    return os.path.isabs(spec.base_model)


def _message(writer: ProgressWriter | None, level: str, text: str, **data: Any) -> None:
    if writer is not None:
        writer.write("message", level=level, message=text, **({"data": data} if data else {}))


def _ended(writer: ProgressWriter | None, command: str, step: int) -> None:
    if writer is not None:
        writer.write("paused" if command == "pause" else "cancelled", step=step)


def _done(
    writer: ProgressWriter, lines: list[dict[str, Any]], step: int, trained_tokens: int
) -> None:
    if not any(line["kind"] == "done" for line in lines):
        writer.write("done", step=step, trained_tokens=trained_tokens)


def _threads() -> int:
    """How many threads compute so small a model.

    It is no faster with one for every core of many. On two cores, both are used only where
    threads sleep while they wait for each other (see `run`): those that spin take the cores from
    whoever else computes, and from each other.
    """
    cores = os.cpu_count() or 1
    fewest = min(2, cores) if os.environ.get("OMP_WAIT_POLICY") == "PASSIVE" else 1
    return max(fewest, min(_MOST_THREADS, cores // 2))


def _rank() -> int:
    return int(os.environ.get("RANK", "0"))


def _world() -> int:
    return int(os.environ.get("WORLD_SIZE", "1"))
