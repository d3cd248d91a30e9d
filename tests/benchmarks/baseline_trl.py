"""The training of the benchmark by TRL alone, as a script of its own would do it.

`baseline_trl.py MODEL EXAMPLES OUT` prints the seconds from the end of the first step to the last
checkpoint, and the CPU seconds of that time.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"
# One thread each: where others compute, several wait for each other with all their might.
os.environ["OMP_NUM_THREADS"] = "1"

from datasets import Dataset
from peft import LoraConfig
from server_measurements import BATCH, DROPOUT, EPOCHS, RANK, RATE, SEED
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
from trl import SFTConfig, SFTTrainer


class Watch(TrainerCallback):
    """Notes when the first step ended and when the last checkpoint was there."""

    def __init__(self) -> None:
        self.times: list[tuple[float, float]] = []

    def on_step_end(self, _args: Any, state: Any, _control: Any, **_more: Any) -> None:
        """Note the first."""
        if state.global_step == 1:
            self.times = [(time.perf_counter(), time.process_time())]

    def on_save(self, _args: Any, _state: Any, _control: Any, **_more: Any) -> None:
        """Note each; the last one stays."""
        self.times = [self.times[0], (time.perf_counter(), time.process_time())]


def main() -> None:
    """Train."""
    model, examples, out = map(Path, sys.argv[1:])
    rows = [json.loads(line) for line in examples.read_text(encoding="utf-8").splitlines()]
    watch = Watch()
    config = SFTConfig(
        output_dir=str(out),
        num_train_epochs=EPOCHS,
        per_device_train_batch_size=BATCH,
        learning_rate=RATE,
        warmup_steps=0,
        max_length=None,
        assistant_only_loss=True,
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        logging_steps=1,
        save_strategy="epoch",
        save_total_limit=3,
        report_to="none",
        disable_tqdm=True,
        seed=SEED,
    )
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(model),
        args=config,
        train_dataset=Dataset.from_list(rows),
        processing_class=AutoTokenizer.from_pretrained(model),
        peft_config=LoraConfig(
            r=RANK,
            lora_alpha=2 * RANK,
            lora_dropout=DROPOUT,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
        ),
        callbacks=[watch],
    )
    trainer.train()
    (began, cpu_began), (ended, cpu_ended) = watch.times
    found = {
        "seconds": ended - began,
        "cpu": cpu_ended - cpu_began,
        "steps": trainer.state.global_step,
        "loss": [log["loss"] for log in trainer.state.log_history if "loss" in log][-1],
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
