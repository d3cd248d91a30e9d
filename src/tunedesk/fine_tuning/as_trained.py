"""What a base model of this computer is trained on, asked of the process that holds its template.

The process is `tunedesk.training_server.as_trained_process`; whoever starts it gives it `question`
lines and reads its lines by `parse_answer`. Nothing here waits.
"""

from dataclasses import dataclass
from typing import Any

import orjson

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.paths import user_data_dir
from tunedesk.services.local_install import python_with_training
from tunedesk.services.local_server import server_data_dir


@dataclass(frozen=True)
class TrainedText:
    """One text that is trained on.

    Attributes:
        text: The text.
        ends: Where each token ends, in characters; it begins where the one before it ends. Empty
            for a starter, which makes its tokens from all examples when a training begins.
        learnt: The numbers of the tokens that are learnt.
        special: The numbers of those that are special marks of the model.
        spans: What is learnt, in characters: start and end; also where there are no tokens.
        is_stopped: Whether each answer ends with a mark that is learnt.
    """

    text: str
    ends: list[int]
    learnt: list[int]
    special: list[int]
    spans: list[tuple[int, int]]
    is_stopped: bool


@dataclass(frozen=True)
class Kept:
    """How many of the parts of a kind that an example has stand in what is trained on.

    Attributes:
        total: How many it has.
        kept: How many of them stand there.
    """

    total: int
    kept: int


@dataclass(frozen=True)
class ExampleAsTrained:
    """What a base model makes of an example.

    Attributes:
        texts: What is trained on: one text, or several.
        context: The most tokens that the model reads.
        system: The system prompts.
        system_is_first: Whether they stand before all else that was written.
        thoughts: The thoughts of answers.
        calls: The calls of tools.
        media: Pictures, sounds and files: a language model reads none.
        added: What the template adds of its own: words, without its marks and roles.
    """

    texts: list[TrainedText]
    context: int
    system: Kept
    system_is_first: bool
    thoughts: Kept
    calls: Kept
    media: Kept
    added: list[str]


@dataclass(frozen=True)
class Answer:
    """An answer of the process.

    Attributes:
        number: That of the question.
        models: The names of the base models of this computer; None if that was not asked.
        example: The example as trained; None if it was refused.
        refused: Why the model does not take the example; empty if it does.
    """

    number: int
    models: list[str] | None = None
    example: ExampleAsTrained | None = None
    refused: str = ""


def command() -> list[str]:
    """The command that starts the process.

    Raises:
        UserError: Training is not installed on this computer.
    """
    python = python_with_training()
    if python is None:
        raise UserError(
            _("Training on this computer is not installed."),
            _("Install it first; the Fine-tune page has a button for it."),
        )
    name = "tunedesk.training_server.as_trained_process"
    parts = [str(python), "-m", name, "--data-dir", str(server_data_dir())]
    models = user_data_dir() / "models"
    return [*parts, "--models", str(models)] if models.is_dir() else parts


def models_question(number: int) -> bytes:
    """The line that asks for the base models of this computer."""
    return orjson.dumps({"number": number}) + b"\n"


def question(number: int, model: str, text: str) -> bytes:
    """The line that asks what a model makes of an example.

    Args:
        number: Comes back with the answer.
        model: The name of the base model.
        text: The example, as it stands in its file.
    """
    # Halves of letters, as JSON may have them, become question marks, as in the file that is sent.
    held = text.encode("utf-8", "replace").decode("utf-8")
    return orjson.dumps({"number": number, "model": model, "text": held}) + b"\n"


def parse_answer(line: bytes) -> Answer:
    """Read a line of the process."""
    held: dict[str, Any] = orjson.loads(line)
    number = int(held["number"] or 0)
    if "models" in held:
        return Answer(number, models=held["models"])
    if "example" not in held:
        return Answer(number, refused=held["refused"])
    made = held["example"]
    example = ExampleAsTrained(
        [TrainedText(**each) for each in made["texts"]],
        made["context"],
        Kept(**made["system"]),
        made["system_is_first"],
        Kept(**made["thoughts"]),
        Kept(**made["calls"]),
        Kept(**made["media"]),
        made["added"],
    )
    return Answer(number, example=example)
