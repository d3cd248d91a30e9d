"""The command that launches the same from a terminal."""

import shlex

from tunedesk.fine_tuning.launch_settings import APPROVED, VALIDATION_SHARE, LaunchSettings


def command_words(settings: LaunchSettings, project_name: str) -> str:
    """The command line for these settings, ready to be pasted into a shell."""
    words = ["tunedesk", "launch", project_name, "--provider", settings.provider]
    if settings.base_url:
        words += ["--base-url", settings.base_url]
    words += ["--model", settings.base_model]
    if settings.query == APPROVED:
        words += ["--approved"]
    if settings.validation_share != VALIDATION_SHARE:
        words += ["--validation", f"{settings.validation_share:g}"]
    if settings.epochs is not None:
        words += ["--epochs", str(settings.epochs)]
    if settings.name:
        words += ["--suffix", settings.name]
    return shlex.join(words)
