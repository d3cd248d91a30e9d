"""How the five states of an example look: label, tone and icon, the same on every screen."""

from typing import NamedTuple

from tunedesk.i18n import _


class StateLook(NamedTuple):
    """How one state is shown.

    Attributes:
        label: The visible word.
        tone: Tone of its badge, and the colour of its mark in the theme.
        color: The theme's colour of the mark.
        icon: Our name of the icon.
    """

    label: str
    tone: str
    color: str
    icon: str


STATES = {
    "to_review": StateLook(_("To review"), "warning", "warning", "clock"),
    "draft": StateLook(_("Draft"), "muted", "text_muted", "edit"),
    "approved": StateLook(_("Approved"), "success", "success", "approved"),
    "changes_wanted": StateLook(_("Changes wanted"), "accent", "accent", "changes_wanted"),
    "rejected": StateLook(_("Rejected"), "error", "error", "reject"),
}
