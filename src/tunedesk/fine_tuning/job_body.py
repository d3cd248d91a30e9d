"""The body of the request that makes a job: one meaning, in each provider's own form."""

from collections.abc import Mapping
from typing import Any

from tunedesk.errors import UserError
from tunedesk.fine_tuning.launch_settings import LaunchSettings
from tunedesk.fine_tuning.providers import Provider
from tunedesk.i18n import _

_STANDARD = frozenset(
    (
        *("model", "training_file", "validation_file", "suffix", "seed", "method"),
        *("hyperparameters", "integrations", "metadata"),
    )
)


def job_body(
    settings: LaunchSettings,
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
    _check(settings, provider, metadata)
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


def _hyperparameters(settings: LaunchSettings, provider: Provider) -> dict[str, Any]:
    names = provider.hyperparameter_names
    chosen = {names[name]: value for name, value in _chosen(settings).items()}
    extra = provider.full_hyperparameters if settings.full else {}
    return {**provider.fixed_hyperparameters, **chosen, **extra}


def _chosen(settings: LaunchSettings) -> dict[str, Any]:
    """The hyperparameters that are chosen, by our names."""
    chosen = {
        "epochs": settings.epochs,
        "batch_size": settings.batch_size,
        "learning_rate": settings.learning_rate,
        "beta": settings.beta if settings.method == "dpo" else None,
        "lora_rank": None if settings.full else settings.lora_rank,
    }
    return {name: value for name, value in chosen.items() if value is not None}


def _check(settings: LaunchSettings, provider: Provider, metadata: Mapping[str, str]) -> None:
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
