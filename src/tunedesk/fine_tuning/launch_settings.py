"""What a run is launched with, as one value that is kept with the run and launched again."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from tunedesk.checks.local_models import STARTER_ID
from tunedesk.project.query import ExampleQuery
from tunedesk.project.states import STATES

APPROVED = ExampleQuery(states=("approved",))
"""The examples that somebody has approved."""

ALL_BUT_REJECTED = ExampleQuery(states=tuple(state for state in STATES if state != "rejected"))
"""Every example that nobody has rejected: what "all" means when a model is trained."""

VALIDATION_SHARE = 0.2


@dataclass(frozen=True)
class LaunchSettings:
    """The settings of a launch. None is "automatic" everywhere.

    Attributes:
        provider: The short name of the provider.
        base_url: Its address; empty: the provider's own.
        base_model: The model to train further.
        method: How it learns: "supervised" or "dpo".
        query: Which examples.
        leave_out_errors: Train without the examples that have errors, instead of stopping.
        validation_share: The share that is held back to measure with, 0 to 0.5.
        name: The name of the run, and the suffix of the model's name.
        epochs: How often each example is gone through.
        batch_size: How many examples make one step.
        learning_rate: The provider's multiplier, or the rate itself where it takes that.
        beta: How strongly preferences pull (dpo only).
        lora_rank: The size of the adapter that learns, where the provider takes it.
        full: Whether all weights learn instead of an adapter, where the provider can.
        seed: Of everything random.
        wandb_project: The project at Weights & Biases; empty: none.
        metadata: What the user wants to be kept with the job.
        extra_body: Fields of the provider's own that are added to the request.
    """

    provider: str = "local"
    base_url: str = ""
    base_model: str = STARTER_ID
    method: Literal["supervised", "dpo"] = "supervised"
    query: ExampleQuery = ALL_BUT_REJECTED
    leave_out_errors: bool = False
    validation_share: float = VALIDATION_SHARE
    name: str = ""
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    beta: float | None = None
    lora_rank: int | None = None
    full: bool = False
    seed: int | None = None
    wandb_project: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    extra_body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def numbers(self) -> dict[str, float | None]:
        """The settings that are numbers, by their names."""
        return {
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "learning_rate": self.learning_rate,
            "beta": self.beta,
            "lora_rank": self.lora_rank,
            "seed": self.seed,
        }

    def to_json(self) -> dict[str, Any]:
        """The settings as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "LaunchSettings":
        """The settings of a JSON object; what is missing or not ours keeps its default."""
        usual = cls()
        values: dict[str, Any] = {}
        for entry in fields(cls):
            value = stored.get(entry.name)
            if entry.name == "query":
                value = _query(value)
            if _fits(value, getattr(usual, entry.name), str(entry.type)):
                values[entry.name] = value
        return cls(**values)


def _fits(value: Any, default: Any, kind: str) -> bool:
    if value is None:
        return False
    if default is None:
        numbers = (int, float) if "float" in kind else (int,)
        return type(value) in numbers
    if isinstance(default, float):
        return type(value) in (int, float)
    if isinstance(default, Mapping):
        return isinstance(value, Mapping)
    return type(value) is type(default)


def _query(stored: Any) -> ExampleQuery | None:
    """The query of a JSON object, whose tuples have become lists."""
    if isinstance(stored, ExampleQuery):
        return stored
    if not isinstance(stored, Mapping):
        return None
    known = {entry.name for entry in fields(ExampleQuery)}
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list | tuple) else value
        for name, value in stored.items()
        if name in known
    }
    try:
        return ExampleQuery(**values)
    except TypeError:
        return None
