"""TRL's trainers, which can also measure a few examples of the validation file between two steps.

As OpenAI does it: a few of them now and then, which costs little, and all of them at the end of
each epoch, which the trainers can do already.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from datasets import Dataset
from trl.trainer.dpo_trainer import DPOTrainer
from trl.trainer.sft_trainer import SFTTrainer

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

    rows: Sequence[Row]
    count: int
    every: int
    rank: int
    processes: int

    @staticmethod
    def of(
        rows: Sequence[Row], at_once: int, batch: int, rank: int, processes: int
    ) -> "StepSample":
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
