"""The five review states as the window shows them: name, colour and key."""

from dataclasses import dataclass
from functools import cache

from tunedesk.i18n import _


@dataclass(frozen=True)
class ReviewState:
    """How one review state looks.

    Attributes:
        key: The state as the project file keeps it.
        title: What the user reads.
        color: Name of its colour in the theme.
        soft: Name of the soft background that goes with the colour; empty for none.
        verb: What an action that sets it says.
    """

    key: str
    title: str
    color: str
    soft: str
    verb: str


@cache
def review_states() -> dict[str, ReviewState]:
    """All states by key, in the order in which the window lists them."""
    looks = (
        ReviewState("to_review", _("To review"), "warning", "warning_soft", _("Set to review")),
        ReviewState("draft", _("Draft"), "text_muted", "", _("Set to draft")),
        ReviewState("approved", _("Approved"), "success", "success_soft", _("Approve")),
        ReviewState(
            "changes_wanted", _("Changes wanted"), "accent", "accent_soft", _("Want changes")
        ),
        ReviewState("rejected", _("Rejected"), "error", "error_soft", _("Reject")),
    )
    return {look.key: look for look in looks}


def review_state(key: str) -> ReviewState:
    """The look of a state; an unknown one (of a newer project) shows its own name."""
    known = review_states().get(key)
    return known or ReviewState(key, key, "text_muted", "", key)
