"""Asks, once, whether the window shall close while this computer trains."""

from collections.abc import Callable

from tunedesk.gui.feedback import Feedback
from tunedesk.i18n import _
from tunedesk.settings import Settings

TOLD = "fine_tune.told_that_training_goes_on"
"""The user's setting that keeps that they know."""


def ask_about_training(
    settings: Settings, feedback: Feedback, on_yes: Callable[[], object]
) -> bool:
    """Ask, unless the user has agreed before.

    Args:
        settings: Where it is kept that they have agreed.
        feedback: The window's voice.
        on_yes: Called when they agree.

    Returns:
        Whether they are being asked now.
    """
    if settings.window.get(TOLD):
        return False

    def agree() -> None:
        settings.window[TOLD] = True
        on_yes()

    feedback.confirm(
        _("Close while this computer trains?"),
        _(
            "Training goes on when this window closes; the next time you open the project, "
            "everything is there. To stop it, cancel the run first."
        ),
        _("Close the window"),
        agree,
    )
    return True
