"""TRL's trainers, set up for a job: the supervised one and the one for preference pairs.

Both can also measure a few examples of the validation file between two steps. As OpenAI does it: a
few of them now and then, which costs little, and all of them at the end of each epoch, which the
trainers can do already.
"""

import inspect
import math
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import torch
from datasets import Dataset
from peft import PeftModel
from pyarrow import compute
from transformers import PrinterCallback, TrainerCallback
from trl.trainer.dpo_config import DPOConfig
from trl.trainer.dpo_trainer import DPOTrainer
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from tunedesk.catalogue.memory_estimate import Device
from tunedesk.training_server.job_folder import STARTER, JobSpec
from tunedesk.training_server.training.base_model import TrainableModel
from tunedesk.training_server.training.batch import BatchShare, fitting_examples
from tunedesk.training_server.training.failures import is_out_of_memory
from tunedesk.training_server.training.sequences import IGNORED, Sequences
from tunedesk.training_server.training.starter import new_model

_STEPS_FOR_ONE = 12
"""A measured example costs about a third of a trained one: one for every twelve is 3 %."""

Row = dict[str, list[int]]


@dataclass(frozen=True)
class StepSample:
    """Which rows are measured after which steps; the same ones however often it is resumed.

    Attributes:
        rows: How many the validation file makes.
        count: How many are measured at a time, by each process.
        every: After how many steps; after the first one, too.
        rank: Which of the processes this one is.
        processes: How many there are.
    """

    rows: int
    count: int
    every: int
    rank: int
    processes: int

    @staticmethod
    def of(rows: int, at_once: int, batch: int, rank: int, processes: int) -> "StepSample":
        """The choice that costs about 3 % of the time.

        Args:
            rows: How many rows the validation file makes.
            at_once: How many a process computes at once.
            batch: The examples of a step, of all processes together.
            rank: Which of the processes this one is.
            processes: How many there are.
        """
        count = min(at_once, max(1, rows // processes))
        every = max(1, -(-_STEPS_FOR_ONE * count * processes // batch))
        return StepSample(rows, count, every, rank, processes)

    def at(self, step: int) -> list[int]:
        """The numbers of the rows to measure after a step; none after most."""
        if step != 1 and step % self.every:
            return []
        first = (step // self.every * self.processes + self.rank) * self.count
        return [(first + number) % self.rows for number in range(self.count)]


class Score(NamedTuple):
    """How a model predicts the learnt tokens of some rows; tensors of one number each.

    Attributes:
        loss: The sum of the losses of the tokens, in nats.
        correct: For how many the model's first choice is right.
        tokens: How many there are.
    """

    loss: torch.Tensor
    correct: torch.Tensor
    tokens: torch.Tensor


_MOST_LOGITS = 2**25
"""So many numbers are computed at once, 128 MB; of more, TRL computes one part after another."""

_VALIDATED_AT_ONCE = 16


class SupervisedTrainer(SFTTrainer):
    """TRL's supervised trainer, which computes nothing that is thrown away.

    On a processor, TRL 1.16 gives each token of the text its 50,000 probabilities, and computes
    them anew for the gradients; here it is done once, and only for what is learnt. Validation is
    measured without gradients, rows of like length together.

    Attributes:
        unmeasured: The rows of the validation for which the memory did not suffice; from then on
            they are left out.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        untyped: Any = self.model
        base: Any = untyped.get_base_model() if isinstance(untyped, PeftModel) else untyped
        self._vocabulary = int(base.config.get_text_config().vocab_size)
        self._is_partial = (
            self.args.device.type == "cpu"
            and "logits_to_keep" in inspect.signature(type(base).forward).parameters
        )
        self.unmeasured: dict[int, int] = {}

    def compute_loss(
        self,
        model: Any,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        """The loss of some rows; what TRL computes, in less time."""
        if self.aux_loss_enabled or return_outputs:
            trl: Any = super()
            return trl.compute_loss(model, inputs, return_outputs, num_items_in_batch)
        score = self._score(model, inputs)
        count = score.tokens if num_items_in_batch is None else num_items_in_batch
        loss = score.loss / torch.as_tensor(count).clamp(min=1)
        if self.args.average_tokens_across_devices and num_items_in_batch is not None:
            # DDP takes the mean of the processes' gradients.
            loss = loss * self.accelerator.num_processes
        correct, tokens = self._of_all(torch.stack([score.correct, score.tokens])).tolist()
        mode = "train" if model.training else "eval"
        self._metrics[mode]["mean_token_accuracy"].append(correct / max(1.0, tokens))
        return loss

    def _score(self, model: Any, inputs: dict[str, Any]) -> Score:
        read = {**inputs, "use_cache": False}
        labels = read["labels"]
        targets = labels[:, 1:]
        learnt = (targets != IGNORED).any(dim=0).nonzero()[:, 0]
        if not self._is_partial or len(labels) * len(learnt) * self._vocabulary > _MOST_LOGITS:
            outputs = model(**read, fused_lm_head=True)
            found = outputs.is_top1.sum(), outputs.label_mask.sum()
            return Score(-outputs.log_probs.sum(), *(each.float() for each in found))
        del read["labels"]
        logits = model(**read, logits_to_keep=learnt).logits.float().flatten(0, 1)
        wanted = targets[:, learnt].flatten()
        loss = torch.nn.functional.cross_entropy(
            logits, wanted, ignore_index=IGNORED, reduction="sum"
        )
        found = (logits.argmax(dim=-1) == wanted).sum(), (wanted != IGNORED).sum()
        return Score(loss, *(each.float() for each in found))

    def _of_all(self, sums: torch.Tensor) -> torch.Tensor:
        """The sums of all processes together."""
        if self.accelerator.num_processes == 1:
            return sums
        gathered: torch.Tensor = self.accelerator.gather(sums[None].detach())
        return gathered.sum(dim=0)

    def evaluate(self, *_given: Any, **_named: Any) -> dict[str, float]:
        """The figures of all rows of the validation file; each token counts alike."""
        metrics = {f"eval_{name}": value for name, value in self._figures(self._batches()).items()}
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    def measure(self, rows: Sequence[int]) -> dict[str, float]:
        """The figures of some rows of the validation file, of all processes together."""
        return self._figures([rows])

    def _figures(self, batches: Iterable[Sequence[int]]) -> dict[str, float]:
        sums = torch.zeros(3, dtype=torch.float64)
        with _evaluating(self):
            for rows in batches:
                for found in _as_memory_allows(self, rows, self._sums):
                    sums += torch.tensor(found, dtype=torch.float64)
        loss, correct, tokens = self._of_all(sums.float().to(self.args.device)).tolist()
        if not tokens:
            return {}
        return {"loss": loss / tokens, "mean_token_accuracy": correct / tokens}

    def _sums(self, rows: Sequence[Row]) -> list[float]:
        collate: Any = self.data_collator
        with torch.no_grad(), self.compute_loss_context_manager():
            inputs: Any = self._prepare_inputs(collate(list(rows)))
            return [float(each) for each in self._score(self.model, inputs)]

    def _batches(self) -> list[list[int]]:
        """The share of this process: rows of like length together, the shortest first."""
        every: Any = self.eval_dataset
        lengths = compute.list_value_length(every.data.column("input_ids")).to_pylist()
        batches = _batches_of_like_length(lengths, self.args.device.type)
        return batches[self.args.process_index :: self.args.world_size]

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Tell the figures of a step."""
        _forget_not_finite(self)
        super().log(logs, start_time)

    def create_model_card(self, *_given: Any, **_named: Any) -> None:
        """Write none: nobody asked for it, and it takes as long as the checkpoint it lies in."""


def _forget_not_finite(trainer: Any) -> None:
    # Transformers takes the sum of the losses from itself, which leaves what is not a number.
    if not torch.isfinite(trainer._tr_loss):  # noqa: SLF001
        trainer._tr_loss.zero_()  # noqa: SLF001


class PairTrainer(DPOTrainer):
    """TRL's trainer for preferences, given tokens instead of texts.

    Attributes:
        unmeasured: As of the `SupervisedTrainer`.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.unmeasured: dict[int, int] = {}

    def evaluate(self, *given: Any, **named: Any) -> dict[str, float]:
        """The figures of all pairs of the validation file."""
        if self.accelerator.num_processes > 1:
            # TRL gathers within each batch: all processes must measure as many.
            trl: Any = super()
            found: dict[str, float] = trl.evaluate(*given, **named)
            return found
        every: Any = self.eval_dataset
        sums: Counter[str] = Counter()
        count = 0
        parts = [every.data.column(name) for name in ("prompt_ids", "chosen_ids", "rejected_ids")]
        lengths = [map(len, part.to_pylist()) for part in parts]
        whole = [asked + max(answers) for asked, *answers in zip(*lengths, strict=True)]
        with _evaluating(self):
            for rows in _batches_of_like_length(whole, self.args.device.type):
                for figures in _as_memory_allows(self, rows, self._figures):
                    size = figures.pop("rows")
                    count += int(size)
                    sums.update({name: size * value for name, value in figures.items()})
        metrics = {f"eval_{name}": value / count for name, value in sums.items()}
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, metrics
        )
        return metrics

    def measure(self, rows: Sequence[int]) -> dict[str, float]:
        """The figures of some pairs of the validation file, of all processes together."""
        with _evaluating(self):
            if self.accelerator.num_processes > 1:
                every: Any = self.eval_dataset
                return self._figures([every[number] for number in rows])
            found = list(_as_memory_allows(self, rows, self._figures))
        total = sum(each["rows"] for each in found)
        names = found[0].keys() - {"rows"} if found else ()
        return {name: sum(each["rows"] * each[name] for each in found) / total for name in names}

    def _figures(self, rows: Sequence[Row]) -> dict[str, float]:
        """The means of some pairs; "rows": how many they are."""
        collate: Any = self.data_collator
        read: Any = self.prediction_step
        gathered = self._metrics["eval"]
        gathered.clear()
        loss, _logits, _labels = read(self.model, collate(list(rows)), prediction_loss_only=True)
        figures = {name: sum(values) / len(values) for name, values in gathered.items() if values}
        gathered.clear()
        mean = float(self.accelerator.gather(loss.detach()).mean())
        return figures | {"loss": mean, "rows": float(len(rows))}

    def create_model_card(self, *_given: Any, **_named: Any) -> None:
        """Write none: nobody asked for it, and it takes as long as the checkpoint it lies in."""

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Tell the figures of a step."""
        _forget_not_finite(self)
        super().log(logs, start_time)

    def _prepare_dataset(self, dataset: Dataset, *_more: Any) -> Dataset:
        return dataset


Trainer = SupervisedTrainer | PairTrainer

Found = TypeVar("Found")


@contextmanager
def _evaluating(trainer: Trainer) -> Iterator[None]:
    """The trainer's model as it answers: without dropout."""
    model: Any = trainer.model
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)


def _as_memory_allows(
    trainer: Trainer, numbers: Sequence[int], measured: Callable[[Sequence[Row]], Found]
) -> Iterator[Found]:
    """What some rows of the validation give: together, or one by one where memory is short.

    A row for which it does not suffice even so is noted, and left out from then on.
    """
    every: Any = trainer.eval_dataset
    numbers = [number for number in numbers if number not in trainer.unmeasured]
    if not numbers:
        return
    rows = [every[number] for number in numbers]
    try:
        found = measured(rows)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
    else:
        yield found
        return
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if len(numbers) == 1:
        trainer.unmeasured[numbers[0]] = max(map(len, rows[0].values()))
        return
    for number in numbers:
        yield from _as_memory_allows(trainer, [number], measured)


def _batches_of_like_length(lengths: Sequence[int], kind: Any) -> list[list[int]]:
    """The numbers of rows in batches that are computed at once, the shortest first."""
    device: Device = kind
    batches: list[list[int]] = [[]]
    for number in sorted(range(len(lengths)), key=lengths.__getitem__):
        # The longest of a batch is the one that comes last; the others are filled up to it.
        if len(batches[-1]) >= fitting_examples(lengths[number], device, _VALIDATED_AT_ONCE):
            batches.append([])
        batches[-1].append(number)
    return batches


UNMIXED = frozenset({"llama", "qwen3"})
"""The families of models that keep examples apart by their positions; the tests try each."""

_WARM_UP = 0.05
_WARM_UP_FROM_NOTHING = 0.1


def make_trainer(
    spec: JobSpec,
    trainable: TrainableModel,
    training: Sequences,
    validation: Sequences | None,
    share: BatchShare,
    output: Path,
) -> Trainer:
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
        # These are known to read several examples as one row without mixing them: with nothing
        # filled up they compute up to half as much. Others are of many builds.
        family = trainable.model.config.model_type
        in_a_row = share.at_once > 1 and (is_starter or (not on_cuda and family in UNMIXED))
        config = SFTConfig(**values, packing=False, padding_free=in_a_row)
        return SupervisedTrainer(**shared, args=config)


def steps_per_epoch(training: Sequences, share: BatchShare) -> int:
    """How many steps an epoch has."""
    return math.ceil(training.count / share.size)


def add_callback(trainer: Trainer, callback: TrainerCallback) -> None:
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
