"""What is worked out about one record: its kind, preview, lengths, fingerprints and problems."""

from typing import NamedTuple

from tunedesk.checks.problem import Problem
from tunedesk.examples.kinds.kind import KindName
from tunedesk.examples.kinds.unreadable import UNREADABLE


class Facts(NamedTuple):
    """The derived facts of one version of a record.

    The project file keeps each under the name that it has here; a new one needs no more than a
    column of that name.

    Attributes:
        kind: What kind of training example it is; "unreadable" when it is not a JSON object.
        preview: One line of text that shows what it is about, at most 160 characters.
        roles: One letter a message: s(ystem), u(ser), a(ssistant), t(ool), f(unction),
            d(eveloper), ? for anything else.
        tokens: All of it: messages, tools and images.
        message_tokens: The exact part: roles, texts and names with the format's own tokens.
        tool_tokens: An estimate for tools and tool calls.
        image_tokens: An estimate for images.
        trained_tokens: The tokens of the assistant messages that are trained on.
        fingerprint: Hash of the whole conversation.
        question: Hash of all that stands before the last assistant answer.
        answer: Hash of that answer.
        system: Hash of the system prompt.
        problems: All problems, in the order of the record.
    """

    kind: KindName
    preview: str
    roles: str = ""
    tokens: int = 0
    message_tokens: int = 0
    tool_tokens: int = 0
    image_tokens: int = 0
    trained_tokens: int = 0
    fingerprint: int | None = None
    question: int | None = None
    answer: int | None = None
    system: int | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def is_readable(self) -> bool:
        """Whether it is a JSON object."""
        return self.kind != UNREADABLE.name

    @property
    def turns(self) -> int:
        """How many messages it has."""
        return len(self.roles)


def unchecked(preview: str) -> Facts:
    """The facts of a record of which nothing is known but how it begins."""
    return Facts("other", preview)
