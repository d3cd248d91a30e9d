"""Tries settings of training on small sets and prints what each reached: how defaults were chosen.

    python tests/benchmarks/training_settings.py --model FOLDER [--data FILE ...] [--seeds 1 2]

A fifth of the examples is held back. What is learnt, the adapter, the schedule and the loss are the
training server's; it is done in one process, the frozen weights in bfloat16, so that much can be
tried. A row for each epoch: the loss of a token in training and in validation, the share of the
validation's tokens that were guessed right, and the seconds of processor time until then. The
machine may be shared: choose by losses.
"""

import argparse
import itertools
import json
import random
import resource
import tempfile
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from tunedesk.catalogue.hyperparameters import LEARNING_RATES
from tunedesk.training_server.training.base_model import disable_progress_bars
from tunedesk.training_server.training.chat_template import ChatTemplate
from tunedesk.training_server.training.sequences import make_sequences
from tunedesk.training_server.training.tokenizer import ExampleTokenizer, load_tokenizer

SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "samples" / "night_library.jsonl"
EVERY = 5
"""One of so many examples is held back."""
WARM_UP = 0.05
Row = dict[str, Any]


def rows_of(records: list[Any], tokenizer: ExampleTokenizer) -> list[Row]:
    """The examples as tokens, with what of them is learnt."""
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "training.jsonl"
        lines = [json.dumps({"line": n, "record": record}) for n, record in enumerate(records, 1)]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        made = make_sequences(file, tokenizer, "supervised", Path(place) / "training.arrow")
        return [dict(row) for row in made.rows]


def score(model: Any, row: Row) -> tuple[torch.Tensor, int, int]:
    """The sum of the losses of what is learnt, how many tokens it has, how many are right."""
    targets = torch.tensor(row["labels"][1:])
    learnt = (targets != -100).nonzero()[:, 0]
    ids = torch.tensor([row["input_ids"]])
    logits = model(input_ids=ids, logits_to_keep=learnt, use_cache=False).logits[0].float()
    wanted = targets[learnt]
    loss = torch.nn.functional.cross_entropy(logits, wanted, reduction="sum")
    return loss, len(wanted), int((logits.argmax(-1) == wanted).sum())


@torch.no_grad()
def measure(model: Any, rows: list[Row]) -> tuple[float, float]:
    """The loss of a token, and the share that is right."""
    model.eval()
    found = [score(model, row) for row in rows]
    model.train()
    tokens = sum(count for _loss, count, _right in found)
    return sum(float(loss) for loss, _n, _r in found) / tokens, sum(
        r for _l, _n, r in found
    ) / tokens


def cpu_seconds() -> float:
    """The processor time of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime


def train(
    folder: Path,
    training: list[Row],
    validation: list[Row],
    *,
    rate: float,
    epochs: int,
    batch: int,
    rank: int,
    seed: int,
) -> None:
    """Train once, and print a row of the table for each epoch."""
    torch.manual_seed(seed)
    order = random.Random(seed)
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16)
    adapter = LoraConfig(
        r=rank,
        lora_alpha=2 * rank,
        lora_dropout=0.05,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    model: Any = get_peft_model(base, adapter)
    model.train()
    learning = [each for each in model.parameters() if each.requires_grad]
    most = rate * LEARNING_RATES["lora", "supervised"]
    optimizer = torch.optim.AdamW(learning, lr=most, weight_decay=0.0)
    total = epochs * -(-len(training) // batch)
    warm_up = max(1, int(WARM_UP * total))
    step, began = 0, cpu_seconds()
    for epoch in range(1, epochs + 1):
        rows = order.sample(training, len(training))
        loss_sum, token_sum = 0.0, 0
        for first in range(0, len(rows), batch):
            part = rows[first : first + batch]
            tokens = sum(label != -100 for row in part for label in row["labels"][1:])
            for row in part:
                loss, count, _right = score(model, row)
                (loss / tokens).backward()
                loss_sum, token_sum = loss_sum + float(loss.detach()), token_sum + count
            share = min((step + 1) / warm_up, 1.0) * (total - step) / total
            for group in optimizer.param_groups:
                group["lr"] = most * share
            torch.nn.utils.clip_grad_norm_(learning, 1.0)
            optimizer.step()
            optimizer.zero_grad()
            step += 1
        loss, right = measure(model, validation)
        print(
            f"| {rate:g} | {batch} | {rank} | {seed} | {epoch} of {epochs} | "
            f"{loss_sum / token_sum:.3f} | {loss:.3f} | {right:.1%} | "
            f"{cpu_seconds() - began:.0f} |",
            flush=True,
        )


def main() -> None:
    """Try all and print the table, a row at a time."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--data", type=Path, nargs="+", default=[SAMPLE], metavar="FILE")
    parser.add_argument("--most", type=int, default=1000, metavar="N", help="rows of each file")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rates", type=float, nargs="+", default=[1, 2.5, 5])
    parser.add_argument("--epochs", type=int, nargs="+", default=[3])
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--ranks", type=int, nargs="+", default=[16])
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    disable_progress_bars()
    torch.set_num_threads(options.threads)
    loaded = load_tokenizer(options.model)
    tokenizer = ExampleTokenizer(loaded, ChatTemplate(loaded), 8192)
    for path in options.data:
        lines = path.read_text(encoding="utf-8").splitlines()
        records = [json.loads(line) for line in lines if line.strip()][: options.most]
        training = rows_of([r for n, r in enumerate(records, 1) if n % EVERY], tokenizer)
        validation = rows_of(records[EVERY - 1 :: EVERY], tokenizer)
        base = AutoModelForCausalLM.from_pretrained(options.model, dtype=torch.bfloat16)
        loss, right = measure(base, validation)
        print(f"\n{path.name}: {len(training)} + {len(validation)} examples\n")
        print("| rate x | batch | rank | seed | epoch | training | validation | right | CPU s |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
        print(f"| base model | | | | | | {loss:.3f} | {right:.1%} | |", flush=True)
        for rate, epochs, batch, rank, seed in itertools.product(
            options.rates, options.epochs, options.batches, options.ranks, options.seeds
        ):
            train(
                options.model,
                training,
                validation,
                rate=rate,
                epochs=epochs,
                batch=batch,
                rank=rank,
                seed=seed,
            )


if __name__ == "__main__":
    main()
