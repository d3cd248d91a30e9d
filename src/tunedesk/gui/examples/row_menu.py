"""The menu of the selected rows, and of all rows of the filter, with the menu of tags."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QMenu, QWidget

from tunedesk.gui.actions import Actions
from tunedesk.gui.examples.row_actions import STATE_ACTIONS, RowActions, SelectedRows
from tunedesk.gui.examples.table_model import ExampleTableModel
from tunedesk.gui.examples.table_view import ExampleTable
from tunedesk.gui.roles_and_states import STATES
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.dialog import TextQuestion
from tunedesk.i18n import _, ngettext

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
    theme: Theme,
) -> None:
    """Offer tags to be put on rows and taken off.

    Args:
        menu: Where they go.
        tags: All tags of the project with how many examples have them.
        on_all: The tags that every selected row has; choosing one takes it off.
        on_some: The tags that some of them have; choosing one puts it on the others too.
        set_tag: Called with the tag, and whether to put it on.
        theme: The look of the question for a new tag.
    """
    new = menu.addAction(_("New tag…"))
    new.triggered.connect(lambda: ask_tag(theme, menu.parentWidget(), set_tag))
    known = list(tags)[:MOST_TAGS]
    if known:
        menu.addSeparator()
    for tag, _count in known:
        part = tag in on_some and tag not in on_all
        text = _("{tag} (on some)").format(tag=tag) if part else tag
        action = menu.addAction(text.replace("&", "&&"))
        action.setCheckable(True)
        action.setChecked(tag in on_all)
        action.triggered.connect(lambda _checked, tag=tag: set_tag(tag, tag not in on_all))


def ask_tag(theme: Theme, parent: QWidget | None, set_tag: SetTag) -> TextQuestion:
    """Ask for the name of a new tag and put it on."""
    question = TextQuestion(
        theme,
        _("New tag"),
        label=_("Name of the tag"),
        action_text=_("Tag"),
        parent=parent.window() if parent else None,
    )
    question.line.setMaxLength(LONGEST_TAG)
    question.answered.connect(lambda name: set_tag(name, True))
    question.open()
    return question


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
    menu.setAccessibleName(_("Selected examples"))
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    if rows.count > 1:
        title = ngettext("{n} example", "{n} examples", rows.count)
        menu.addAction(title.format(n=f"{rows.count:,}")).setEnabled(False)
        menu.addSeparator()
    for action_id in (*STATE_ACTIONS, None, "example.system_prompt"):
        if action_id is None:
            menu.addSeparator()
        else:
            menu.addAction(actions[action_id])
    of_rows = menu.addMenu(_("Tags"))
    of_rows.setAccessibleName(_("Tags"))
    add_tags(of_rows, row_actions, model, rows, tags)
    menu.addSeparator()
    for name in (*ROW_ACTIONS, *MOVES):
        if name is None:
            menu.addSeparator()
        elif actions.connected(name):
            menu.addAction(actions[name])
    everything = row_actions.all_rows()
    if everything.count > rows.count:
        menu.addSeparator()
        count = everything.count
        title = (
            ngettext("All {n} example", "All {n} examples", count)
            if model.query.unfiltered
            else ngettext(
                "All {n} example of this filter", "All {n} examples of this filter", count
            )
        )
        below = menu.addMenu(title.format(n=f"{count:,}"))
        below.setAccessibleName(below.title())
        for state in STATE_ACTIONS.values():
            text = _("Set to “{state}”").format(state=STATES[state].label)
            below.addAction(text).triggered.connect(
                lambda _checked, state=state: row_actions.set_state(state, everything)
            )
        below.addSeparator()
        of_all = below.addMenu(_("Tags"))
        of_all.setAccessibleName(_("Tags"))
        add_tags(of_all, row_actions, model, everything, tags)
        below.addSeparator()
        delete = ngettext("Delete {n} example", "Delete {n} examples", count)
        below.addAction(delete.format(n=f"{count:,}")).triggered.connect(
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
    menu.setAccessibleName(_("Tags"))
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    rows = row_actions.rows()
    title = ngettext("Tag {n} example", "Tag {n} examples", rows.count)
    menu.addAction(title.format(n=f"{rows.count:,}")).setEnabled(False)
    add_tags(menu, row_actions, model, rows, tags)
    return menu


def add_tags(
    menu: QMenu,
    row_actions: RowActions,
    model: ExampleTableModel,
    rows: SelectedRows,
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
        theme=row_actions.theme,
    )


BELOW_ROW = QPoint(40, 2)


class RowMenus(QObject):
    """Pops the menus up when the table or the key for tags asks."""

    def __init__(
        self,
        *,
        actions: Actions,
        row_actions: RowActions,
        model: ExampleTableModel,
        table: ExampleTable,
        tags: Callable[[], list[tuple[str, int]]],
    ) -> None:
        super().__init__(table)
        self._actions = actions
        self._row_actions = row_actions
        self._model = model
        self._table = table
        self._tags = tags
        table.menu_requested.connect(self.show_menu)
        row_actions.tag_menu_requested.connect(self.show_tags)

    def show_menu(self, position: QPoint) -> None:
        """Show what can be done with the selected rows."""
        row_menu(
            parent=self._table,
            actions=self._actions,
            row_actions=self._row_actions,
            model=self._model,
            tags=self._tags(),
        ).popup(position)

    def show_tags(self) -> None:
        """Show the tags of the selected rows, below the current one; without any, ask for one."""
        tags = self._tags()
        if not tags:
            rows = self._row_actions.rows()
            ask_tag(
                self._row_actions.theme,
                self._table,
                lambda tag, add: self._row_actions.tag(tag, add, rows),
            )
            return
        menu = tag_menu(
            parent=self._table,
            row_actions=self._row_actions,
            model=self._model,
            tags=tags,
        )
        rect = self._table.visualRect(self._table.currentIndex())
        menu.popup(self._table.viewport().mapToGlobal(rect.bottomLeft() + BELOW_ROW))
