"""“Serve on this computer”: address and key of the server here, for another program."""

import shlex
import sys
import time
from typing import NamedTuple

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPlainTextEdit, QWidget

from tunedesk.errors import UserError
from tunedesk.fine_tuning import code_snippets
from tunedesk.gui.page import PageContext
from tunedesk.gui.widgets.buttons import CopyButton
from tunedesk.gui.widgets.choices import NoWheelComboBox, SegmentedTabs
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.labels import ElidedLabel, Label, SectionTitle
from tunedesk.i18n import _
from tunedesk.progress import Progress, Wait
from tunedesk.project.project import Project
from tunedesk.services import local_server
from tunedesk.services.connection import Connection

WIDTH, HEIGHT = 660, 680
HIDDEN_KEY = "••••••••••••"
_HOURS = 8


class Snippets(NamedTuple):
    """Ready pieces of text for another program.

    Attributes:
        environment: Lines for a terminal that set address and key; the key is read from its file.
        python: A program that asks the model.
        curl: A command that asks it.
    """

    environment: str
    python: str
    curl: str


def snippets(model: str, connection: Connection, platform: str = sys.platform) -> Snippets:
    """The pieces for a model of the server here; the key stands in none of them.

    Args:
        model: The name of the model.
        connection: The server.
        platform: As in `sys.platform`: Windows has other terminals.
    """
    file, variable = str(local_server.key_file()), connection.provider.key_variable
    if platform == "win32":
        lines = [
            f'$env:OPENAI_BASE_URL = "{connection.base_url}"',
            f'$env:{variable} = (Get-Content "{file}").Trim()',
            f"$env:OPENAI_API_KEY = $env:{variable}",
        ]
    else:
        lines = [
            f"export OPENAI_BASE_URL={shlex.quote(connection.base_url)}",
            f'export {variable}="$(cat {shlex.quote(file)})"',
            f'export OPENAI_API_KEY="${variable}"',
        ]
    return Snippets(
        "\n".join(lines) + "\n",
        code_snippets.python(model, connection),
        code_snippets.curl(model, connection),
    )


class ServeDialog(Dialog):
    """Starts the server here if it does not run, and shows what another program has to know."""

    def __init__(self, context: PageContext, model: str, parent: QWidget) -> None:
        """Make the dialog; a server that does not run is started when that is asked for.

        Args:
            context: The project and what works on it.
            model: The name of the tuned model or checkpoint.
            parent: The window.
        """
        theme = context.theme
        super().__init__(theme, _("Serve on this computer"), scrolls=True, parent=parent)
        self._context = context
        self._model = model
        self._connection: Connection | None = None
        self._snippets = Snippets("", "", "")
        self.state = Label(theme, _("Looking whether the server runs …"), "strong", wrap=True)
        self.address = ElidedLabel(theme, "", "mono")
        self.key = Label(theme, HIDDEN_KEY, "mono")
        self.keep = NoWheelComboBox()
        self.keep.setAccessibleName(_("How long it stays"))
        for text, hours in (
            (_("Until half an hour after the last question"), 0.0),
            (_("For {n} hours at least").format(n=_HOURS), float(_HOURS)),
            (_("Until the computer is shut down"), float("inf")),
        ):
            self.keep.addItem(text, hours)
        self.tabs = SegmentedTabs(theme, [_("Variables"), _("Python"), _("curl")])
        self.tabs.setAccessibleName(_("How to use it"))
        self.code = QPlainTextEdit()
        self.code.setReadOnly(True)
        self.code.setFont(theme.font("mono"))
        self.code.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.code.setAccessibleName(_("How to use it"))
        self.code.setTabChangesFocus(True)
        self._copies = [
            CopyButton(self._address, _("Copy the address")),
            CopyButton(self._key, _("Copy the key")),
            CopyButton(lambda: self._model, _("Copy the name of the model")),
            CopyButton(self.code.toPlainText, _("Copy the text")),
        ]
        self._lay_out()
        self.tabs.currentChanged.connect(self._show_code)
        self.keep.activated.connect(self._keep)
        self.be_large(WIDTH, HEIGHT)
        for each in (*self._copies, self.keep):
            each.setEnabled(False)
        context.background.run(local_server.running, on_result=self._on_looked)

    def _lay_out(self) -> None:
        theme, column = self.theme, self.body
        column.addWidget(self.state)
        text = _(
            "Programs on this computer ask the model as they ask OpenAI. Other computers do not "
            "reach it, and without the key nobody gets an answer."
        )
        column.addWidget(Label(theme, text, "base", "muted", wrap=True))
        column.addSpacing(6)
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        grid.setHorizontalSpacing(12)
        model = ElidedLabel(theme, self._model, "mono")
        names = (_("Address"), _("Key"), _("Model"))
        fields = zip(names, (self.address, self.key, model), self._copies[:3], strict=True)
        for line, (name, value, copy) in enumerate(fields):
            grid.addWidget(Label(theme, name, "base", "muted"), line, 0)
            grid.addWidget(value, line, 1)
            grid.addWidget(copy, line, 2)
        column.addLayout(grid)
        column.addSpacing(6)
        label = SectionTitle(theme, _("How long it stays"))
        label.setBuddy(self.keep)
        column.addWidget(label)
        column.addWidget(self.keep)
        column.addSpacing(6)
        row = QHBoxLayout()
        row.addWidget(self.tabs)
        row.addStretch()
        row.addWidget(self._copies[3])
        column.addLayout(row)
        column.addWidget(self.code, 1)
        close = self.add_button(_("Close"), default=True)
        close.clicked.connect(self.reject)
        self.start = self.add_button(_("Start the server"), "primary")
        self.start.setEnabled(False)
        self.start.clicked.connect(self._start)

    def _address(self) -> str:
        return self._connection.base_url if self._connection is not None else ""

    def _key(self) -> str:
        return self._connection.key_value if self._connection is not None else ""

    def _on_looked(self, connection: Connection | None) -> None:
        if connection is not None:
            self._on_running(connection)
        else:
            self.state.setText(_("The server does not run."))
            self.start.setEnabled(True)

    def _start(self) -> None:
        self.start.setEnabled(False)
        self.state.setText(_("Starting the server …"))
        self._context.operations.run(
            _("Starting the server of this computer"),
            _ensure_running,
            waits=True,
            on_result=self._on_running,
            on_finished=self._on_finished,
        )

    def _on_running(self, connection: Connection) -> None:
        self._connection = connection
        self.start.hide()
        self.state.setText(_("The server runs."))
        self.state.set_tone("success")
        self.address.setText(connection.base_url)
        self._snippets = snippets(self._model, connection)
        left = local_server.kept_running() - time.time()
        hours = 0.0 if left <= 0 else float(_HOURS) if left < 24 * 3600 else float("inf")
        self.keep.setCurrentIndex(self.keep.findData(hours))
        for each in (*self._copies, self.keep):
            each.setEnabled(True)
        self._show_code()

    def _on_finished(self) -> None:
        if self._connection is None:
            self.state.setText(_("The server did not start."))
            self.start.setEnabled(True)

    def _keep(self) -> None:
        try:
            local_server.keep_running(float(self.keep.currentData()) * 3600)
        except UserError as error:
            self._context.feedback.error(error)

    def _show_code(self) -> None:
        self.code.setPlainText(self._snippets[max(0, self.tabs.currentIndex())])


def _ensure_running(_project: Project, _progress: Progress, wait: Wait) -> Connection:
    return local_server.ensure_running(wait)
