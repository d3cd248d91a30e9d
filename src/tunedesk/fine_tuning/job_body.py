"""The body of the request that makes a job: one meaning, in each provider's own form."""

from dataclasses import dataclass, field
from typing import Any

from tunedesk.errors import UserError
from tunedesk.fine_tuning.providers import Provider
from tunedesk.i18n import _

_STANDARD = frozenset(
    (
        *("model", "training_file", "validation_file", "suffix", "seed", "method"),
        *("hyperparameters", "integrations", "metadata"),
    )
)


@dataclass(frozen=True)
class JobWishes:
    """What a job is to be; None and empty mean that the provider decides.

    Attributes:
        model: The base model, by its name for training.
        training_file: The id of the uploaded training file.
        validation_file: The id of the uploaded validation file.
        method: "supervised" or "dpo".
        suffix: What stands in the tuned model's name.
        epochs: How often all examples are gone through.
        batch_size: How many examples make a step.
        learning_rate: A multiplier, or absolute, as the provider has it.
        beta: How far "dpo" may lead away from the base model.
        lora_rank: The size of the adapter.
        full: Whether all weights are trained instead of an adapter.
        seed: The seed.
        wandb_project: The project at Weights & Biases.
        metadata: What is kept with the job.
        extra_body: What is sent beside all this, such as a preset of the provider.
    """

    model: str
    training_file: str
    validation_file: str = ""
    method: str = "supervised"
    suffix: str = ""
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    beta: float | None = None
    lora_rank: int | None = None
    full: bool = False
    seed: int | None = None
    wandb_project: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    extra_body: dict[str, Any] = field(default_factory=dict)


def job_body(wishes: JobWishes, provider: Provider) -> dict[str, Any]:
    """The arguments of the SDK's `fine_tuning.jobs.create`.

    What is not wished is left out, not sent as null; what OpenAI's API does not have stands in
    `extra_body`.

    Raises:
        UserError: The provider does not have what is wished.
    """
    _check(wishes, provider)
    body: dict[str, Any] = {"model": wishes.model, "training_file": wishes.training_file}
    if wishes.validation_file:
        body["validation_file"] = wishes.validation_file
    if wishes.suffix:
        body["suffix"] = wishes.suffix
    if wishes.seed is not None:
        body["seed"] = wishes.seed
    if wishes.metadata:
        body["metadata"] = dict(wishes.metadata)
    if wishes.wandb_project:
        body["integrations"] = [{"type": "wandb", "wandb": {"project": wishes.wandb_project}}]
    chosen = _hyperparameters(wishes, provider)
    if provider.body_style == "method":
        inner = {"hyperparameters": chosen} if chosen else {}
        body["method"] = {"type": wishes.method, wishes.method: inner}
    elif chosen:
        body["hyperparameters"] = chosen
    beside = {name: value for name, value in wishes.extra_body.items() if name not in _STANDARD}
    if beside:
        body["extra_body"] = beside
    return body


def _hyperparameters(wishes: JobWishes, provider: Provider) -> dict[str, Any]:
    names = provider.hyperparameter_names
    chosen = {names[name]: value for name, value in _wished(wishes).items()}
    extra = provider.full_hyperparameters if wishes.full else {}
    return {**provider.fixed_hyperparameters, **chosen, **extra}


def _wished(wishes: JobWishes) -> dict[str, Any]:
    """The hyperparameters that are wished, by our names."""
    wished = {
        "epochs": wishes.epochs,
        "batch_size": wishes.batch_size,
        "learning_rate": wishes.learning_rate,
        "beta": wishes.beta if wishes.method == "dpo" else None,
        "lora_rank": None if wishes.full else wishes.lora_rank,
    }
    return {name: value for name, value in wished.items() if value is not None}


def _check(wishes: JobWishes, provider: Provider) -> None:
    """Refuse what would be dropped in silence.

    Raises:
        UserError: The provider does not have what is wished.
    """
    if wishes.method not in provider.methods:
        raise UserError(
            _("{provider} does not train by “{method}”.").format(
                provider=provider.title, method=wishes.method
            ),
            _("It trains by: {methods}.").format(methods=", ".join(provider.methods)),
        )
    problem = provider.suffix_problem(wishes.suffix)
    if problem:
        raise UserError(problem, _("Choose another name."))
    missing = [name for name in _wished(wishes) if name not in provider.hyperparameter_names]
    lacks = {
        "full": wishes.full and not provider.full_hyperparameters,
        "seed": wishes.seed is not None and not provider.seed,
        "metadata": bool(wishes.metadata) and not provider.metadata,
        "wandb": bool(wishes.wandb_project) and not provider.wandb,
    }
    missing += [name for name, is_lacking in lacks.items() if is_lacking]
    if missing:
        raise UserError(
            _("{provider} has no setting for: {missing}.").format(
                provider=provider.title, missing=", ".join(missing)
            ),
            _("Leave it to the provider, or choose another one."),
        )
