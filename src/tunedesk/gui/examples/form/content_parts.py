"""What a message says: one text, or a list of texts, pictures and other parts."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from tunedesk.examples.conversation import ImagePart, Message, Part, TextPart
from tunedesk.gui.background import Background
from tunedesk.gui.examples.form.message_text import MessageText
from tunedesk.gui.examples.form.pictures import THUMBNAIL, SmallView, small_view
from tunedesk.gui.roles_and_states import role_hint, role_title
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.buttons import IconButton
from tunedesk.gui.widgets.choices import NoWheelComboBox
from tunedesk.gui.widgets.labels import ElidedLabel, Label, plain_tooltip
from tunedesk.i18n import _, size_text

LONGEST_SHOWN = 600
LONGEST_TOOLTIP = 4_000
LINE = 24
ONE_LINE = 40
"""A value as short as this stands in one line at any width."""


class RawValueRow(QWidget):
    """A key and its raw value.

    Signals:
        fix_requested: The offered way to fix it was chosen.
        removed: The value is to go.
    """

    fix_requested = Signal()
    removed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._key = Label(theme, font="small", tone="muted")
        self._value = Label(theme, font="mono", wrap=True)
        self._value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._fix = QPushButton()
        self._fix.setProperty("kind", "link")
        self._remove = IconButton(theme, "delete", _("Remove"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for label in (self._key, self._value):
            label.setMinimumHeight(LINE)
        row.addWidget(self._key)
        row.addWidget(self._value, 1)
        row.addWidget(self._fix, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._remove, 0, Qt.AlignmentFlag.AlignTop)
        self._fix.clicked.connect(self.fix_requested)
        self._remove.clicked.connect(self.removed)

    def align_keys(self, width: int) -> None:
        """Give the key so much room, so that the values of several rows stand in one column."""
        self._key.setMinimumWidth(width)

    def key_width(self, key: str) -> int:
        """The room that a key needs."""
        return self._key.fontMetrics().horizontalAdvance(key)

    def show_value(self, key: str, raw: str, fix: str, removable: bool) -> None:
        """Show a value.

        Args:
            key: Its key, or what it is.
            raw: Its spelling.
            fix: What the button that fixes it says; empty for none.
            removable: Whether it can be taken out.
        """
        self._key.setText(key)
        self._key.setVisible(bool(key))
        shown = raw if len(raw) <= LONGEST_SHOWN else raw[:LONGEST_SHOWN] + " …"
        self._value.setText(shown)
        middle, top = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignTop
        self._key.setAlignment(middle if len(raw) <= ONE_LINE else top)
        self._value.setToolTip(plain_tooltip(raw[:LONGEST_TOOLTIP]) if shown != raw else "")
        self._fix.setText(fix)
        self._fix.setVisible(bool(fix))
        self._remove.setVisible(removable)
        self._remove.set_name(_("Remove {key}").format(key=key) if key else _("Remove"))


DETAILS = ("auto", "low", "high")
LONGEST_ADDRESS = 2_000


class ImageView(QWidget):
    """Shows one picture part. An address is shown as text and never opened.

    Signals:
        removed: The user takes the picture out.
        detail_changed: The detail in which the model looks at it.
    """

    removed = Signal()
    detail_changed = Signal(str)

    def __init__(self, theme: Theme, background: Background, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._url = ""
        self._picture = QLabel()
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title = ElidedLabel(theme, mode=Qt.TextElideMode.ElideMiddle)
        self._about = Label(theme, font="small", tone="muted", wrap=True)
        self._detail = NoWheelComboBox()
        self._detail.setToolTip(
            _("How closely the model looks: low costs few tokens, high shows small print.")
        )
        self._remove = IconButton(theme, "delete", _("Remove picture"))
        detail_row = QHBoxLayout()
        detail_label = Label(theme, _("Detail"), "small", "muted")
        detail_label.setBuddy(self._detail)
        detail_row.addWidget(detail_label)
        detail_row.addWidget(self._detail)
        detail_row.addStretch(1)
        column = QVBoxLayout()
        column.setSpacing(4)
        column.addWidget(self._title)
        column.addWidget(self._about)
        column.addLayout(detail_row)
        column.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 2, 0, 2)
        row.setSpacing(12)
        row.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(column, 1)
        row.addWidget(self._remove, 0, Qt.AlignmentFlag.AlignTop)
        self._remove.clicked.connect(self.removed)
        self._detail.activated.connect(
            lambda number: self.detail_changed.emit(self._detail.itemText(number))
        )

    def show_part(self, part: ImagePart, name: str, writable: bool) -> None:
        """Show a picture part.

        Args:
            part: The part.
            name: What screen readers call it.
            writable: Whether it can be changed.
        """
        self.setAccessibleName(name)
        self._detail.setAccessibleName(_("Detail"))
        detail = part.detail or "auto"
        if self._detail.currentText() != detail or not self._detail.count():
            self._detail.clear()
            self._detail.addItems(list(dict.fromkeys((*DETAILS, detail))))
            self._detail.setCurrentText(detail)
        self._detail.setEnabled(writable)
        self._remove.setVisible(writable)
        if part.url == self._url:
            return
        self._url = part.url
        self._picture.clear()
        self._picture.hide()
        if part.url[:5].lower() == "data:":
            self._title.setText(_("Embedded picture"))
            self._about.setText(_("Reading…"))
            self._background.run(small_view, part.url, on_result=self._show_view)
        else:
            self._title.setText(part.url[:LONGEST_ADDRESS])
            self._about.setText(_("An address. Tunedesk does not open it; the trainer will."))

    def _show_view(self, view: SmallView) -> None:
        if view.url != self._url:
            return  # another picture is shown by now
        info = view.info
        self._title.setText(
            f"{info.width:,} × {info.height:,} px"
            if info.width and info.height
            else _("Embedded picture")
        )
        facts = [size_text(info.size)] if info.size else []
        if info.size and info.media_type:
            facts.append(info.media_type.rpartition("/")[2].upper())
        self._about.setText(view.reason or " · ".join(facts))
        if view.image is not None:
            pixmap = QPixmap.fromImage(view.image)
            ratio = self.devicePixelRatioF()
            room = QSize(round(THUMBNAIL.width() * ratio), round(THUMBNAIL.height() * ratio))
            if pixmap.width() > room.width() or pixmap.height() > room.height():
                pixmap = pixmap.scaled(
                    room,
                    Qt.AspectRatioMode.KeepAspectRatio,
                    Qt.TransformationMode.SmoothTransformation,
                )
            pixmap.setDevicePixelRatio(ratio)
            self._picture.setPixmap(pixmap)
            self._picture.setAccessibleName(self._title.text())
            self._picture.show()
        self.updateGeometry()


class ContentParts(QWidget):
    """The parts of a message one below the other; a plain text is a single part.

    The first text box is always the same widget, so that the cursor stays in it when a plain text
    becomes a list.

    Signals:
        text_edited: A text was typed: the number of its part, -1 for a plain text, and the text.
        part_removed: A part is to go.
        detail_changed: The detail of a picture part.
        text_made: A text box was made, for the card to wire up.
        turned_into_text: A value that is not a text is to become one.
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
        for index, widget in enumerate(wanted):
            item = self._column.itemAt(index)
            if item is None or item.widget() is not widget:
                self._column.insertWidget(index, widget)
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
        fix = _("Turn into text") if writable and message.is_object else ""
        label = _("Not a text:") if message.is_object else _("Not a message:")
        row.show_value(label, message.text, fix, False)
        return row

    def _raw_row(self, slot: int) -> RawValueRow:
        if slot == len(self._raws):
            row = RawValueRow(self._theme, self)
            row.fix_requested.connect(self.turned_into_text)
            row.removed.connect(lambda row=row: self.part_removed.emit(self._numbers[row]))
            self._raws.append(row)
        return self._raws[slot]


def _part_name(name: str, number: int) -> str:
    return _("{name}, part {number}").format(name=name, number=number + 1)
