"""Tries settings of training on sets of examples: how the defaults of small models were chosen.

    python tests/benchmarks/training_settings.py --model FOLDER
    python tests/benchmarks/training_settings.py --model FOLDER --data FILE FILE,QUESTION,ANSWER \\
        --rows 30 300 --rates 1 2.5 5 --epochs 2 4 --seeds 1 2 3 --out FILE
    python tests/benchmarks/training_settings.py --table FILE [FILE ...]

A file holds conversations or prompts with completions, as JSON Lines or as a list; of any other
the columns of the question and of the answer are named behind it. A seed says which fifth of the
examples is held back, in which order the others come and how an adapter begins. What is learnt, the
adapter, the schedule and the loss are the training server's.

Each epoch of each setting is a line of JSON in the file of `--out`: the loss of a token in training
and in validation, the share of the validation's tokens that were guessed right, and that of the
answers that were right to the last token, which are those that the model would give without chance.
What stands in the file is not tried again. The machine may be shared: choose by losses.
"""

import argparse
import itertools
import json
import math
import random
import resource
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM

from tunedesk.catalogue.hyperparameters import LEARNING_RATES, small_model_hyperparameters
from tunedesk.training_server.training.base_model import disable_progress_bars
from tunedesk.training_server.training.chat_template import ChatTemplate
from tunedesk.training_server.training.sequences import IGNORED, make_sequences
from tunedesk.training_server.training.tokenizer import ExampleTokenizer, load_tokenizer

SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "samples" / "night_library.jsonl"
EVERY = 5
"""One of so many examples is held back."""
LONGEST_ANSWER = 60
"""The most tokens of an answer that is printed."""
Row = dict[str, Any]


@dataclass(frozen=True)
class Setting:
    """What is tried.

    Attributes:
        rate: How many times the server's learning rate.
        epochs: The epochs, over which the rate falls to nothing.
        batch: The examples of a step.
        rank: Of the adapter.
        warm_up: The share of the steps in which the rate rises.
        dropout: Of the adapter.
        bits: Of each of the frozen weights, 16 or 32; what learns has 32.
    """

    rate: float
    epochs: int
    batch: int
    rank: int
    warm_up: float
    dropout: float
    bits: int

    def share_of_rate(self, step: int, steps: int) -> float:
        """How much of the rate a step takes, the first being 0: Transformers' linear schedule."""
        rising = int(self.warm_up * steps)
        if step < rising:
            return step / rising
        return (steps - step) / max(1, steps - rising)


class Figures(NamedTuple):
    """How a model predicts the held-back examples.

    Attributes:
        loss: Of a token.
        right: The share of the tokens that are its first choice.
        exact: The share of the answers all of whose tokens are.
    """

    loss: float
    right: float
    exact: float


def load(folder: Path, setting: Setting | None = None) -> Any:
    """The base model; of a setting, with an adapter that is to learn."""
    precision = torch.float32 if setting is not None and setting.bits == 32 else torch.bfloat16
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=precision)
    if setting is None:
        return model
    adapter = LoraConfig(
        r=setting.rank,
        lora_alpha=2 * setting.rank,
        lora_dropout=setting.dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, adapter)


def score(model: Any, row: Row) -> tuple[torch.Tensor, torch.Tensor]:
    """The loss of each learnt token, and whether it is the model's first choice."""
    targets = torch.tensor(row["labels"][1:])
    learnt = (targets != IGNORED).nonzero()[:, 0]
    ids = torch.tensor([row["input_ids"]])
    logits = model(input_ids=ids, logits_to_keep=learnt, use_cache=False).logits[0].float()
    wanted = targets[learnt]
    loss = torch.nn.functional.cross_entropy(logits, wanted, reduction="none")
    return loss, logits.argmax(-1) == wanted


@torch.no_grad()
def measure(model: Any, rows: Sequence[Row]) -> Figures:
    """How a model predicts rows."""
    model.eval()
    sums = [0.0] * 5
    for row in rows:
        loss, right = score(model, row)
        answers = right.tensor_split(answer_ends(row))
        exact = sum(bool(each.all()) for each in answers)
        found = float(loss.sum()), int(right.sum()), len(loss), exact, len(answers)
        sums = [old + new for old, new in zip(sums, found, strict=True)]
    model.train()
    loss_sum, right_sum, tokens, exact_sum, answer_count = sums
    return Figures(loss_sum / tokens, right_sum / tokens, exact_sum / answer_count)


def answer_ends(row: Row) -> list[int]:
    """Where, among the learnt tokens of a row, its second answer begins, its third, and so on."""
    learnt = [n for n, label in enumerate(row["labels"]) if n and label != IGNORED]
    return [n for n in range(1, len(learnt)) if learnt[n] != learnt[n - 1] + 1]


@dataclass(frozen=True)
class Source:
    """A file of examples.

    Attributes:
        path: The file.
        question: The column with the questions; empty where the records are examples already.
        answer: The column with the answers.
    """

    path: Path
    question: str = ""
    answer: str = ""

    @staticmethod
    def read(text: str) -> "Source":
        """What stands on the command line: FILE, or FILE,QUESTION,ANSWER."""
        path, *columns = text.rsplit(",", 2)
        return Source(Path(path), *columns)

    @property
    def name(self) -> str:
        """Its name in the table."""
        return f"{self.path.stem} ({self.answer})" if self.answer else self.path.stem

    def records(self) -> list[Any]:
        """Its examples."""
        text = self.path.read_text(encoding="utf-8-sig")
        if text.lstrip().startswith("["):
            found = json.loads(text)
        else:
            found = [json.loads(line) for line in text.split("\n") if line.strip()]
        return [self._example(record) for record in found] if self.answer else found

    def _example(self, record: Any) -> Any:
        said = {"user": record[self.question], "assistant": record[self.answer]}
        return {"messages": [{"role": role, "content": text} for role, text in said.items()]}


def rows_of(records: list[Any], tokenizer: ExampleTokenizer, longest: int) -> list[list[Row]]:
    """The rows of each example as tokens, with what of them is learnt; none of too long ones."""
    with tempfile.TemporaryDirectory() as place:
        found = []
        for record in records:
            file = Path(place) / "training.jsonl"
            file.write_text(json.dumps({"line": 1, "record": record}) + "\n", encoding="utf-8")
            made = make_sequences(file, tokenizer, "supervised", Path(place) / "training.arrow")
            rows = [dict(row) for row in made.rows] if made.count else []
            if rows and all(len(row["input_ids"]) <= longest for row in rows):
                found.append(rows)
    return found


def split(
    examples: list[list[Row]], seed: int, count: int | None, most_held: int
) -> tuple[list[Row], list[Row]]:
    """The rows to learn from and those held back, which are the same for each count."""
    mixed = random.Random(seed).sample(examples, len(examples))
    held, kept = mixed[::EVERY], [each for n, each in enumerate(mixed) if n % EVERY]
    return list(itertools.chain(*kept[:count])), list(itertools.chain(*held[:most_held]))


def cpu_seconds() -> float:
    """The processor time of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime


def train(
    model: Any, training: Sequence[Row], validation: Sequence[Row], setting: Setting, seed: int
) -> Iterator[tuple[int, float, Figures, float]]:
    """Train a model.

    Yields:
        After each epoch its number, the loss of a token in training, how the model predicts what
        is held back, and the processor time that the epoch took without that, in seconds.
    """
    order = random.Random(seed)
    weights = [each for each in model.parameters() if each.requires_grad]
    optimizer = torch.optim.AdamW(weights, weight_decay=0.0)
    steps = setting.epochs * -(-len(training) // setting.batch)
    step = 0
    for epoch in range(1, setting.epochs + 1):
        began = cpu_seconds()
        rows = order.sample(training, len(training))
        loss_sum, token_sum = 0.0, 0
        for first in range(0, len(rows), setting.batch):
            part = rows[first : first + setting.batch]
            tokens = sum(label != IGNORED for row in part for label in row["labels"][1:])
            for row in part:
                loss = score(model, row)[0].sum()
                (loss / tokens).backward()
                loss_sum += float(loss.detach())
            token_sum += tokens
            rate = LEARNING_RATES["lora", "supervised"] * setting.rate
            optimizer.param_groups[0]["lr"] = rate * setting.share_of_rate(step, steps)
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            optimizer.zero_grad()
            step += 1
        took = cpu_seconds() - began
        yield epoch, loss_sum / token_sum, measure(model, validation), took


@torch.no_grad()
def show_answers(model: Any, tokenizer: Any, rows: Sequence[Row], name: str) -> None:
    """Print what a model answers to the questions of rows without chance, and what was wanted."""
    model.eval()
    print(f"\n{name}")
    for row in rows:
        first = next(n for n, label in enumerate(row["labels"]) if label != IGNORED)
        asked = torch.tensor([row["input_ids"][:first]])
        made = model.generate(
            input_ids=asked,
            attention_mask=torch.ones_like(asked),
            do_sample=False,
            max_new_tokens=LONGEST_ANSWER,
        )
        print(repr(tokenizer.decode(row["input_ids"])))
        print("    ->", repr(tokenizer.decode(made[0, first:])), flush=True)
    model.train()


def tried(out: Path | None) -> Iterator[dict[str, Any]]:
    """The lines of a file of results."""
    if out is not None and out.exists():
        yield from map(json.loads, out.read_text(encoding="utf-8").splitlines())


def _key(line: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(line[name] for name in ("seed", "set", "rows", *Setting.__dataclass_fields__))


def try_all(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Train what is not in the file yet; yields a line for each epoch of each setting."""
    disable_progress_bars()
    torch.set_num_threads(options.threads)
    loaded = load_tokenizer(options.model)
    tokenizer = ExampleTokenizer(loaded, ChatTemplate(loaded), options.longest)
    settings = [
        Setting(*each)
        for each in itertools.product(
            options.rates,
            options.epochs,
            options.batches,
            options.ranks,
            options.warm_ups,
            options.dropouts,
            options.bits,
        )
    ]
    done = {_key(line) for line in tried(options.out) if line["epoch"] == line["epochs"]}
    for source in options.data:
        examples = rows_of(source.records(), tokenizer, options.longest)
        for count, seed in itertools.product(options.rows, options.seeds):
            training, validation = split(examples, seed, count, options.held)
            about = {"set": source.name, "rows": len(training), "seed": seed}
            todo = [each for each in settings if _key(about | asdict(each)) not in done]
            if not todo:
                continue
            base = load(options.model)
            before = measure(base, validation)
            about |= {"held": len(validation), "before": before._asdict()}
            about["tokens"] = sum(len(row["input_ids"]) for row in training)
            asked = validation[: options.ask]
            if asked:
                show_answers(base, loaded, asked, "base model")
            for setting in todo:
                torch.manual_seed(seed)
                model = load(options.model, setting)
                lowest = math.inf
                for epoch, loss, found, took in train(model, training, validation, setting, seed):
                    about |= {"epoch": epoch, "training_loss": loss, "cpu_seconds": took}
                    yield about | asdict(setting) | found._asdict()
                    if asked and found.loss < lowest:
                        lowest = found.loss
                        show_answers(model, loaded, asked, f"{setting}, epoch {epoch}")


def table(lines: Iterable[dict[str, Any]]) -> Iterator[str]:
    """The rows of the table: of each setting the mean of its seeds, each at its best epoch."""
    runs: dict[tuple[Any, ...], dict[int, list[dict[str, Any]]]] = {}
    found = list(lines)
    whole = {_key(line) for line in found if line["epoch"] == line["epochs"]}
    for line in found:
        if _key(line) in whole:
            key = _key(line)
            runs.setdefault(key[1:], {}).setdefault(key[0], []).append(line)
    yield (
        "| set | rows | rate x | epochs | batch | rank | warm-up | dropout | bits | seeds "
        "| loss before | lowest | in epoch | at the end | right before | right | exact before "
        "| exact | CPU s an epoch |"
    )
    yield "| --- " * 19 + "|"
    for about, seeds in runs.items():
        best = [min(epochs, key=lambda each: each["loss"]) for epochs in seeds.values()]
        last = [max(epochs, key=lambda each: each["epoch"]) for epochs in seeds.values()]
        base = [each["before"] for each in best]
        when = ", ".join(str(each["epoch"]) for each in best)
        figures = [f"{mean(base, 'loss'):.3f}", f"{mean(best, 'loss'):.3f}", when]
        figures.append(f"{mean(last, 'loss'):.3f}")
        for name in ("right", "exact"):
            figures += [f"{mean(base, name):.1%}", f"{mean(best, name):.1%}"]
        figures.append(f"{mean(last, 'cpu_seconds'):.0f}")
        said = [f"{part:g}" if isinstance(part, float) else str(part) for part in about]
        yield "| " + " | ".join([*said, str(len(seeds)), *figures]) + " |"


def mean(lines: Sequence[dict[str, Any]], name: str) -> float:
    """The mean of a figure."""
    return sum(float(line[name]) for line in lines) / len(lines)


def main() -> None:
    """Try all, or print the table of what was tried."""
    usual = small_model_hyperparameters(36)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--table", type=Path, nargs="+", metavar="FILE", help="only print the table of these")
    add("--model", type=Path, metavar="FOLDER")
    add("--data", type=Source.read, nargs="+", default=[Source(SAMPLE)], metavar="FILE")
    add("--rows", type=int, nargs="+", default=[None], metavar="N", help="to learn from; all")
    add("--held", type=int, default=60, metavar="N", help="rows held back at most")
    add("--longest", type=int, default=512, metavar="N", help="rows of more tokens are left out")
    add("--seeds", type=int, nargs="+", default=[1, 2, 3])
    add("--rates", type=float, nargs="+", default=[usual["learning_rate_multiplier"]])
    add("--epochs", type=int, nargs="+", default=[int(usual["n_epochs"])])
    add("--batches", type=int, nargs="+", default=[int(usual["batch_size"])])
    add("--ranks", type=int, nargs="+", default=[16])
    add("--warm-ups", type=float, nargs="+", default=[0.05])
    add("--dropouts", type=float, nargs="+", default=[0.0])
    add("--bits", type=int, nargs="+", default=[16], choices=(16, 32))
    add("--threads", type=int, default=2)
    add("--ask", type=int, default=0, metavar="N", help="print the answers to N held-back rows")
    add("--out", type=Path, metavar="FILE", help="where each epoch becomes a line of JSON")
    options = parser.parse_args()
    if options.table:
        print(*table(itertools.chain(*map(tried, options.table))), sep="\n")
        return
    if options.model is None:
        parser.error("--model is missing")
    found = []
    for line in try_all(options):
        found.append(line)
        print(json.dumps(line), flush=True)
        if options.out is not None:
            with options.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
    print(*table(found), sep="\n")


if __name__ == "__main__":
    main()
