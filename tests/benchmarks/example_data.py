"""Makes the data that the benchmark runs on: chat JSONL of about 960 bytes an example."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

SAMPLE = Path(__file__).parents[2] / "resources" / "samples" / "night_library.jsonl"
FAULTS = set("{}Ã")  # the sample's faults are not to be repeated a thousand times
CHINESE = "（图书馆夜里开门吗？）"
SYSTEM = "You are the night librarian. You are brief, kind and exact."


def write_examples(file: Path, number: int, *, blanks: bool = False) -> Path:
    """Write so many examples, the same on every run; a file that is there is kept.

    Args:
        file: The file.
        number: How many.
        blanks: Whether each answer ends in a blank, a fault that can be fixed.
    """
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary = file.with_suffix(".part")
        with temporary.open("w", encoding="utf-8", newline="\n") as out:
            for messages in conversations(number):
                messages[-1]["content"] += " " * blanks
                out.write(json.dumps({"messages": messages}, ensure_ascii=False) + "\n")
        temporary.rename(file)
    return file


def write_long_example(file: Path, messages: int) -> Path:
    """Write an example of one long conversation."""
    made = [message for example in conversations(messages) for message in example[1:3]]
    record = {"messages": [{"role": "system", "content": SYSTEM}, *made[:messages]]}
    file.write_text(json.dumps(record, ensure_ascii=False) + "\n", encoding="utf-8")
    return file


def conversations(number: int) -> Iterator[list[dict[str, str]]]:
    """Conversations of one or two questions in the words of the sample, all different."""
    words = sample_words()
    chance = random.Random(2026)

    def text(fewest: int, most: int) -> str:
        return " ".join(chance.choices(words, k=chance.randint(fewest, most)))

    for number_of_example in range(number):
        messages = [{"role": "system", "content": SYSTEM}]
        for _turn in range(chance.choice((1, 1, 2))):
            question = f"{text(10, 36)}, case {number_of_example}?"
            if number_of_example % 100 == 99:
                question += CHINESE
            messages.append({"role": "user", "content": question})
            messages.append({"role": "assistant", "content": text(42, 118) + "."})
        yield messages


def sample_words() -> list[str]:
    """The words of the sample's messages, in order."""
    words: list[str] = []
    for line in SAMPLE.read_text(encoding="utf-8").splitlines():
        for message in json.loads(line)["messages"]:
            words.extend(str(message.get("content") or "").split())
    return [word for word in words if not FAULTS.intersection(word)]
