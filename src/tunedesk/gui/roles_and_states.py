"""How roles of messages and states of examples look and read, the same on every screen."""

from typing import NamedTuple

from tunedesk.i18n import _

ROLES = ("system", "user", "assistant", "tool")
"""The roles that a new message may have."""

_COLORS = {
    "system": "role_system",
    "developer": "role_system",
    "user": "role_user",
    "assistant": "role_assistant",
    "tool": "role_tool",
    "function": "role_tool",
}


def role_title(role: str | None) -> str:
    """The role as the user reads it; one that is not known shows its own word."""
    titles = {
        "system": _("System"),
        "developer": _("Developer"),
        "user": _("User"),
        "assistant": _("Assistant"),
        "tool": _("Tool"),
        "function": _("Function"),
    }
    if role is None:
        return _("No role")
    return titles.get(role, role.strip() or _("No role"))


def role_color(role: str | None) -> str:
    """The name of the role's colour in the theme."""
    return _COLORS.get(role or "", "error")


def role_hint(role: str | None, calls_tools: bool) -> str:
    """What an empty box of this role says it is for."""
    hints = {
        "system": _("Who the model is and how it should answer"),
        "developer": _("Who the model is and how it should answer"),
        "user": _("What the user asks"),
        "assistant": _("The answer the model should learn to give"),
        "tool": _("What the tool gave back"),
        "function": _("What the function gave back"),
    }
    if role == "assistant" and calls_tools:
        return _("No text beside the tool call")
    return hints.get(role or "", _("The text of the message"))


def role_explanation(role: str | None) -> str:
    """One line for someone who has never met the word."""
    sentences = {
        "system": _("The instructions that stand above the conversation"),
        "developer": _("A newer word for system; not every trainer knows it, and all know system"),
        "user": _("What the person writes to the model"),
        "assistant": _("What the model answers; this is what it learns"),
        "tool": _("What a program that the model called gave back"),
        "function": _("The older form of a tool's answer"),
    }
    return sentences.get(role or "", _("No trainer knows this role"))


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
