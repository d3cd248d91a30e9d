"""Opens every page and dialog of the window in a pseudo-language; prints what escaped as JSON.

Run as `python pseudo_language_window.py CATALOGUES PROJECT DATA_FILE` in a process of its own, on
a screen that the window fills:
texts are translated when modules are imported. CATALOGUES holds the pseudo-language as `en_XA`;
where it is `-`, the texts stay English, and only what is cut off and what is unclear is told.
Each text of it stands in brackets; a letter outside of brackets was not given to gettext, or was
glued to something. All data of PROJECT and DATA_FILE is written in words of `DATA_WORDS`.
"""

import json
import os
import re
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

if sys.argv[1] != "-":
    os.environ["LANGUAGE"] = "en_XA"

from PySide6.QtCore import QModelIndex, QObject, QPoint, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleInterface, QAction, QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QGroupBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QListView,
    QMainWindow,
    QMenu,
    QMenuBar,
    QPlainTextEdit,
    QTabBar,
    QTableView,
    QTextEdit,
    QWidget,
)

CATALOGUES, PROJECT, DATA_FILE = map(Path, sys.argv[1:4])

from tunedesk import i18n  # noqa: E402  the environment first

_resource = i18n.resource
if sys.argv[1] != "-":
    i18n.resource = lambda name: CATALOGUES if name == "translations" else _resource(name)

from tunedesk.gui import application, project_file  # noqa: E402
from tunedesk.gui.examples.form.as_trained import AsTrainedView  # noqa: E402
from tunedesk.gui.examples.form.form_bars import FORM, TRAINED, FormTabs  # noqa: E402
from tunedesk.gui.examples.form.token_text import TokenText  # noqa: E402
from tunedesk.gui.recovery import (  # noqa: E402
    KeptCopiesDialog,
    RecoveryDialog,
    RescueDialog,
    WorkDialog,
)
from tunedesk.project.backups import Backup, kept_folder  # noqa: E402
from tunedesk.project.rescue import RescueReport  # noqa: E402
from tunedesk.settings import Settings  # noqa: E402

PRESET_AT, FIX_AT = 0, 4
"""The examples, from 0, that have a system prompt and something that can be fixed."""
TURN = 120
"""Milliseconds between two steps at the most: what is shown comes from other threads.

A wait is cut short as soon as the window is quiet; a negative one, for what a process of its own
brings, never is.
"""
QUIET_POLL = 8
"""Milliseconds between two looks whether anything is still to come."""
QUIET_POLLS = 2
"""So many looks in a row must find nothing: what one thread brought may start another."""
SOON = 1000
"""Milliseconds. A timer that fires once, after so long or longer, is not waited for."""

NOT_WORDS = re.compile(
    r"""
    \bdata[-\w.]* | \broot\b                # what the test itself wrote, and the system's user
    | \b\w*\.(tunedesk|jsonl)\b | (/[\w.-]+)+/? | https?://\S+
    | \b((Ctrl|Alt|Shift|Meta)\+)+\w* | \b(Return|Enter|Delete|Del|Ins|Home|End|PgUp|PgDown|F\d+)\b
    | \b[Tt]unedesk([-\ ]starter)?\b | \b(OpenAI|Azure|Nebius|Together|Python|Hugging\ Face)\b
    | \b(JSONL?|CSV|HTML|PDF|PNG|SVG|API|MIT|UTC)\b | \bApache-2\.0 | \bo200k_base\b
    | \b(Gemma|Llama)\ [\d.]+\ (Community\ License|\w+) | Gemma\ Terms\ of\ Use
    | \b(ftjob|ftckpt|ftevent|ft|file)[-:]\S*
    | \b(gpt-oss-\d+b|GPT-[\w.]+|tunedesk|Qwen|Smol\w+|Phi|Granite|o\d)[-.\d]*
      (\ \d[.\d]*[BM])?(\ (mini|nano|Instruct))?
    | \b(system|user|assistant|developer|tool|function|role|content|messages)\b
    | \b\d[\d.,]*\s?(B|KB|MB|GB|ms|s|M)\b
    """,
    re.VERBOSE,
)
DATES = re.compile(r"\b\w+day, \d+ \w+ \d{4}\b")
LETTERS = re.compile(r"[^\W\d_]{2,}")


def escaped(text: str) -> str:
    """What of a text is neither in brackets nor data; empty if nothing."""
    outside, depth = [], 0
    for letter in text:
        depth += letter == "["
        outside.append(letter if depth == 0 else " ")
        depth -= letter == "]" and depth > 0
    left = NOT_WORDS.sub(" ", DATES.sub(" ", "".join(outside)))
    return " ".join(LETTERS.findall(left))


class Walk:
    """Goes through the window and notes what escaped and what is cut off."""

    def __init__(self, app: QApplication) -> None:
        self.app = app
        self.escaped: dict[tuple[str, str, str], str] = {}
        self.cut: dict[tuple[str, str], str] = {}
        self.faults: dict[str, str] = {}
        self.screens: list[str] = []
        self.missed: list[str] = []
        self.dialogs_seen: set[str] = set()

    @property
    def window(self) -> QMainWindow:
        return next(each for each in self.app.topLevelWidgets() if isinstance(each, QMainWindow))

    @property
    def screen(self) -> QSize:
        return self.app.primaryScreen().availableSize()

    def look(self, screen: str) -> Iterator[int]:
        """Wait until all has come, then look at everything that shows."""
        yield 3 * TURN
        self.screens.append(screen)
        for _turn in range(3):
            if not any(map(cut_off, self.shown_widgets())):
                break
            # A layout may take another turn on a busy machine; what is really cut off stays so.
            yield -TURN
        for top in self.app.topLevelWidgets():
            if top.isVisible() and not isinstance(top, QFileDialog):
                self.dialogs_seen.add(type(top).__name__)
                if self.screen != self.screen.expandedTo(top.size()):
                    self.cut.setdefault((type(top).__name__, "larger than the screen"), screen)
                self.look_at(top, screen)
                self.look_at_tree(top, screen)
        for child in self.shown_widgets():
            self.look_at(child, screen)

    def shown_widgets(self) -> Iterator[QWidget]:
        """All that shows in windows, without the windows themselves."""
        for top in self.app.topLevelWidgets():
            if top.isVisible() and not isinstance(top, QFileDialog):
                for child in top.findChildren(QWidget):
                    if child.isVisible() and not isinstance(child.window(), QFileDialog):
                        yield child

    def look_at(self, widget: QWidget, screen: str) -> None:
        for name, text in texts_of(widget):
            if text.startswith("Tunedesk ") and "\nPython " in text:
                continue  # the versions in the dialog "About"
            if left := escaped(text):
                self.escaped.setdefault((type(widget).__name__, name, text), f"{screen}: {left}")
        if what := cut_off(widget):
            self.cut.setdefault((type(widget).__name__, what), screen)

    def look_at_tree(self, top: QWidget, screen: str) -> None:
        """Go through what a screen reader is told of a window."""
        for what in faults_of(QAccessible.queryAccessibleInterface(top)):
            self.faults.setdefault(what, screen)

    def is_quiet(self) -> bool:
        """Whether no thread of the window works, and no timer is about to bring something."""
        if self.window.background.busy:
            return False
        tops = self.app.topLevelWidgets()
        return not any(
            timer.isSingleShot() and timer.isActive() and timer.interval() < SOON
            for top in tops
            for timer in top.findChildren(QTimer)
        )

    def act(self, name: str) -> bool:
        action = self.window.findChild(QAction, name)
        if action is None or not action.isEnabled():
            self.missed.append(name)
            return False
        action.trigger()
        return True

    def press(self, text: str) -> Iterator[int]:
        """Press a button, by the English text in its label or its name."""
        for button in self.app.allWidgets():
            if not (isinstance(button, QAbstractButton) and button.isVisible()):
                continue
            if button.isEnabled() and text in f"{button.text()} {button.accessibleName()}":
                # Later: what it opens may have an event loop of its own.
                QTimer.singleShot(0, button, button.click)
                yield 400
                return
        self.missed.append(f"the button {text}")

    def choose(self, text: str) -> Iterator[int]:
        """Choose from the menu that is open, by the English text of the entry."""
        for menu in self.dialogs():
            for action in menu.actions():
                if text in action.text() and action.isEnabled():
                    QTimer.singleShot(0, action, action.trigger)
                    menu.close()
                    yield 400
                    return
        self.missed.append(f"the entry {text}")

    def dialog(self, name: str) -> Iterator[int]:
        """Do an action that opens a dialog, look at that, and close it."""
        if self.act(name):
            yield TURN
            if not self.dialogs():
                self.missed.append(f"{name} opened nothing")
            yield from self.look(name)
        yield from self.close_dialogs()

    def as_trained(self) -> Iterator[int]:
        """Look at the tab "As trained", once the process that reads the template has answered."""
        tabs, view = self.window.findChild(FormTabs), self.window.findChild(AsTrainedView)
        assert tabs is not None
        assert view is not None
        tabs.choose(TRAINED)
        for _turn in range(200):
            if view.findChild(TokenText).toPlainText():
                break
            yield -TURN
        else:
            self.missed.append("the text as trained")
        yield from self.look("as trained")
        tabs.choose(FORM)

    def dialogs(self) -> list[QWidget]:
        tops = self.app.topLevelWidgets()
        return [each for each in tops if isinstance(each, QDialog | QMenu) and each.isVisible()]

    def close_dialogs(self) -> Iterator[int]:
        for each in self.dialogs():
            each.close()
            yield TURN
        self.window.activateWindow()
        yield TURN

    def menus(self, screen: str) -> Iterator[int]:
        for entry in self.window.menuBar().actions():
            menu = entry.menu()
            if isinstance(menu, QMenu) and entry.isVisible():
                menu.popup(self.window.mapToGlobal(QPoint(5, 30)))
                yield TURN
                self.screens.append(f"menu {entry.text()}")
                self.look_at(menu, screen)
                self.look_at_tree(menu, screen)
                menu.close()
                yield TURN

    def steps(self) -> Iterator[int]:
        """Every page and dialog; the milliseconds to wait at the most, or if negative, exactly."""
        yield 600
        yield from self.look("welcome")
        yield from self.menus("welcome")
        for name in ("project.new", "app.preferences", "help.guide", "help.keys", "help.about"):
            yield from self.dialog(name)
        self.window.open_path(PROJECT)
        yield 1500
        yield from self.look("examples")
        yield from self.menus("examples")
        yield from self.recovery()
        yield from self.examples()
        yield from self.fine_tune()
        self.act("project.close")
        yield 500
        self.window.open_path(DATA_FILE)
        yield 2500
        yield from self.look("import")
        yield from self.close_dialogs()
        self.window.crashes.crashed.emit(RuntimeError("data"))
        yield from self.look("crash report")
        yield from self.close_dialogs()

    def recovery(self) -> Iterator[int]:
        yield from self.dialog("project.backups")
        yield from self.dialog("project.kept")
        kept_folder().mkdir(parents=True)
        for name in ("data 1", "data 2"):
            (kept_folder() / f"{name}.tunedesk").write_bytes(bytes(1_000_000))
        theme, window = self.window._theme, self.window
        backup = Backup(PROJECT, 1_790_000_000.0, 3_000_000, 12, False, False)
        report = RescueReport(PROJECT, 12, lines=["data"], list_path=PROJECT)
        for shown in (
            RecoveryDialog(
                theme, PROJECT, [backup, backup._replace(before_going_back=True)], window
            ),
            RescueDialog(theme, report, window),
            KeptCopiesDialog(theme, window.feedback, window),
            WorkDialog(theme, window.windowTitle(), lambda: None, window),
        ):
            shown.open()
            yield from self.look(type(shown).__name__)
            shown.done(0)
            yield TURN

    def examples(self) -> Iterator[int]:
        for number in range(6):
            for name in ("panel.problems", "panel.tokens", "panel.history"):
                self.act(name)
                yield from self.look(f"example {number + 1}, {name}")
            if number == PRESET_AT:
                yield from self.press("Presets")
                yield from self.look("menu of presets")
                yield from self.choose("Keep as preset…")
                yield from self.look("name of a preset")
                yield from self.close_dialogs()
            if number == FIX_AT:
                self.act("panel.problems")
                yield TURN
                yield from self.press("Fix…")
                yield from self.look("fix")
                yield from self.close_dialogs()
            self.act("go.next")
        self.act("go.form")
        yield from self.look("form")
        for name in ("view.raw", "view.raw"):
            self.act(name)
            yield from self.look("raw")
        yield from self.as_trained()
        yield from self.dialog("edit.replace")
        self.act("edit.search")
        yield TURN
        search = self.window.focusWidget()
        assert isinstance(search, QLineEdit)
        QTest.keyClicks(search, "data nowhere")
        yield 900
        yield from self.look("nothing found")
        search.clear()
        yield 900
        self.act("go.table")
        yield from self.context_menu(QTableView)
        for name in ("example.tag", "example.system_prompt"):
            yield from self.dialog(name)
        for name in ("project.export", "finetune.new"):
            yield from self.dialog(name)
        table = self.window.findChild(QTableView)
        assert table is not None
        table.selectAll()
        yield from self.look("several rows")
        table.selectRow(0)
        for name in ("example.new", "message.add", "example.duplicate", "example.delete"):
            self.act("go.form")
            yield TURN
            self.act(name)
            yield 400
            yield from self.look(name)
        for _time in range(4):
            self.act("edit.undo")
            yield 400
        yield from self.look("undone")
        self.act("project.check")
        yield 900
        yield from self.look("project.check")
        self.window.workspace.examples.panel.duplicates_requested.emit()
        yield 600
        yield from self.look("duplicates")
        yield from self.close_dialogs()
        self.window.workspace.examples.panel.versions_requested.emit()
        yield 600
        yield from self.look("merge versions")
        yield from self.close_dialogs()
        yield from self.button_menus("examples")

    def fine_tune(self) -> Iterator[int]:
        self.act("go.fine_tune")
        yield 700
        yield from self.look("fine-tune")
        yield from self.menus("fine-tune")
        views = [each for each in self.window.findChildren(QListView) if each.isVisible()]
        runs = min(views, key=lambda each: each.mapTo(self.window, QPoint(0, 0)).x())
        for row in range(runs.model().rowCount()):
            runs.setCurrentIndex(runs.model().index(row, 0))
            yield 500
            yield from self.look(f"run {row + 1}")
            for name in (
                *("run.try", "run.take_along", "run.serve", "run.train_further", "run.rename"),
                *("run.examples", "run.hide", "run.delete_model"),
            ):
                if self.window.findChild(QAction, name).isEnabled():
                    yield from self.dialog(name)
        yield from self.button_menus("fine-tune")
        yield from self.press("Models")
        yield 1500
        yield from self.look("models")
        yield from self.press("Runs")
        for name in (
            "finetune.suitability",
            "finetune.adopt_job",
            "finetune.new",
            "finetune.compare",
        ):
            yield from self.dialog(name)
        self.act("finetune.compare")
        yield TURN
        yield from self.press("Compare 2 runs")
        yield from self.look("comparison")
        yield from self.close_dialogs()

    def button_menus(self, screen: str) -> Iterator[int]:
        for button in self.window.findChildren(QAbstractButton):
            menu = button.menu() if hasattr(button, "menu") else None
            if menu is not None and button.isVisible():
                menu.popup(button.mapToGlobal(QPoint(0, button.height())))
                yield TURN
                self.look_at(menu, screen)
                menu.close()
                yield TURN

    def context_menu(self, kind: type[QAbstractItemView]) -> Iterator[int]:
        view = next(each for each in self.window.findChildren(kind) if each.isVisible())
        at = view.visualRect(view.model().index(1, 1)).center()
        event = QContextMenuEvent(
            QContextMenuEvent.Reason.Mouse, at, view.viewport().mapToGlobal(at)
        )
        QTimer.singleShot(0, view, lambda: self.app.sendEvent(view.viewport(), event))
        yield TURN
        yield from self.look("menu of a row")
        yield from self.close_dialogs()


def texts_of(widget: QWidget) -> Iterator[tuple[str, str]]:
    """The texts that a widget shows or tells a screen reader, with where they stand."""
    yield "tooltip", widget.toolTip()
    yield "accessible name", widget.accessibleName()
    yield "accessible description", widget.accessibleDescription()
    if widget.isWindow():
        yield "title", widget.windowTitle()
    if isinstance(widget, QLabel | QAbstractButton):
        yield "text", widget.text()
    if isinstance(widget, QGroupBox):
        yield "title", widget.title()
    if isinstance(widget, QLineEdit | QPlainTextEdit | QTextEdit):
        yield "placeholder", widget.placeholderText()
    if isinstance(widget, QTabBar):
        for index in range(widget.count()):
            yield "tab", widget.tabText(index)
    if isinstance(widget, QComboBox):
        for index in range(widget.count()):
            yield "item", widget.itemText(index)
    if isinstance(widget, QMenu | QMenuBar):
        for action in widget.actions():
            if action.isVisible():
                yield "action", action.text()
                yield "action's tooltip", action.toolTip() if action.toolTip() else ""
    if isinstance(widget, QAbstractItemView) and widget.model() is not None:
        yield from cells_of(widget)


def cells_of(view: QAbstractItemView) -> Iterator[tuple[str, str]]:
    """The texts of a list or table, and of the headers that show."""
    model = view.model()
    if isinstance(view, QHeaderView):
        roles = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole)
        for section in range(view.count()):
            for role in roles:
                value = model.headerData(section, view.orientation(), role)
                if isinstance(value, str) and not view.isSectionHidden(section):
                    yield "header", value
        return
    if isinstance(view.parent(), QComboBox) or type(view).__name__ == "QComboBoxListView":
        return
    columns = model.columnCount(QModelIndex()) if isinstance(view, QTableView) else 1
    for row in range(min(model.rowCount(QModelIndex()), 40)):
        for column in range(columns):
            for role, name in (
                (Qt.ItemDataRole.DisplayRole, "cell"),
                (Qt.ItemDataRole.ToolTipRole, "cell's tooltip"),
                (Qt.ItemDataRole.AccessibleTextRole, "cell's accessible text"),
            ):
                value = model.index(row, column).data(role)
                if isinstance(value, str):
                    yield name, value


def cut_off(widget: QWidget) -> str:
    """What of a widget's text is cut off; empty if nothing. Elided labels tell all in a tooltip."""
    if not isinstance(widget, QLabel | QAbstractButton) or not widget.text():
        return ""
    text = widget.text()
    if "Elided" in "".join(each.__name__ for each in type(widget).__mro__):
        return "" if widget.toolTip() or "…" not in text else f"elided without a tooltip: {text}"
    room = widget.contentsRect()
    if isinstance(widget, QLabel):
        if widget.wordWrap():
            if widget.heightForWidth(widget.width()) > widget.height() + 2:
                return f"too low: {text}"
        elif widget.fontMetrics().boundingRect(QRect(), 0, text).width() > room.width() + 2:
            return f"too narrow: {text}"
    elif widget.minimumSizeHint().width() > widget.width() + 2:
        return f"too narrow: {text}"
    shown = widget.visibleRegion().boundingRect()
    scrolls = any_parent(widget, QAbstractScrollArea)
    if not shown.isEmpty() and shown.width() < widget.width() - 1:
        return f"cut at the side: {text}"
    if not scrolls and shown.height() < widget.height() - 1:
        return f"cut below: {text}"
    return ""


CONTROLS = {
    QAccessible.Role.Button,
    QAccessible.Role.ButtonMenu,
    QAccessible.Role.CheckBox,
    QAccessible.Role.RadioButton,
    QAccessible.Role.ComboBox,
    QAccessible.Role.EditableText,
    QAccessible.Role.SpinBox,
    QAccessible.Role.Slider,
    QAccessible.Role.List,
    QAccessible.Role.Table,
    QAccessible.Role.Tree,
    QAccessible.Role.PageTab,
    QAccessible.Role.MenuItem,
    QAccessible.Role.PopupMenu,
    QAccessible.Role.Dialog,
    QAccessible.Role.Graphic,
    QAccessible.Role.Chart,
}
"""What has to have a name."""
UNKNOWN = {QAccessible.Role.NoRole, QAccessible.Role.Client, QAccessible.Role.UserRole}
"""What a screen reader calls "unknown" or "filler"."""


def faults_of(node: QAccessibleInterface | None, depth: int = 0) -> Iterator[str]:
    """What a screen reader would say wrongly of what shows below a node of the tree."""
    if node is None or not node.isValid() or depth > 40:
        return
    state, role, name = node.state(), node.role(), node.text(QAccessible.Text.Name)
    widget = node.object()
    kind = type(widget).__name__
    parents = "/".join(type(each).__name__ for each in parents_of(widget)[:3])
    path = f"{kind} {role.name} “{name}” in {parents}"
    shows = not state.invisible
    if isinstance(widget, QWidget) and shows and not widget.isVisible():
        yield f"hidden, and said to be showing: {path}"
    if not shows:
        return
    if role in CONTROLS and not name.strip():
        yield f"no name: {path}"
    takes_keys = isinstance(widget, QWidget) and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    if role == QAccessible.Role.ComboBox and isinstance(widget, QWidget):
        # On Linux its name is what is chosen.
        named = widget.accessibleName()
        if sys.platform.startswith("linux") and (
            not named or named not in node.text(QAccessible.Text.Description)
        ):
            yield f"only what is chosen is told: {path}"
    if role in UNKNOWN and (takes_keys or name.strip()):
        yield f"no role: {path}"
    if role == QAccessible.Role.CheckBox and not isinstance(widget, QCheckBox):
        yield f"a check box that is none: {path}"
    for number in range(min(node.childCount(), 60)):
        yield from faults_of(node.child(number), depth + 1)


def parents_of(widget: QObject | None) -> list[QObject]:
    """The widgets that a widget stands in, the nearest first."""
    found = []
    while widget is not None and (widget := widget.parent()) is not None:
        found.append(widget)
    return found


def any_parent(widget: QWidget, kind: type[QWidget]) -> bool:
    """Whether a widget stands in one of this kind."""
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, kind):
        parent = parent.parentWidget()
    return parent is not None


def main() -> None:
    # What waits in a thread would be waited for at every step.
    project_file.DAMAGE_CHECK_DELAY_MS = 0
    app = QApplication(sys.argv[:1])
    walk = Walk(app)
    steps = walk.steps()

    def go() -> None:
        try:
            wait = next(steps)
        except StopIteration:
            found = {
                "screens": walk.screens,
                "missed": walk.missed,
                "dialogs": sorted(walk.dialogs_seen),
                "escaped": [[*key, where] for key, where in walk.escaped.items()],
                "faults": [[what, where] for what, where in walk.faults.items()],
                "cut": [[*key, where] for key, where in walk.cut.items()],
            }
            print(json.dumps(found, ensure_ascii=False), flush=True)
            app.closeAllWindows()
        except Exception:
            traceback.print_exc()
            os._exit(1)
        else:
            settle(time.monotonic() + abs(wait) / 1000, is_short=wait >= 0)

    def settle(latest: float, is_short: bool, quiet: int = 0) -> None:
        """Go on at this time, or as soon as all has come if the wait may be cut short."""
        quiet = quiet + 1 if is_short and walk.is_quiet() else 0
        if quiet >= QUIET_POLLS or time.monotonic() >= latest:
            go()
        else:
            QTimer.singleShot(QUIET_POLL, lambda: settle(latest, is_short, quiet))

    def start() -> None:
        walk.window.resize(walk.screen)
        go()

    QTimer.singleShot(300, start)
    sys.exit(application.run(theme="light", settings=Settings()))


if __name__ == "__main__":
    main()
