"""What a message says: one text, or a list of texts, pictures and other parts."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tunedesk.examples.conversation import ImagePart, Message, Part, TextPart
from tunedesk.gui.background import Background
from tunedesk.gui.examples.form.image_view import ImageView
from tunedesk.gui.examples.form.message_text import MessageText
from tunedesk.gui.examples.form.raw_value_row import RawValueRow
from tunedesk.gui.examples.form.roles import role_hint, role_title
from tunedesk.gui.theme import Theme
from tunedesk.i18n import _


class ContentParts(QWidget):
    """The parts of a message one below the other; a plain text is a single part.

    The first text box is always the same widget, so that the cursor stays in it when a plain text
    becomes a list.

    Signals:
        text_edited: A text was typed: the number of its part, -1 for a plain text, and the text.
        part_removed: A part is to go.
        detail_changed: The detail of a picture part.
        text_made: A text box was made, for the card to wire up.
        turned_into_text: A value that is no text is to become one.
    """

    text_edited = Signal(int, object)
    part_removed = Signal(int)
    detail_changed = Signal(int, str)
    text_made = Signal(object)
    turned_into_text = Signal()

    def __init__(self, theme: Theme, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._background = background
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._texts: list[MessageText] = []
        self._images: list[ImageView] = []
        self._raws: list[RawValueRow] = []
        self._shown: list[QWidget] = []
        self._numbers: dict[QWidget, int] = {}
        self._font: QFont | None = None

    def texts(self) -> list[tuple[int, MessageText]]:
        """The text boxes that are shown, each with the number of its part, -1 for a plain text."""
        return [(self._numbers[text], text) for text in self._texts if text in self._numbers]

    def first_text(self) -> MessageText | None:
        """The box in which writing begins; None if there is no text part."""
        return next((text for _number, text in self.texts()), None)

    def set_text_font(self, font: QFont) -> None:
        """Show all texts in a font."""
        if font != self._font:
            self._font = font
            for text in self._texts:
                text.setFont(font)

    def show_message(self, message: Message, writable: bool) -> None:
        """Show the content of a message."""
        self._numbers.clear()
        role = role_title(message.role)
        name = _("{role} message {number}").format(role=role, number=message.index + 1)
        calls = bool(message.tool_calls or message.function_call)
        hint = role_hint(message.role, calls)
        wanted: list[QWidget] = []
        if message.content_kind == "other" or not message.is_object:
            wanted.append(self._odd_content(message, writable))
        elif message.parts is None:
            wanted.append(self._text(0, -1, name, message.text, hint, writable))
        else:
            texts = images = raws = 0
            for number, part in enumerate(message.parts):
                if isinstance(part, TextPart):
                    label = name if not texts else _part_name(name, number)
                    wanted.append(self._text(texts, number, label, part.text, hint, writable))
                    texts += 1
                elif isinstance(part, ImagePart):
                    wanted.append(self._image(images, number, part, name, writable))
                    images += 1
                else:
                    wanted.append(self._raw(raws, number, part, writable))
                    raws += 1
        self._arrange(wanted)

    def _arrange(self, wanted: list[QWidget]) -> None:
        for widget in self._shown:
            if widget not in wanted:
                self._column.removeWidget(widget)
                widget.hide()
        for place, widget in enumerate(wanted):
            item = self._column.itemAt(place)
            if item is None or item.widget() is not widget:
                self._column.insertWidget(place, widget)
            if widget.isHidden():
                widget.show()
        self._shown = wanted

    def _text(
        self, slot: int, number: int, name: str, text: str, hint: str, writable: bool
    ) -> MessageText:
        if slot == len(self._texts):
            box = MessageText(self)
            if self._font is not None:
                box.setFont(self._font)
            box.edited.connect(lambda new, box=box: self._edited(box, new))
            self._texts.append(box)
            self.text_made.emit(box)
        box = self._texts[slot]
        self._numbers[box] = number
        if box.accessibleName() != name:
            box.setAccessibleName(name)
        box.setPlaceholderText(hint)
        box.set_text(text)
        box.set_writable(writable)
        return box

    def _edited(self, box: MessageText, new: str) -> None:
        if box in self._numbers:
            self.text_edited.emit(self._numbers[box], new)

    def _image(
        self, slot: int, number: int, part: ImagePart, name: str, writable: bool
    ) -> ImageView:
        if slot == len(self._images):
            view = ImageView(self._theme, self._background, self)
            view.removed.connect(lambda view=view: self.part_removed.emit(self._numbers[view]))
            view.detail_changed.connect(
                lambda detail, view=view: self.detail_changed.emit(self._numbers[view], detail)
            )
            self._images.append(view)
        view = self._images[slot]
        self._numbers[view] = number
        view.show_part(
            part, _("Picture {number} of {name}").format(number=slot + 1, name=name), writable
        )
        return view

    def _raw(self, slot: int, number: int, part: Part, writable: bool) -> RawValueRow:
        row = self._raw_row(slot)
        self._numbers[row] = number
        row.show_value(_("Part"), getattr(part, "raw", ""), "", writable)
        return row

    def _odd_content(self, message: Message, writable: bool) -> RawValueRow:
        row = self._raw_row(0)
        self._numbers[row] = -1
        mend = _("Turn into text") if writable and message.is_object else ""
        label = _("Not a text:") if message.is_object else _("Not a message:")
        row.show_value(label, message.text, mend, False)
        return row

    def _raw_row(self, slot: int) -> RawValueRow:
        if slot == len(self._raws):
            row = RawValueRow(self._theme, self)
            row.mended.connect(self.turned_into_text)
            row.removed.connect(lambda row=row: self.part_removed.emit(self._numbers[row]))
            self._raws.append(row)
        return self._raws[slot]


def _part_name(name: str, number: int) -> str:
    return _("{name}, part {number}").format(name=name, number=number + 1)
