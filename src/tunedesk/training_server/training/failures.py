"""A job that cannot go on, and why, in words that the user understands."""

from dataclasses import dataclass

from tunedesk.examples.as_trained import Refusal
from tunedesk.training_server.disk_full import is_disk_full

_LEAST_EXAMPLES = 10
"""Of a training file, as at OpenAI."""


@dataclass(frozen=True)
class BadExample:
    """An example that cannot be trained on.

    Attributes:
        line: Its line in the user's file.
        message: What is wrong with it.
        refusal: The same for programs.
    """

    line: int
    message: str
    refusal: Refusal = "template"


class JobFailedError(Exception):
    """The job cannot go on.

    Attributes:
        code: What it is, for programs.
        message: What it is, for people.
        param: The parameter of the job that it lies in.
        lines: The examples at fault.
    """

    def __init__(
        self,
        code: str,
        message: str,
        param: str | None = None,
        lines: tuple[BadExample, ...] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.param = param
        self.lines = lines


def too_few(examples: int, is_training: bool) -> JobFailedError | None:
    """That a file has too few examples that can be used, in OpenAI's words; None if it has not."""
    least = _LEAST_EXAMPLES if is_training else 1
    if examples >= least:
        return None
    word = "training" if is_training else "validation"
    text = f"{word.title()} file has {examples} example(s), but must have at least {least} examples"
    return JobFailedError("invalid_n_examples", text, f"{word}_file")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the memory did not suffice; PyTorch tells it in words only."""
    text = str(error)
    return isinstance(error, MemoryError) or "out of memory" in text or "alloc" in text.lower()


def failure_of(error: BaseException) -> JobFailedError:
    """What stopped the training, in words."""
    if isinstance(error, JobFailedError):
        return error
    text = " ".join(str(error).split())
    if is_out_of_memory(error):
        return JobFailedError(
            "out_of_memory",
            "The training ran out of memory. Use a smaller base model, a smaller batch_size, or "
            "shorter examples.",
        )
    # The libraries written in Rust and C++ tell it in words only.
    if is_disk_full(error) or "No space left on device" in text:
        return JobFailedError(
            "disk_full",
            "The disk is full: the model could not be written. Make room on it, then start the "
            "job again.",
        )
    return JobFailedError(
        "training_failed",
        f"The training stopped with an error: {type(error).__name__}: {text[:500]}",
    )
