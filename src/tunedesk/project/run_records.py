"""What a project keeps of its fine-tuning runs, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

STAGES = ("preparing", "uploading", "creating", "following", "ended")
"""How far Tunedesk is with a run: writing the files, sending them, asking for the job, watching it,
done with it."""

TERMINAL = frozenset({"succeeded", "failed", "cancelled"})
"""The states of a job after which nothing more comes; every other word counts as going on."""

Part = Literal["training", "validation"]


@dataclass(frozen=True)
class RunFile:
    """One of the two files that a run was made of.

    Attributes:
        file_id: Its id at the service; empty until it is there.
        sha256: The hash of what was sent, in hexadecimal.
        bytes: Its size.
        examples: How many examples it holds.
    """

    file_id: str
    sha256: str
    bytes: int
    examples: int


@dataclass(frozen=True)
class RunError:
    """Why a job failed, in the words of the service.

    Attributes:
        code: Its code, such as "invalid_training_file"; may be empty.
        message: Its sentence.
        param: What it is about, such as "training_file"; may be empty.
    """

    code: str
    message: str
    param: str = ""


@dataclass(frozen=True)
class Run:
    """Tunedesk's record of a fine-tuning job.

    Attributes:
        id: Its number in this project.
        key: Random and unique; stands in the job's metadata, so that the job can be found by it.
        name: What the user calls it; the suffix of the model's name.
        created_at: When it was launched or brought in, in milliseconds since 1970.
        provider: The short name of the provider.
        base_url: The address of its API.
        base_model: The model that is trained further.
        settings: The launch settings, as JSON.
        stage: One of STAGES.
        status: The job's state in OpenAI's words, or the service's own word; empty before there
            is a job.
        job_id: The job's id at the service; empty before there is one.
        job: The last answer of the service about the job.
        training: What was trained on; None for a run that was brought in.
        validation: What was held back; None without.
        program_version: The version of Tunedesk that launched it.
        finished_at: When it ended, in milliseconds since 1970.
        fine_tuned_model: The name of the tuned model; empty until there is one.
        trained_tokens: The tokens that the service charged for; None until known.
        error: Why it failed; None if it did not.
        step: The last step that is known.
        total_steps: How many there will be.
        note: What is to be said of it just now, such as that the service cannot be reached.
    """

    id: int
    key: str
    name: str
    created_at: int
    provider: str
    base_url: str
    base_model: str
    settings: dict[str, Any] = field(default_factory=dict)
    stage: str = "preparing"
    status: str = ""
    job_id: str = ""
    job: dict[str, Any] = field(default_factory=dict)
    training: RunFile | None = None
    validation: RunFile | None = None
    program_version: str = ""
    finished_at: int | None = None
    fine_tuned_model: str = ""
    trained_tokens: int | None = None
    error: RunError | None = None
    step: int | None = None
    total_steps: int | None = None
    note: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing more comes."""
        return self.stage == "ended"

    @property
    def succeeded(self) -> bool:
        """Whether there is a tuned model."""
        return self.status == "succeeded"


class Metric(NamedTuple):
    """The figures of one step; None where the service told none.

    Attributes:
        step: The step, from 1.
        train_loss: Training loss of the step.
        train_accuracy: Share of the trained tokens that the model had right.
        valid_loss: Validation loss on a part of what was held back.
        valid_accuracy: The accuracy on that part.
        full_valid_loss: Validation loss on all that was held back.
        full_valid_accuracy: The accuracy on that.
        time: When it was told, in milliseconds since 1970; 0 if that is not known.
    """

    step: int
    train_loss: float | None = None
    train_accuracy: float | None = None
    valid_loss: float | None = None
    valid_accuracy: float | None = None
    full_valid_loss: float | None = None
    full_valid_accuracy: float | None = None
    time: int = 0


class RunEvent(NamedTuple):
    """A line of the job's log.

    Attributes:
        id: Its id at the service.
        time: When, in milliseconds since 1970.
        level: "info", "warn" or "error".
        message: What happened.
        kind: "message", "metrics" or another word of the service.
        data: Whatever else the service tells.
    """

    id: str
    time: int
    level: str
    message: str
    kind: str = "message"
    data: Mapping[str, Any] = MappingProxyType({})


class RunCheckpoint(NamedTuple):
    """A model as it was at a step, which can be talked to.

    Attributes:
        id: Its id at the service.
        step: The step.
        model: The name to ask it by.
        time: When it was made, in milliseconds since 1970.
        metrics: The figures of the service at that step.
    """

    id: str
    step: int
    model: str
    time: int = 0
    metrics: Mapping[str, Any] = MappingProxyType({})


class RunExample(NamedTuple):
    """An example as it was trained on.

    Attributes:
        part: "training" or "validation".
        line: The line of the file, from 1.
        example_id: The example in this project.
        version_id: Its version then.
    """

    part: Part
    line: int
    example_id: int
    version_id: int
