"""What a base model of this computer is trained on, and what is to be said of it.

It is asked of the process that holds the model's template.

The process is `tunedesk.training_server.as_trained_process`; whoever starts it gives it `question`
lines and reads its lines by `parse_answer`. Nothing here waits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from tunedesk.errors import UserError
from tunedesk.examples.as_trained import ExampleAsTrained, Kept, TrainedText
from tunedesk.i18n import _, ngettext
from tunedesk.paths import user_data_dir
from tunedesk.services.local_install import python_with_training
from tunedesk.services.local_server import server_data_dir

MOST_ADDED = 240
"""Letters of what a template adds that are told."""


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
        made["empty_answers"],
    )
    return Answer(number, example=example)


class Check(NamedTuple):
    """One line of what holds for an example as it is trained.

    Attributes:
        tone: "success", "warning", "error", or "muted" for what is only told.
        title: What holds, or does not.
        detail: What that means, in a sentence.
    """

    tone: str
    title: str
    detail: str


def checks_of(example: ExampleAsTrained) -> list[Check]:
    """What is to be said of an example as it is trained."""
    found = [_end_mark(example), _length(example)]
    if example.system.total:
        found.append(_system(example))
    found.append(_added(example))
    if example.thoughts.total:
        found.append(_thoughts(example))
    if example.media.total:
        detail = _("This model reads text alone: no picture, sound or file reaches it.")
        found.append(Check("error", _("Pictures and files are left out"), detail))
    if example.calls.total:
        calls = example.calls
        detail = ngettext(
            "{kept} of {count} call stands in the text.",
            "{kept} of {count} calls stand in the text.",
            calls.total,
        ).format(kept=calls.kept, count=calls.total)
        whole = calls.kept == calls.total
        title = _("Tool calls are kept") if whole else _("Tool calls are left out")
        found.append(Check("success" if whole else "error", title, detail))
    return found


def _end_mark(example: ExampleAsTrained) -> Check:
    if not any(text.spans for text in example.texts):
        return Check("error", _("Nothing is learned"), _("No answer in it is trained on."))
    if example.empty_answers:
        detail = _("It learns to say nothing there.")
        return Check("warning", _("An answer is empty"), detail)
    if all(text.is_stopped for text in example.texts):
        detail = _("It learns to stop after the answer.")
        return Check("success", _("The end mark is trained"), detail)
    detail = _("The model may go on talking after its answer.")
    return Check("warning", _("The end mark is not trained"), detail)


def _length(example: ExampleAsTrained) -> Check:
    context = f"{example.context:,}"
    longest = max((len(text.ends) for text in example.texts), default=0)
    if longest > example.context:
        detail = _("{count} tokens; the model reads {context}. Training refuses it.")
        return Check("error", _("Too long"), detail.format(count=f"{longest:,}", context=context))
    if not longest:
        detail = _("The model reads {context} tokens.").format(context=context)
        return Check("muted", _("No tokens to count yet"), detail)
    detail = _("{count} of {context} tokens.").format(count=f"{longest:,}", context=context)
    return Check("success", _("Nothing is cut off"), detail)


def _system(example: ExampleAsTrained) -> Check:
    if example.system.kept < example.system.total:
        detail = _("The template of this model leaves it out.")
        return Check("error", _("The system prompt is lost"), detail)
    if not example.system_is_first:
        detail = _("Word for word, but not at the beginning.")
        return Check("warning", _("System prompt is kept"), detail)
    return Check("success", _("System prompt is kept"), _("Word for word, at the beginning."))


def _added(example: ExampleAsTrained) -> Check:
    if not example.added:
        return Check("success", _("Nothing is added"), _("No words you did not write."))
    text = _("“{text}”").format(text=shortened(example.added))
    return Check("muted", _("The template adds words"), text)


def shortened(added: Sequence[str]) -> str:
    """Words that a template adds, as many of them as are told."""
    every = " … ".join(added)
    return every if len(every) <= MOST_ADDED else f"{every[: MOST_ADDED - 1]}…"


def _thoughts(example: ExampleAsTrained) -> Check:
    total, kept = example.thoughts.total, example.thoughts.kept
    if kept == total:
        return Check("success", _("Thoughts are kept"), _("All of them stand in the text."))
    detail = ngettext(
        "{left} of {count} thought is left out by this model's template: it teaches nothing.",
        "{left} of {count} thoughts are left out by this model's template: they teach nothing.",
        total,
    ).format(left=total - kept, count=total)
    return Check("warning", _("Thoughts are left out"), detail)
