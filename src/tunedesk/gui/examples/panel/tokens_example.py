"""How long the open example is: tokens by role, tools and images, and the limit of the target."""

from collections import Counter

from PySide6.QtWidgets import QVBoxLayout, QWidget

from tunedesk.examples.json_text import JsonSyntaxError
from tunedesk.gui.examples.form.open_example import OpenExample
from tunedesk.gui.examples.form.roles import role_title
from tunedesk.gui.examples.panel.fact_lines import FactLine, FactLines, figure_text
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.label import Label
from tunedesk.gui.widgets.section_title import SectionTitle
from tunedesk.i18n import _

_ESTIMATE = _("Tools and images follow OpenAI's published formula; the real count may differ.")


class ExampleTokens(QWidget):
    """The section "This example", live as the example is written."""

    def __init__(
        self, *, open_example: OpenExample, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._open_example = open_example
        self._limit = 0
        self._model = ""
        self._watched = True
        self.facts = FactLines(theme=theme)
        self._note = Label(theme, "", "small", "muted", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(SectionTitle(theme, _("This example")))
        column.addWidget(self.facts)
        column.addWidget(self._note)
        open_example.loaded.connect(self._refresh_if_watched)
        open_example.facts_changed.connect(self._refresh_if_watched)
        self.refresh()

    def set_basis(self, limit: int, model: str) -> None:
        """Say how many tokens an example may have, and on which model it will be trained."""
        self._limit, self._model = limit, model
        self.refresh()

    def watch(self, watched: bool) -> None:
        """Say whether it is seen: out of sight it does not follow the open example."""
        if watched and not self._watched:
            self.refresh()
        self._watched = watched

    def _refresh_if_watched(self) -> None:
        if self._watched:
            self.refresh()

    def refresh(self) -> None:
        """Show the figures of the example as it is now."""
        facts = self._open_example.facts
        if self._open_example.example_id is None or facts is None:
            self.facts.set_lines([])
            self._note.setText(_("No example is open."))
            return
        estimated = facts.tool_tokens + facts.image_tokens > 0
        over = facts.tokens - self._limit
        lines = [
            FactLine(
                _("Tokens ({model})").format(model=self._model) if self._model else _("Tokens"),
                figure_text(facts.tokens, estimated),
                strong=True,
                tone="error" if over > 0 else "",
            ),
            *self._by_role(),
        ]
        lines += estimate_lines(facts.tool_tokens, facts.image_tokens)
        frame = facts.message_tokens - sum(self._open_example.message_tokens)
        if lines[1:] and frame > 0:
            lines.append(_part(_("Frame"), frame, _("What the format itself takes")))
        lines += [
            FactLine(
                _("Trained on"),
                figure_text(facts.trained_tokens, facts.tool_tokens > 0),
                strong=True,
                tone="" if facts.trained_tokens else "warning",
                tooltip=_("The answers that the model learns to give"),
            ),
            FactLine(_("Limit"), f"{self._limit:,}"),
        ]
        self.facts.set_lines(lines)
        if over > 0:
            self._note.setText(
                _("{count} tokens too long: the end, the answer, would be cut off.").format(
                    count=f"{over:,}"
                )
            )
        else:
            self._note.setText(
                _("A token is a piece of a word: in English about three quarters of one.")
            )
        self._note.set_tone("error" if over > 0 else "muted")

    def _by_role(self) -> list[FactLine]:
        """The tokens of the messages, added up by role, in the order in which they first speak."""
        counts = self._open_example.message_tokens
        try:
            messages = self._open_example.conversation.messages
        except JsonSyntaxError:
            return []
        if not counts or len(counts) != len(messages):
            return []
        sums: Counter[str | None] = Counter()
        for message, tokens in zip(messages, counts, strict=True):
            sums[message.role] += tokens
        return [_part(role_title(role), tokens) for role, tokens in sums.items()]


def estimate_lines(tools: int, images: int) -> list[FactLine]:
    """The part of a length that is an estimate: what there is of it."""
    parts = ((_("Tools, estimate"), tools), (_("Images, estimate"), images))
    return [_part(name, tokens, _ESTIMATE, about=True) for name, tokens in parts if tokens]


def _part(name: str, tokens: int, tooltip: str = "", *, about: bool = False) -> FactLine:
    value = figure_text(tokens, about)
    return FactLine(name, value, tone="muted", indent=True, tooltip=tooltip)
