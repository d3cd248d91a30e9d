"""Asks which runs are compared, and lays them over each other."""

import contextlib

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QScrollArea, QVBoxLayout, QWidget

from tunedesk.gui.background import Background
from tunedesk.gui.feedback import Feedback
from tunedesk.gui.fine_tune.run_details import DetailsReader, RunDetails
from tunedesk.gui.fine_tune.run_list_model import RunRow
from tunedesk.gui.fine_tune.run_words import state_words
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.label import Label
from tunedesk.i18n import _, ngettext
from tunedesk.project.project import Project

MOST = 6
"""So many runs have colours that can be told apart."""


class CompareChoice(Dialog):
    """A check box a run; the chosen one and its neighbour are on at first."""

    def __init__(
        self,
        *,
        project: Project,
        rows: list[RunRow],
        chosen: int,
        background: Background,
        feedback: Feedback,
        theme: Theme,
        parent: QWidget,
    ) -> None:
        super().__init__(theme, _("Compare runs"), parent=parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._project = project
        self._background = background
        self._feedback = feedback
        self.setMinimumSize(480, 380)
        self.boxes: dict[int, QCheckBox] = {}
        canvas = QWidget()
        column = QVBoxLayout(canvas)
        column.setSpacing(8)
        with_figures = [row for row in rows if row.run.step]
        for row in with_figures or rows:
            words = f"{row.run.name}  ·  {state_words(row.run).text}  ·  {row.under}"
            box = QCheckBox(words.replace("&", "&&"))
            box.setAccessibleName(row.run.name)
            box.toggled.connect(self._show_button)
            self.boxes[row.run.id] = box
            column.addWidget(box)
        column.addStretch()
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(canvas)
        self.body.addWidget(
            Label(
                theme,
                _("Choose two or more, at most {most}; the order of the list is kept.").format(
                    most=MOST
                ),
                "base",
                "muted",
                wrap=True,
            )
        )
        self.body.addWidget(area, 1)
        self.add_cancel()
        self.compare = self.add_button(_("Compare"), "primary", default=True)
        self.compare.clicked.connect(self._compare)
        first = [number for number in (chosen, *self.boxes) if number in self.boxes]
        for number in list(dict.fromkeys(first))[:2]:
            self.boxes[number].setChecked(True)
        self._show_button()

    def _wanted(self) -> list[int]:
        return [number for number, box in self.boxes.items() if box.isChecked()]

    def _show_button(self) -> None:
        count = len(self._wanted())
        text = ngettext("Compare {n} run", "Compare {n} runs", count).format(n=count)
        self.compare.setText(text if count else _("Compare"))
        self.compare.setAccessibleName(_("Compare"))
        self.compare.setEnabled(2 <= count <= MOST)

    def _compare(self) -> None:
        window = self.parentWidget()
        feedback, theme = self._feedback, self.theme

        def show(found: list[RunDetails]) -> None:
            from tunedesk.gui.fine_tune.compare_dialog import CompareDialog

            CompareDialog(
                runs=[(details.run, details.chart) for details in found],
                theme=theme,
                feedback=feedback,
                parent=window,
            ).open()

        self._background.run(_read, self._project, self._wanted(), on_result=show)
        self.accept()


def _read(project: Project, run_ids: list[int]) -> list[RunDetails]:
    with contextlib.closing(project.handle()) as handle:
        return [DetailsReader(number)(handle) for number in run_ids]
