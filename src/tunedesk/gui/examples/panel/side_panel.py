"""The panel at the right of the examples: Problems, Tokens and History in one column."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from tunedesk.gui.examples.fixes import Fixes
from tunedesk.gui.examples.form.open_example import OpenExample
from tunedesk.gui.examples.panel.history_tab import HistoryTab
from tunedesk.gui.examples.panel.problems_tab import ProblemsTab
from tunedesk.gui.examples.panel.tokens_tab import TokensTab
from tunedesk.gui.page import PageContext
from tunedesk.gui.widgets.buttons import IconButton
from tunedesk.gui.widgets.choices import SegmentedTabs
from tunedesk.i18n import _

TABS = ("problems", "tokens", "history")
_REMEMBERED_TAB = "side_panel.tab"
_REMEMBERED_ALL = "side_panel.all_problems"


class SidePanel(QFrame):
    """Three tabs about the open example and about all examples.

    Signals:
        filter_requested: An `ExampleQuery` with what to filter to, and what it is in words.
        example_requested: The id of an example to open, and the path in it to go to.
        duplicates_requested: Look at the examples that are the same.
        versions_requested: Choose between the versions that a merge left.
        close_requested: The user folds the panel away.
        leave_requested: Escape: the keyboard goes back to the table.
    """

    filter_requested = Signal(object, str)
    example_requested = Signal(int, tuple)
    duplicates_requested = Signal()
    versions_requested = Signal()
    close_requested = Signal()
    leave_requested = Signal()

    def __init__(
        self,
        *,
        context: PageContext,
        open_example: OpenExample,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        project, background, theme = context.project, context.background, context.theme
        self._settings = context.settings
        self.setProperty("surface", "surface")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.problems = ProblemsTab(
            project=project,
            open_example=open_example,
            background=background,
            theme=theme,
        )
        self.tokens = TokensTab(
            project=project,
            open_example=open_example,
            background=background,
            operations=context.operations,
            theme=theme,
        )
        self.history = HistoryTab(
            project=project,
            open_example=open_example,
            background=background,
            operations=context.operations,
            theme=theme,
        )
        self.fixes = Fixes(context=context, open_example=open_example, parent=self)
        self.tabs = SegmentedTabs(theme, [_("Problems"), _("Tokens"), _("History")])
        self.tabs.setAccessibleName(_("Side panel"))
        self.close_button = IconButton(theme, "close", _("Close the side panel"))
        self._pages = QStackedWidget()
        for page in (self.problems, self.tokens, self.history):
            self._pages.addWidget(page)
        head = QHBoxLayout()
        head.setContentsMargins(6, 4, 6, 0)
        head.addWidget(self.tabs, 1, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom)
        head.addWidget(self.close_button)
        line = QFrame()
        line.setProperty("surface", "line")
        line.setFixedHeight(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(line)
        column.addWidget(self._pages, 1)
        self.problems.count_changed.connect(lambda count: self.tabs.set_count(0, count))
        self.problems.filter_requested.connect(self.filter_requested)
        self.problems.duplicates_requested.connect(self.duplicates_requested)
        self.problems.versions_requested.connect(self.versions_requested)
        self.problems.fix_requested.connect(self.fixes.preview_one)
        self.problems.fix_all_requested.connect(self.fixes.preview_all)
        self.problems.pictures_requested.connect(self.fixes.choose_pictures)
        self.tokens.filter_requested.connect(self.filter_requested)
        self.tokens.example_requested.connect(self._open)
        self.close_button.clicked.connect(self.close_requested)
        self.tabs.currentChanged.connect(self._show_page)
        self.problems.show_all(self._settings.window.get(_REMEMBERED_ALL) is True)
        self.tabs.set_count(0, self.problems.example.count)
        self.show_tab(str(self._settings.window.get(_REMEMBERED_TAB, TABS[0])))

    def show_tab(self, name: str) -> None:
        """Show a tab: "problems", "tokens" or "history"."""
        if name in TABS:
            self.tabs.setCurrentIndex(TABS.index(name))
            self._show_page(TABS.index(name))

    def focus_tab(self, name: str) -> None:
        """Show a tab and give it the keyboard."""
        self.show_tab(name)
        (self.problems, self.tokens, self.history)[self._pages.currentIndex()].focus_main_part()

    def show_all_problems(self) -> None:
        """Show what is wrong in the whole project, as after a check."""
        self.show_tab("problems")
        self.problems.show_all(True)

    def next_problem(self, step: int = 1) -> None:
        """Go to the next problem of the open example."""
        self.problems.example.next_problem(step)

    def close_project(self) -> None:
        """Let go of the project and remember what was shown."""
        self._settings.window[_REMEMBERED_TAB] = TABS[self.tabs.currentIndex()]
        self._settings.window[_REMEMBERED_ALL] = self.problems.shows_all
        for tab in (self.problems, self.tokens, self.history):
            tab.close_project()
        self.fixes.close_project()

    def sizeHint(self) -> QSize:
        """Room for a problem in two lines: 300 pixels wide, 600 high."""
        return QSize(300, 600)

    def minimumSizeHint(self) -> QSize:
        """The least width at which nothing is cut off."""
        return QSize(264, 200)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape leaves the panel for the table."""
        if event.key() == Qt.Key.Key_Escape:
            self.leave_requested.emit()
        else:
            super().keyPressEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Begin to look."""
        super().showEvent(event)
        self._watch()

    def hideEvent(self, event: QHideEvent) -> None:
        """Look no longer."""
        super().hideEvent(event)
        self._watch()

    def _show_page(self, number: int) -> None:
        self._pages.setCurrentIndex(number)
        self._watch()

    def _watch(self) -> None:
        """Only what is seen asks the project."""
        shown = self.isVisible()
        # The lists name counts of other examples in every tab's head, so problems always look.
        self.problems.watch(shown)
        if shown:
            self.tokens.follow_models()
        self.tokens.watch(shown and self._pages.currentWidget() is self.tokens)
        self.history.watch(shown and self._pages.currentWidget() is self.history)

    def _open(self, example_id: int) -> None:
        self.example_requested.emit(example_id, ())
