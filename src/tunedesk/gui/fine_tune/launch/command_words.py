"""The command that launches the same from a terminal."""

import shlex

from tunedesk.fine_tuning.launch_settings import (
    ALL_BUT_REJECTED,
    VALIDATION_SHARE,
    LaunchSettings,
)
from tunedesk.project.query_language import query_words


def command_words(settings: LaunchSettings, project_name: str) -> str | None:
    """The command line for these settings, to be pasted into a shell.

    Returns:
        None, if the command has no option for one of them.
    """
    where = "" if settings.query == ALL_BUT_REJECTED else query_words(settings.query)
    unsaid = (settings.beta, settings.lora_rank, settings.full, settings.wandb_project)
    if where is None or any(unsaid) or settings.metadata or settings.extra_body:
        return None
    options = [
        ("--provider", settings.provider, settings.provider != "local"),
        ("--base-url", settings.base_url, bool(settings.base_url)),
        ("--model", settings.base_model, True),
        ("--method", settings.method, settings.method != "supervised"),
        ("--where", where, bool(where)),
        (
            "--validation",
            f"{settings.validation_share:g}",
            settings.validation_share != VALIDATION_SHARE,
        ),
        ("--epochs", str(settings.epochs), settings.epochs is not None),
        ("--batch-size", str(settings.batch_size), settings.batch_size is not None),
        ("--learning-rate", str(settings.learning_rate), settings.learning_rate is not None),
        ("--seed", str(settings.seed), settings.seed is not None),
        ("--suffix", settings.name, bool(settings.name)),
    ]
    words = ["tunedesk", "launch", project_name]
    for option, value, given in options:
        words += [option, value] if given else []
    return shlex.join([*words, "--without-errors"] if settings.leave_out_errors else words)
