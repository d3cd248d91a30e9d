"""The menu of the selected rows, and of all rows of the filter."""

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QWidget

from tunedesk.gui.actions import Actions
from tunedesk.gui.examples.chosen_rows import ChosenRows
from tunedesk.gui.examples.row_actions import STATE_ACTIONS, RowActions
from tunedesk.gui.examples.table_model import ExampleTableModel
from tunedesk.gui.examples.tag_menu import fill_tag_menu
from tunedesk.gui.state_look import STATES
from tunedesk.i18n import _

LOOK_AT_MOST = 300
"""The tags of so many rows are looked at to tell which are on."""

ROW_ACTIONS = ("example.duplicate", "example.copy", "example.paste", None)
MOVES = ("example.move_up", "example.move_down", None, "example.delete")


def row_menu(
    *,
    parent: QWidget,
    actions: Actions,
    row_actions: RowActions,
    model: ExampleTableModel,
    tags: Iterable[tuple[str, int]],
) -> QMenu:
    """What can be done with the selected rows."""
    rows = row_actions.rows()
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    if rows.count > 1:
        menu.addAction(rows.words).setEnabled(False)
        menu.addSeparator()
    for action_id in STATE_ACTIONS:
        menu.addAction(actions[action_id])
    menu.addSeparator()
    add_tags(menu.addMenu(_("Tags")), row_actions, model, rows, tags)
    menu.addSeparator()
    for name in (*ROW_ACTIONS, *MOVES):
        if name is None:
            menu.addSeparator()
        elif actions.connected(name):
            menu.addAction(actions[name])
    everything = row_actions.all_rows()
    if everything.count > rows.count:
        menu.addSeparator()
        title = (
            _("All {examples}") if model.query.unfiltered else _("All {examples} of this filter")
        )
        below = menu.addMenu(title.format(examples=everything.words))
        for state in STATE_ACTIONS.values():
            words = _("Set to “{state}”").format(state=STATES[state].label)
            below.addAction(words).triggered.connect(
                lambda _checked, state=state: row_actions.set_state(state, everything)
            )
        below.addSeparator()
        add_tags(below.addMenu(_("Tags")), row_actions, model, everything, tags)
        below.addSeparator()
        below.addAction(_("Delete {examples}").format(examples=everything.words)).triggered.connect(
            lambda: row_actions.delete(everything)
        )
    return menu


def tag_menu(
    *,
    parent: QWidget,
    row_actions: RowActions,
    model: ExampleTableModel,
    tags: Iterable[tuple[str, int]],
) -> QMenu:
    """The tags alone, as the key for tags shows them."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    rows = row_actions.rows()
    menu.addAction(_("Tag {examples}").format(examples=rows.words)).setEnabled(False)
    add_tags(menu, row_actions, model, rows, tags)
    return menu


def add_tags(
    menu: QMenu,
    row_actions: RowActions,
    model: ExampleTableModel,
    rows: ChosenRows,
    tags: Iterable[tuple[str, int]],
) -> None:
    """Fill a menu with tags for these rows."""
    on_all: frozenset[str] = frozenset()
    on_some: frozenset[str] = frozenset()
    if rows.count <= LOOK_AT_MOST:
        sets = [
            frozenset(row.tags)
            for row in (model.row_at(model.row_of(one)) for one in rows.ids)
            if row is not None
        ]
        on_all = frozenset.intersection(*sets) if sets else on_all
        on_some = frozenset().union(*sets)
    fill_tag_menu(
        menu,
        tags=tags,
        on_all=on_all,
        on_some=on_some,
        set_tag=lambda tag, add: row_actions.tag(tag, add, rows),
    )
