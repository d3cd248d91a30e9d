"""One picture of a message: a small view with its size, or the address that it is."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from tunedesk.examples.conversation import ImagePart
from tunedesk.gui.background import Background
from tunedesk.gui.examples.form.calm_combo_box import CalmComboBox
from tunedesk.gui.examples.form.picture import THUMBNAIL, SmallView, small_view
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.elided_label import ElidedLabel
from tunedesk.gui.widgets.icon_button import IconButton
from tunedesk.gui.widgets.label import Label
from tunedesk.i18n import _

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
        self._detail = CalmComboBox()
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
        facts = [size_in_words(info.size)] if info.size else []
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
            self._picture.show()
        self.updateGeometry()


def size_in_words(size: int) -> str:
    """A number of bytes as people read it."""
    if size >= 1_000_000:
        return _("{size} MB").format(size=f"{size / 1_000_000:.1f}")
    if size >= 1_000:
        return _("{size} KB").format(size=f"{size / 1_000:.0f}")
    return _("{size} bytes").format(size=size)
