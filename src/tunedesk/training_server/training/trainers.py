"""TRL's trainers, set up for a job: the supervised one and the one for preference pairs.

Both can also measure a few examples of the validation file between two steps. As OpenAI does it: a
few of them now and then, which costs little, and all of them at the end of each epoch, which the
trainers can do already.
"""

import math
import warnings
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import Dataset
from peft import PeftModel
from transformers import PrinterCallback, TrainerCallback
from trl.trainer.dpo_config import DPOConfig
from trl.trainer.dpo_trainer import DPOTrainer
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from tunedesk.training_server.job_folder import STARTER, JobSpec
from tunedesk.training_server.training.base_model import TrainableModel
from tunedesk.training_server.training.batch import BatchShare
from tunedesk.training_server.training.sequences import Sequences
from tunedesk.training_server.training.starter import new_model

_STEPS_FOR_ONE = 12
"""A measured example costs about a third of a trained one: one for every twelve is 3 %."""

Row = dict[str, list[int]]


@dataclass(frozen=True)
class StepSample:
    """Which examples are measured after which steps; the same ones however often it is resumed.

    Attributes:
        rows: All examples of the validation file.
        count: How many are measured at a time, by each process.
        every: After how many steps; after the first one, too.
        rank: Which of the processes this one is.
        processes: How many there are.
    """

    rows: Dataset
    count: int
    every: int
    rank: int
    processes: int

    @staticmethod
    def of(rows: Dataset, at_once: int, batch: int, rank: int, processes: int) -> "StepSample":
        """The choice that costs about 3 % of the time.

        Args:
            rows: All examples of the validation file.
            at_once: How many a process computes at once.
            batch: The examples of a step, of all processes together.
            rank: Which of the processes this one is.
            processes: How many there are.
        """
        count = min(at_once, max(1, len(rows) // processes))
        every = max(1, -(-_STEPS_FOR_ONE * count * processes // batch))
        return StepSample(rows, count, every, rank, processes)

    def at(self, step: int) -> list[Row]:
        """The examples to measure after a step; none after most."""
        if step != 1 and step % self.every:
            return []
        first = (step // self.every * self.processes + self.rank) * self.count
        return [self.rows[(first + number) % len(self.rows)] for number in range(self.count)]


class SupervisedTrainer(SFTTrainer):
    """TRL's supervised trainer."""

    def measure(self, rows: Sequence[Row]) -> dict[str, float]:
        """The figures of some examples, of all processes together."""
        return _measure(self, self._metrics["eval"], rows)

    def create_model_card(self, *_given: Any, **_named: Any) -> None:
        """Write none: nobody asked for it, and it takes as long as the checkpoint it lies in."""


class PairTrainer(DPOTrainer):
    """TRL's trainer for preferences, given tokens instead of texts."""

    def measure(self, rows: Sequence[Row]) -> dict[str, float]:
        """The figures of some examples, of all processes together."""
        return _measure(self, self._metrics["eval"], rows)

    def create_model_card(self, *_given: Any, **_named: Any) -> None:
        """Write none: nobody asked for it, and it takes as long as the checkpoint it lies in."""

    def _prepare_dataset(self, dataset: Dataset, *_more: Any) -> Dataset:
        return dataset


def _measure(
    trainer: SFTTrainer | DPOTrainer, gathered: dict[str, list[float]], rows: Sequence[Row]
) -> dict[str, float]:
    """Let a trainer read some examples without learning from them.

    Args:
        trainer: The trainer.
        gathered: Where it keeps what it finds out beside the loss; left empty.
        rows: The examples.
    """
    model: Any = trainer.model
    was_training = model.training
    model.eval()
    try:
        read: Any = trainer.prediction_step
        collate: Any = trainer.data_collator
        loss, _logits, _labels = read(model, collate(list(rows)), prediction_loss_only=True)
    finally:
        model.train(was_training)
    figures = {name: sum(values) / len(values) for name, values in gathered.items() if values}
    gathered.clear()
    return figures | {"loss": float(trainer.accelerator.gather(loss.detach()).mean())}


_WARM_UP = 0.05
_WARM_UP_FROM_NOTHING = 0.1


def make_trainer(
    spec: JobSpec,
    trainable: TrainableModel,
    training: Sequences,
    validation: Sequences | None,
    share: BatchShare,
    output: Path,
) -> SupervisedTrainer | PairTrainer:
    """The trainer of a job; the rows are tokens already, so it neither cuts nor drops any."""
    epochs = int(spec.hyperparameters["n_epochs"])
    steps = epochs * steps_per_epoch(training, share)
    on_cuda = spec.device == "cuda"
    is_starter = trainable.kind == "starter"
    values: dict[str, Any] = {
        "output_dir": str(output),
        "num_train_epochs": epochs,
        "per_device_train_batch_size": share.at_once,
        "per_device_eval_batch_size": share.at_once,
        "gradient_accumulation_steps": share.times,
        "learning_rate": trainable.rate * float(spec.hyperparameters["learning_rate_multiplier"]),
        "lr_scheduler_type": "linear",
        # From nothing, in a hundred steps: the usual memory of a thousand would come too late.
        "adam_beta2": 0.95 if is_starter else 0.999,
        "warmup_steps": int((_WARM_UP_FROM_NOTHING if is_starter else _WARM_UP) * steps),
        "max_length": None,
        "seed": spec.seed % 2**32,
        "data_seed": spec.seed % 2**32,
        "logging_strategy": "steps",
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        # When to save and to measure is said by the callback.
        "save_strategy": "no",
        "eval_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "use_cpu": spec.device == "cpu",
        "bf16": on_cuda,
        "gradient_checkpointing": on_cuda and not is_starter,
        "dataloader_pin_memory": on_cuda,
        "remove_unused_columns": True,
        "ddp_find_unused_parameters": False,
    }
    shared: dict[str, Any] = {
        "model": trainable.model,
        "processing_class": trainable.tokenizer,
        "train_dataset": training.rows,
        "eval_dataset": validation.rows if validation else None,
        "peft_config": trainable.adapter,
    }
    with warnings.catch_warnings():
        # TRL itself uses names that Transformers calls old.
        warnings.simplefilter("ignore", FutureWarning)
        if spec.method == "dpo":
            pairs = DPOConfig(**values, beta=float(spec.hyperparameters.get("beta", 0.1)))
            return PairTrainer(**shared, args=pairs, ref_model=_reference(spec, trainable))
        # A starter is known to read several examples as one row without mixing them: with nothing
        # filled up it computes half as much. Others are of many builds.
        in_a_row = is_starter and share.at_once > 1
        config = SFTConfig(**values, packing=False, padding_free=in_a_row)
        return SupervisedTrainer(**shared, args=config)


def steps_per_epoch(training: Sequences, share: BatchShare) -> int:
    """How many steps an epoch has."""
    return math.ceil(training.count / share.size)


def add_callback(trainer: SupervisedTrainer | PairTrainer, callback: TrainerCallback) -> None:
    """Let a callback take part, in place of those that print."""
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(callback)


def _reference(spec: JobSpec, trainable: TrainableModel) -> Any:
    """The model that preferences are measured against: what the job begins with."""
    if trainable.adapter is not None or isinstance(trainable.model, PeftModel):
        return None
    if spec.base_model == STARTER:
        return new_model(trainable.tokenizer, spec.seed)
    return deepcopy(trainable.model)
