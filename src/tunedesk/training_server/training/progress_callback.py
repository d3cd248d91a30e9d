"""Follows a training: tells each step, puts checkpoints in their place, reads commands."""

import math
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from tunedesk.training_server.job_folder import JobCommand, JobFolder, JobSpec, ProgressWriter
from tunedesk.training_server.training.failures import JobFailedError

_KEY = "WANDB_API_KEY"
_FINISH_SECONDS = 60.0

Report = Callable[[int, dict[str, float]], None]
"""Takes the figures of a step."""


@contextmanager
def reported_run(
    folder: JobFolder, spec: JobSpec, writer: ProgressWriter | None
) -> Iterator[Report]:
    """A run at Weights & Biases while a job trains, if that is asked for; takes its figures.

    Where it cannot be made, a warning says why, and the training goes on without it.

    Args:
        folder: The folder of the job; wandb keeps its own files in it.
        spec: What to do.
        writer: Where the job tells; None in every process but one, which alone makes the run.
    """
    if spec.wandb is None or writer is None:
        yield _nowhere
        return
    # Read by wandb when it is imported, and by the process that it starts.
    os.environ["WANDB_SILENT"] = "true"
    import wandb

    try:
        run = wandb.init(
            project=spec.wandb["project"],
            name=spec.wandb.get("name") or spec.job_id,
            entity=spec.wandb.get("entity"),
            tags=spec.wandb.get("tags"),
            # A job that goes on after a pause or a crash goes on with its run.
            id=spec.job_id,
            resume="allow",
            config={
                "fine_tuned_model": spec.model_name,
                "method": spec.method,
                "seed": spec.seed,
                **spec.hyperparameters,
            },
            dir=folder.path,
            settings=wandb.Settings(
                console="off",
                disable_code=True,
                disable_git=True,
                x_disable_meta=True,
                x_disable_machine_info=True,
                x_disable_stats=True,
                x_save_requirements=False,
                finish_timeout=_FINISH_SECONDS,
            ),
        )
    except Exception as error:
        said = without_key(" ".join(str(error).split()))[:300]
        text = f"Weights & Biases cannot be told, and the training goes on without: {said}"
        writer.write("message", level="warn", message=text)
        yield _nowhere
        return
    where = f"in {run.dir}: not sent, wandb is offline" if run.offline else f"at {run.url}"
    writer.write("message", level="info", message=f"Weights & Biases run {run.name} {where}")
    exit_code = 1

    def report(step: int, figures: dict[str, float]) -> None:
        # A step that was told before is left out there, as it is in the events.
        run.log(figures, step=step)

    try:
        yield report
        exit_code = 0
    finally:
        _finish(run, exit_code)


def _finish(run: Any, exit_code: int) -> None:
    try:
        run.finish(exit_code)
    except Exception as error:
        print(without_key(f"wandb did not finish: {error}"))


def _nowhere(_step: int, _figures: dict[str, float]) -> None:
    """Takes the figures where nobody wants them."""


def without_key(text: str) -> str:
    """The text without the key, whatever put it there."""
    key = os.environ.get(_KEY)
    return text.replace(key, "…") if key else text


KEPT = 3
PATIENCE = 3
"""A training ends when so many epochs in a row have not had a lower validation loss."""
# Pickled settings that nothing reads, and a card that nobody asked for.
_NOT_OURS = ("training_args.bin", "README.md")


class Checkpoints:
    """The checkpoints and the tuned model of a job.

    Attributes:
        work: Where the trainer writes; what lies there is never offered to anybody.
        losses: The loss of the whole validation file at the end of each epoch, by the step.
    """

    def __init__(self, folder: JobFolder, pausing: set[int], losses: dict[int, float]) -> None:
        self._folder = folder
        self._pausing = pausing
        self.losses = losses
        self.work = folder.work

    def clear_work(self) -> None:
        """Throw away what an earlier process left half-written."""
        shutil.rmtree(self.work, ignore_errors=True)
        for part in (*self._folder.checkpoints.glob("*.part"), *self._folder.path.glob("*.part")):
            if part.is_dir():
                shutil.rmtree(part)

    def last(self) -> Path | None:
        """The last whole checkpoint; None if there is none."""
        steps = self._folder.checkpoint_steps()
        return self._folder.checkpoint(steps[-1]) if steps else None

    @property
    def best(self) -> int | None:
        """The step with the lowest validation loss; None: none was measured."""
        return min(self.losses, key=lambda step: (self.losses[step], step), default=None)

    @property
    def has_risen(self) -> bool:
        """Whether the validation loss has not been lower than its lowest for long."""
        best = self.best
        return best is not None and sum(step > best for step in self.losses) >= PATIENCE

    def take_best(self, made: Path, end: int) -> str | None:
        """Give a tuned model the weights of the checkpoint with the lowest validation loss.

        Args:
            made: The folder of the model as it was at the end.
            end: The step that it was made at.

        Returns:
            What was done, in a sentence; None: the end was the best, or nothing is known.
        """
        best = self.best
        if best is None or best == end or end not in self.losses:
            return None
        checkpoint = self._folder.checkpoint(best)
        if not checkpoint.is_dir():
            return None
        for old in made.glob("*.safetensors*"):
            old.unlink()
        for file in checkpoint.glob("*.safetensors*"):
            shutil.copyfile(file, made / file.name)
        return (
            f"The tuned model is that of step {best}, where the validation loss was lowest "
            f"({self.losses[best]:.3f}); at the end, at step {end}, it was {self.losses[end]:.3f}."
        )

    def publish(self, step: int, is_pausing: bool) -> None:
        """Give the trainer's checkpoint of a step its name, and remove those that are too old."""
        made = self.work / f"checkpoint-{step}"
        target = self._folder.checkpoint(step)
        if target.exists():
            shutil.rmtree(made)
            return
        if is_pausing:
            self._pausing.add(step)
        publish_folder(made, target)
        steps = self._folder.checkpoint_steps()
        # That of a pause is of use until the next one is there.
        kept = {step, self.best, *[each for each in steps if each not in self._pausing][-KEPT:]}
        for each in steps:
            if each not in kept:
                remove_folder(self._folder.checkpoint(each))

    def publish_model(self, made: Path) -> None:
        """Give the tuned model its name."""
        publish_folder(made, self._folder.model)


def publish_folder(made: Path, target: Path) -> None:
    """Give a finished folder its name, after all in it is on the disk for good."""
    for name in _NOT_OURS:
        (made / name).unlink(missing_ok=True)
    part = target.with_name(f"{target.name}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    made.rename(part)
    for path in (*part.rglob("*"), part):
        _sync(path)
    part.rename(target)
    _sync(target.parent)


def remove_folder(folder: Path) -> None:
    """Remove a checkpoint: its name goes first, so that nobody sees half of it."""
    part = folder.with_name(f"{folder.name}.part")
    folder.rename(part)
    shutil.rmtree(part)


def _sync(path: Path) -> None:
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY if os.name != "nt" or path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_TRAIN_NAMES = {
    "loss": "train_loss",
    "mean_token_accuracy": "train_mean_token_accuracy",
    "rewards/margins": "train_reward_margin",
    "rewards/accuracies": "train_reward_accuracy",
}
_VALID_NAMES = {
    "eval_loss": "full_valid_loss",
    "eval_mean_token_accuracy": "full_valid_mean_token_accuracy",
    "eval_rewards/margins": "full_valid_reward_margin",
    "eval_rewards/accuracies": "full_valid_reward_accuracy",
}
_SAMPLE_NAMES = {
    "loss": "valid_loss",
    "mean_token_accuracy": "valid_mean_token_accuracy",
    "rewards/margins": "valid_reward_margin",
    "rewards/accuracies": "valid_reward_accuracy",
}
_MOST_IN_A_ROW = 3
"""One bad step is left out; so many, one after another, say that the training has failed."""

_COMMANDS: tuple[JobCommand | None, ...] = (None, "pause", "cancel")


class ProgressCallback(TrainerCallback):
    """Sits in the trainer, in every process; only rank 0 has a writer and writes.

    Attributes:
        command: What the server asked for, once it was read; the training then ends.
        step: The last step done.
    """

    def __init__(
        self,
        folder: JobFolder,
        writer: ProgressWriter | None,
        checkpoints: Checkpoints,
        steps_per_epoch: int,
        validates: bool,
        measure: Callable[[int], dict[str, float]],
        report: Callable[[int, dict[str, float]], None],
        most_loss: float = math.inf,
        stops_when_risen: bool = False,
    ) -> None:
        """Make it.

        Args:
            folder: The folder of the job.
            writer: Where it tells; None in every process but one.
            checkpoints: Where checkpoints are put.
            steps_per_epoch: How many steps an epoch has.
            validates: Whether there is a validation file.
            measure: Measures a few of its examples after a step; no figures after most.
            report: Takes the figures of each step, too, for whoever else wants them.
            most_loss: A higher training loss is out of all bounds.
            stops_when_risen: Whether it ends when the validation loss has risen for long.
        """
        self._folder = folder
        self._stops_when_risen = stops_when_risen
        self._writer = writer
        self._checkpoints = checkpoints
        self._steps_per_epoch = steps_per_epoch
        self._validates = validates
        self._measure = measure
        self._report = report
        self._most_loss = most_loss
        self._is_left_out = False
        self._bad: list[int] = []
        self._sampled: dict[str, float] = {}
        self._metrics: dict[str, float] = {}
        self._is_reported = True
        self._began = time.monotonic()
        self.command: JobCommand | None = None
        self.step = 0

    def on_pre_optimizer_step(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        model: torch.nn.Module | None = None,
        **_more: Any,
    ) -> None:
        """Leave a step out whose gradients are not finite: the weights stay as they were."""
        found = [] if model is None else [each for each in model.parameters() if each.requires_grad]
        sums = [each.grad.sum() for each in found if each.grad is not None]
        # A sum of numbers, one of which is not finite, is not finite; one look is for all.
        self._is_left_out = bool(sums) and not all(torch.isfinite(torch.stack(sums)))
        if self._is_left_out:
            for each in found:
                each.grad = None

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_more: Any
    ) -> TrainerControl:
        """Read the server's command; the end of an epoch is waited for if it is this step."""
        self.step = state.global_step
        self._sampled = _named(self._measure(self.step), _SAMPLE_NAMES)
        self.command = read_command(self._folder, args)
        is_end = state.global_step % self._steps_per_epoch == 0
        if self.command == "cancel" or (self.command == "pause" and not is_end):
            control.should_training_stop = True
            control.should_save = self.command == "pause"
        return control

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **_more: Any,
    ) -> None:
        """Keep the figures of a step until all of them are there."""
        logs = logs or {}
        if "loss" not in logs:
            return
        loss, step = float(logs["loss"]), state.global_step
        if self._is_left_out and self._writer is not None:
            text = (
                f"Step {step} was left out: its gradients were not finite, and the weights stay "
                "as they were."
            )
            self._writer.write("message", level="warn", message=text, step=step)
        # Weights beyond all measure also come to nothing: no gradient is left at all.
        is_dead = logs.get("grad_norm") == 0
        is_bad = (
            self._is_left_out or is_dead or not (math.isfinite(loss) and loss <= self._most_loss)
        )
        self._bad = [*self._bad, step] if is_bad else []
        if len(self._bad) == _MOST_IN_A_ROW or (self._bad and step == state.max_steps):
            raise self._out_of_bounds()
        self._metrics = _named(logs, _TRAIN_NAMES) | self._sampled
        self._is_reported = False

    def _out_of_bounds(self) -> JobFailedError:
        steps = self._folder.checkpoint_steps()
        kept = (
            f"The checkpoint of step {steps[-1]} is kept."
            if steps
            else "It was before the first checkpoint, so none is kept."
        )
        return JobFailedError(
            "loss_not_finite",
            f"The training left all bounds at step {self._bad[0]}: the learning rate is very "
            f"likely too high. Use a smaller learning_rate_multiplier. {kept}",
            "hyperparameters",
        )

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_more: Any
    ) -> TrainerControl:
        """Measure and save; one that was broken off has no end."""
        if state.global_step % self._steps_per_epoch or self.command == "cancel":
            return control
        # Told already; kept, it would be written whole into every checkpoint.
        state.log_history.clear()
        # Of weights that may have left all bounds no checkpoint is made: the one before is kept.
        control.should_evaluate = self._validates and not self._bad
        control.should_save = not self._bad
        if self.command == "pause" and state.global_step < state.max_steps:
            control.should_training_stop = True
        return control

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: dict[str, float] | None = None,
        **_more: Any,
    ) -> TrainerControl:
        """Add the figures of the validation to those of the step; end if they rise for long."""
        named = _named(metrics or {}, _VALID_NAMES)
        self._metrics |= named
        if "full_valid_loss" in named:
            self._checkpoints.losses[state.global_step] = named["full_valid_loss"]
        if self._ends_early(state):
            control.should_training_stop = True
        return control

    def _ends_early(self, state: TrainerState) -> bool:
        return (
            self._stops_when_risen
            and self._checkpoints.has_risen
            and state.global_step < state.max_steps
        )

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_more: Any
    ) -> None:
        """Publish the checkpoint, and report it."""
        step = state.global_step
        self._report_step(state)
        # Every process writes its share of a checkpoint.
        wait_for_all()
        is_end = step % self._steps_per_epoch == 0
        if self._writer is not None:
            is_pausing = self.command == "pause" and not is_end
            self._checkpoints.publish(step, is_pausing)
            metrics = {"step": step, **self._metrics}
            self._writer.write("checkpoint", step=step, metrics=metrics, pausing=is_pausing)
            if is_end:
                self._writer.write("epoch", step=step, epoch=step // self._steps_per_epoch)
            if is_end and self._ends_early(state):
                text = (
                    f"Training ends at step {step} of {state.max_steps}: for {PATIENCE} epochs the "
                    "validation loss has not been lower than before. More of it would only be "
                    "learning by heart."
                )
                self._writer.write("message", level="info", message=text, step=step)
        wait_for_all()

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_more: Any
    ) -> None:
        """Report the step before: nothing more is coming for it."""
        self._report_step(state)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_more: Any
    ) -> None:
        """Report the last step."""
        self._report_step(state)

    def _report_step(self, state: TrainerState) -> None:
        if self._is_reported:
            return
        self._is_reported = True
        if self._writer is not None:
            total = int(state.max_steps)
            step = state.global_step
            seconds = round(time.monotonic() - self._began, 2)
            self._writer.write(
                "metrics", step=step, total_steps=total, seconds=seconds, **self._metrics
            )
            self._report(step, self._metrics)


def read_command(folder: JobFolder, args: TrainingArguments | None = None) -> JobCommand | None:
    """What the server asks for: read by rank 0, so that all processes read_command the same."""
    if not torch.distributed.is_initialized():
        return folder.pending_command()
    number = torch.zeros(1, dtype=torch.int64, device=None if args is None else args.device)
    if torch.distributed.get_rank() == 0:
        number += _COMMANDS.index(folder.pending_command())
    torch.distributed.broadcast(number, 0)
    return _COMMANDS[int(number.item())]


def wait_for_all() -> None:
    """Wait until every process is here."""
    if torch.distributed.is_initialized():
        torch.distributed.barrier()


def _named(values: dict[str, float], names: dict[str, str]) -> dict[str, float]:
    """The figures under OpenAI's names; those that are not numbers any more are left out."""
    return {
        name: float(values[ours])
        for ours, name in names.items()
        if ours in values and math.isfinite(float(values[ours]))
    }
