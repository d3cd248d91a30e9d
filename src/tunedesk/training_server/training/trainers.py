"""Sets up TRL's trainers: the supervised one and the one for preferences."""

import math
import warnings
from copy import deepcopy
from pathlib import Path
from typing import Any

from datasets import Dataset
from peft import PeftModel
from transformers import PrinterCallback, TrainerCallback
from trl.trainer.dpo_config import DPOConfig
from trl.trainer.sft_config import SFTConfig

from tunedesk.training_server.job_folder import STARTER, JobSpec
from tunedesk.training_server.training.base_model import Learner
from tunedesk.training_server.training.batch import BatchShare
from tunedesk.training_server.training.measuring import PairTrainer, SupervisedTrainer
from tunedesk.training_server.training.sequences import Sequences
from tunedesk.training_server.training.starter import new_model

_WARM_UP = 0.05
_WARM_UP_FROM_NOTHING = 0.1


def make_trainer(
    spec: JobSpec,
    learner: Learner,
    training: Sequences,
    validation: Sequences | None,
    share: BatchShare,
    output: Path,
) -> SupervisedTrainer | PairTrainer:
    """The trainer of a job; the rows are tokens already, so it neither cuts nor drops any."""
    epochs = int(spec.hyperparameters["n_epochs"])
    steps = epochs * steps_per_epoch(training, share)
    on_cuda = spec.device == "cuda"
    is_starter = learner.kind == "starter"
    values: dict[str, Any] = {
        "output_dir": str(output),
        "num_train_epochs": epochs,
        "per_device_train_batch_size": share.at_once,
        "per_device_eval_batch_size": share.at_once,
        "gradient_accumulation_steps": share.times,
        "learning_rate": learner.rate * float(spec.hyperparameters["learning_rate_multiplier"]),
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
        "model": learner.model,
        "processing_class": learner.tokenizer,
        "train_dataset": Dataset.from_list(training.rows),
        "eval_dataset": Dataset.from_list(validation.rows) if validation else None,
        "peft_config": learner.adapter,
    }
    with warnings.catch_warnings():
        # TRL itself uses names that Transformers calls old.
        warnings.simplefilter("ignore", FutureWarning)
        if spec.method == "dpo":
            pairs = DPOConfig(**values, beta=float(spec.hyperparameters.get("beta", 0.1)))
            return PairTrainer(**shared, args=pairs, ref_model=_reference(spec, learner))
        # A starter is known to read several examples as one row without mixing them: with nothing
        # filled up it computes half as much. Others are of many builds.
        in_a_row = is_starter and share.at_once > 1
        config = SFTConfig(**values, packing=False, padding_free=in_a_row)
        return SupervisedTrainer(**shared, args=config)


def steps_per_epoch(training: Sequences, share: BatchShare) -> int:
    """How many steps an epoch has."""
    return math.ceil(len(training.rows) / share.size)


def add_callback(trainer: SupervisedTrainer | PairTrainer, callback: TrainerCallback) -> None:
    """Let a callback take part, in place of those that print."""
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(callback)


def _reference(spec: JobSpec, learner: Learner) -> Any:
    """The model that preferences are measured against: what the job begins with."""
    if learner.adapter is not None or isinstance(learner.model, PeftModel):
        return None
    if spec.base_model == STARTER:
        return new_model(learner.tokenizer, spec.seed)
    return deepcopy(learner.model)
