"""What a run is launched with, as one value that is kept with the run and launched again.

`job_body` says the same in the form that each provider wants of the request that makes the job.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal

from tunedesk.catalogue.models import default_base_model
from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.project.query import STATES, ExampleQuery, query_from_json
from tunedesk.project.run_records import Run
from tunedesk.services.providers import Provider

LAST_SETTINGS = "fine_tune.last"
"""The setting of the project that keeps what was launched last."""

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
    base_model: str = field(default_factory=default_base_model)
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


def further_settings(run: Run, model: str, examples: Sequence[int] = ()) -> LaunchSettings:
    """The settings to train a tuned model further: those of its run, in a new run.

    Args:
        run: The run that the model came of.
        model: The tuned model, or one of the checkpoints.
        examples: Those to train on, of the ones that the run chose from; none: as the run chose.
    """
    settings = LaunchSettings.from_json(run.settings)
    query = replace(settings.query, ids=tuple(examples) or None)
    # An adapter that is there already has its rank.
    return replace(settings, base_model=model, query=query, lora_rank=None)


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
    """The query of a JSON object; None where it asks for something that is not understood.

    Half of a query would train on examples that it leaves out.
    """
    if isinstance(stored, ExampleQuery):
        return stored
    if not isinstance(stored, Mapping):
        return None
    read = query_from_json(dict(stored))
    ids = stored.get("ids")
    if isinstance(ids, list | tuple) and all(type(one) is int for one in ids):
        read = replace(read, ids=tuple(ids))
    known = asdict(read)
    for name, value in stored.items():
        if name in known and known[name] != (tuple(value) if isinstance(value, list) else value):
            return None
    return read


_STANDARD = frozenset(
    (
        *("model", "training_file", "validation_file", "suffix", "seed", "method"),
        *("hyperparameters", "integrations", "metadata"),
    )
)


def job_body(
    settings: "LaunchSettings",
    provider: Provider,
    training_file: str,
    validation_file: str = "",
    mark: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The arguments of the SDK's `fine_tuning.jobs.create`.

    What is not chosen is left out, not sent as null; what OpenAI's API does not have stands in
    `extra_body`.

    Args:
        settings: What was chosen; None and empty mean that the provider decides.
        provider: The provider.
        training_file: The id of the uploaded training file.
        validation_file: The id of the uploaded validation file; empty: none.
        mark: Metadata by which the job is found again, beside what the user gave.

    Raises:
        UserError: The provider does not have what was chosen.
    """
    metadata = {**settings.metadata, **(mark or {})}
    _refuse_what_is_missing(settings, provider, metadata)
    body: dict[str, Any] = {"model": settings.base_model, "training_file": training_file}
    if validation_file:
        body["validation_file"] = validation_file
    if settings.name:
        body["suffix"] = settings.name
    if settings.seed is not None:
        body["seed"] = settings.seed
    if metadata:
        body["metadata"] = metadata
    if settings.wandb_project:
        body["integrations"] = [{"type": "wandb", "wandb": {"project": settings.wandb_project}}]
    chosen = _hyperparameters(settings, provider)
    if provider.body_style == "method":
        inner = {"hyperparameters": chosen} if chosen else {}
        body["method"] = {"type": settings.method, settings.method: inner}
    elif chosen:
        body["hyperparameters"] = chosen
    beside = {name: value for name, value in settings.extra_body.items() if name not in _STANDARD}
    if beside:
        body["extra_body"] = beside
    return body


def _hyperparameters(settings: "LaunchSettings", provider: Provider) -> dict[str, Any]:
    names = provider.hyperparameter_names
    chosen = {names[name]: value for name, value in _chosen(settings).items()}
    extra = provider.full_hyperparameters if settings.full else {}
    return {**provider.fixed_hyperparameters, **chosen, **extra}


def _chosen(settings: "LaunchSettings") -> dict[str, Any]:
    """The hyperparameters that are chosen, by our names."""
    chosen = {
        "epochs": settings.epochs,
        "batch_size": settings.batch_size,
        "learning_rate": settings.learning_rate,
        "beta": settings.beta if settings.method == "dpo" else None,
        "lora_rank": None if settings.full else settings.lora_rank,
    }
    return {name: value for name, value in chosen.items() if value is not None}


def _refuse_what_is_missing(
    settings: "LaunchSettings", provider: Provider, metadata: Mapping[str, str]
) -> None:
    """Refuse what would be dropped in silence.

    Raises:
        UserError: The provider does not have what is chosen.
    """
    if settings.method not in provider.methods:
        raise UserError(
            _("{provider} does not train by “{method}”.").format(
                provider=provider.title, method=settings.method
            ),
            _("It trains by: {methods}.").format(methods=", ".join(provider.methods)),
        )
    problem = provider.suffix_problem(settings.name)
    if problem:
        raise UserError(problem, _("Choose another name."))
    missing = [name for name in _chosen(settings) if name not in provider.hyperparameter_names]
    lacks = {
        "full": settings.full and not provider.full_hyperparameters,
        "seed": settings.seed is not None and not provider.seed,
        "metadata": bool(metadata) and not provider.metadata,
        "wandb": bool(settings.wandb_project) and not provider.wandb,
    }
    missing += [name for name, is_lacking in lacks.items() if is_lacking]
    if missing:
        raise UserError(
            _("{provider} has no setting for: {missing}.").format(
                provider=provider.title, missing=", ".join(missing)
            ),
            _("Leave it to the provider, or choose another one."),
        )
