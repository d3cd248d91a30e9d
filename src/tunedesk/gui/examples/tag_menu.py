"""The menu of tags: those that the selected rows have, those there are, and a new one."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog, QLineEdit, QMenu, QWidget

from tunedesk.i18n import _

MOST_TAGS = 40
LONGEST_TAG = 60

SetTag = Callable[[str, bool], object]


def fill_tag_menu(
    menu: QMenu,
    *,
    tags: Iterable[tuple[str, int]],
    on_all: frozenset[str],
    on_some: frozenset[str],
    set_tag: SetTag,
) -> None:
    """Offer tags to be put on rows and taken off.

    Args:
        menu: Where they go.
        tags: All tags of the project with how many examples have them.
        on_all: The tags that every chosen row has; choosing one takes it off.
        on_some: The tags that some of them have; choosing one puts it on the others too.
        set_tag: Called with the tag, and whether to put it on.
    """
    new = menu.addAction(_("New tag…"))
    new.triggered.connect(lambda: ask_tag(menu.parentWidget(), set_tag))
    known = list(tags)[:MOST_TAGS]
    if known:
        menu.addSeparator()
    for tag, _count in known:
        part = tag in on_some and tag not in on_all
        words = _("{tag} (on some)").format(tag=tag) if part else tag
        action = menu.addAction(words.replace("&", "&&"))
        action.setCheckable(True)
        action.setChecked(tag in on_all)
        action.triggered.connect(lambda _checked, tag=tag: set_tag(tag, tag not in on_all))


def ask_tag(parent: QWidget | None, set_tag: SetTag) -> QInputDialog:
    """Ask for the name of a new tag and put it on."""
    dialog = QInputDialog(parent.window() if parent else None)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle(_("New tag"))
    dialog.setLabelText(_("Name of the tag"))
    dialog.setOkButtonText(_("Tag"))
    field = dialog.findChild(QLineEdit)
    if field is not None:
        field.setMaxLength(LONGEST_TAG)
        field.setAccessibleName(_("Name of the tag"))

    def take(name: str) -> None:
        if name.strip():
            set_tag(name.strip(), True)

    dialog.textValueSelected.connect(take)
    dialog.open()
    return dialog
