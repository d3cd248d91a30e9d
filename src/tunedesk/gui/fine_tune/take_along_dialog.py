"""“Take the model with you”: what is made of a tuned model, how large it is, and where it goes."""

from pathlib import Path
from typing import Any, NamedTuple

from PySide6.QtWidgets import (
    QButtonGroup,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QWidget,
)

from tunedesk.errors import UserError
from tunedesk.fine_tuning.model_export import (
    export_model,
    export_sizes,
    export_to_ollama,
    proof_text,
)
from tunedesk.gui.fine_tune.run_text import checkpoint_text
from tunedesk.gui.fine_tune.save_files import beside_project, file_name, folder_opener
from tunedesk.gui.operations import Operation, OperationMessage
from tunedesk.gui.page import PageContext
from tunedesk.gui.widgets.choices import NoWheelComboBox
from tunedesk.gui.widgets.dialog import Dialog
from tunedesk.gui.widgets.labels import Label, SectionTitle
from tunedesk.i18n import _, size_text
from tunedesk.progress import Progress
from tunedesk.project.project import Project
from tunedesk.project.run_records import Run, RunCheckpoint
from tunedesk.services import ollama
from tunedesk.services.ollama import Ollama

WIDTH = 620
INDENT = 26
KINDS = ("gguf", "ollama", "folder", "adapter")
SIZES = ("exact", "smaller", "smallest")
_MOST_NAMES = 1_000


class Found(NamedTuple):
    """What was found out for the dialog.

    Attributes:
        sizes: As `export_sizes`; empty where the model cannot be taken.
        why_not: Why it cannot be taken, in a sentence; empty: it can.
        ollama: Ollama on this computer; None: none.
        names: The names of its models.
    """

    sizes: dict[str, int]
    why_not: str
    ollama: Ollama | None
    names: list[str]


def look(run: Run, step: int | None) -> Found:
    """Find out sizes and Ollama; called in a thread."""
    found, names = ollama.find(), []
    try:
        names = ollama.names(found) if found is not None else []
        return Found(export_sizes(run, step), "", found, names)
    except UserError as error:
        return Found({}, f"{error.sentence} {error.advice}".strip(), found, names)


class TakeAlongDialog(Dialog):
    """Asks for the form, the checkpoint and the place, and begins the operation."""

    def __init__(
        self,
        context: PageContext,
        run: Run,
        checkpoints: list[RunCheckpoint],
        model: str,
        parent: QWidget,
    ) -> None:
        """Make the dialog.

        Args:
            context: The project and what works on it.
            run: A run that has a model on this computer.
            checkpoints: Its checkpoints.
            model: The name of the model that is chosen: the tuned one or that of a checkpoint.
            parent: The window.
        """
        theme = context.theme
        super().__init__(theme, _("Take the model with you"), scrolls=True, parent=parent)
        self._context = context
        self._run = run
        self._found: Found | None = None
        self._kinds = QButtonGroup(self)
        self._notes: dict[str, Label] = {}
        self.which = NoWheelComboBox()
        self.which.setAccessibleName(_("Which model"))
        if run.fine_tuned_model:
            self.which.addItem(_("The tuned model"), None)
        for point in reversed([each for each in checkpoints if each.model]):
            if point.model != run.fine_tuned_model:
                self.which.addItem(checkpoint_text(point), point.step)
            if point.model == model and model != run.fine_tuned_model:
                self.which.setCurrentIndex(self.which.count() - 1)
        self.size_choice = NoWheelComboBox()
        self.size_choice.setAccessibleName(_("Size"))
        self.path = QLineEdit()
        self.path.setAccessibleName(_("Where to"))
        self.browse = QPushButton(_("Browse…"))
        self.browse.setAutoDefault(False)
        self.name = QLineEdit()
        self.name.setAccessibleName(_("Its name in Ollama"))
        self.name.setMaxLength(ollama.MOST_NAME)
        self.note = Label(theme, "", "small", "muted", wrap=True)
        self.add_cancel()
        self.take = self.add_button(_("Take it with me"), "primary", default=True)
        self._lay_out()
        self.which.currentIndexChanged.connect(self._look)
        self._kinds.idClicked.connect(lambda _number: self._on_kind())
        self.size_choice.currentIndexChanged.connect(self._refresh)
        for field in (self.path, self.name):
            field.textChanged.connect(self._refresh)
        self.browse.clicked.connect(self._browse)
        self.take.clicked.connect(self._start)
        self.be_large(WIDTH, 600)
        self._on_kind()
        self._look()

    def _lay_out(self) -> None:
        theme, column = self.theme, self.body
        if self.which.count() > 1:
            column.addWidget(SectionTitle(theme, _("Which model")))
            column.addWidget(self.which)
            column.addSpacing(6)
        column.addWidget(SectionTitle(theme, _("As what")))
        for number, (kind, title, note) in enumerate(_forms()):
            button = QRadioButton(title)
            self._kinds.addButton(button, number)
            column.addWidget(button)
            self._notes[kind] = Label(theme, note, "small", "muted", wrap=True)
            row = QHBoxLayout()
            row.setContentsMargins(INDENT, 0, 0, 4)
            row.addWidget(self._notes[kind], 1)
            column.addLayout(row)
        self._kinds.button(0).setChecked(True)
        self._size_row = _row(theme, _("Size"), self.size_choice)
        self._name_row = _row(theme, _("Its name in Ollama"), self.name)
        self._path_row = _row(theme, _("Where to"), self.path, self.browse)
        for each in (self._size_row, self._name_row, self._path_row, self.note):
            column.addWidget(each)
        column.addStretch()

    @property
    def kind(self) -> str:
        """What is to be made."""
        return KINDS[self._kinds.checkedId()]

    def choose(self, kind: str) -> None:
        """Choose what is to be made."""
        self._kinds.button(KINDS.index(kind)).setChecked(True)
        self._on_kind()

    # What is known

    def _look(self) -> None:
        self._found = None
        self._refresh()
        step = self.which.currentData()
        self._context.background.run(
            look,
            self._run,
            step,
            on_result=lambda found: self._on_found(found, step),
        )

    def _on_found(self, found: Found, step: int | None) -> None:
        if step != self.which.currentData():
            return  # another one was chosen meanwhile
        self._found = found
        sizes = found.sizes
        texts = {
            "exact": _("Exact, {size}: as it answers here"),
            "smaller": _("Smaller, {size}: nearly always the same words"),
            "smallest": _("Smallest, {size}: for weak computers; answers differ now and then"),
        }
        chosen = max(0, self.size_choice.currentIndex())
        self.size_choice.blockSignals(True)
        self.size_choice.clear()
        for size in SIZES:
            self.size_choice.addItem(texts[size].format(size=size_text(sizes.get(size, 0))), size)
        self.size_choice.setCurrentIndex(chosen)
        self.size_choice.blockSignals(False)
        for (kind, title, _note), button in zip(_forms(), self._kinds.buttons(), strict=True):
            if kind in sizes:
                # The name of the button stays short; the figure stands in its description.
                button.setText(f"{title}  {size_text(sizes[kind])}")
                button.setAccessibleName(title)
                button.setAccessibleDescription(size_text(sizes[kind]))
            button.setEnabled(kind != "adapter" or kind in sizes or bool(found.why_not))
        self._notes["ollama"].setText(
            _(
                "It is here: the model can be asked at once, in a terminal or in any program that "
                "knows Ollama."
            )
            if found.ollama is not None
            else _(
                "Ollama was not found here. You get a folder with the model and a Modelfile, for "
                "a computer that has it."
            )
        )
        self._name_row.setVisible(self._goes_to_ollama)
        self._on_kind()

    @property
    def _goes_to_ollama(self) -> bool:
        return self.kind == "ollama" and self._found is not None and self._found.ollama is not None

    # What is chosen

    def _on_kind(self) -> None:
        self._size_row.setVisible(self.kind in ("gguf", "ollama"))
        self._name_row.setVisible(self._goes_to_ollama)
        self._path_row.setVisible(not self._goes_to_ollama)
        taken = self._found.names if self._found is not None else []
        if self._goes_to_ollama and not self.name.text():
            self.name.setText(_free_name(self._run.name, taken))
        self.path.setText(str(self._first_path()))
        self._refresh()

    def _first_path(self) -> Path:
        stem = file_name(self._run.name)
        ending = ".gguf" if self.kind == "gguf" else f"-{self.kind}"
        path, number = Path(beside_project(self, stem + ending)), 2
        while path.exists() and number < _MOST_NAMES:
            path = path.with_name(f"{stem}-{number}{ending}")
            number += 1
        return path

    def _path(self) -> Path | None:
        text = self.path.text().strip()
        if not text:
            return None
        path = Path(text).expanduser()
        if self.kind == "gguf" and path.suffix != ".gguf":
            path = path.with_name(f"{path.name}.gguf")
        return path if path.is_absolute() else Path(beside_project(self)) / path

    def _refresh(self) -> None:
        found, path = self._found, self._path()
        wrong = ""
        if found is None:
            text = _("Looking how large it is …")
        elif found.why_not:
            text = wrong = found.why_not
        elif self._goes_to_ollama:
            name = self.name.text().strip()
            if not ollama.is_model_name(name):
                wrong = _("Take letters, digits, dots and hyphens for the name.")
            elif (name if ":" in name else f"{name}:latest") in found.names:
                wrong = _("Ollama has a model of this name already.")
            text = wrong or _(
                "It goes with the system prompt of the examples and stops where it should. The "
                "file is proved first: this takes some minutes, and you can go on working."
            )
        else:
            if path is None:
                wrong = _("Say where it is to go.")
            elif path.exists():
                wrong = _("{name} is there already.").format(name=path.name)
            text = wrong or (
                _("A page that says how it was made goes with it.")
                if self.kind != "gguf"
                else _(
                    "The file is proved against the model: this takes some minutes, and you can "
                    "go on working."
                )
            )
        self.note.setText(text)
        self.note.set_tone("warning" if wrong else "muted")
        self.take.setEnabled(found is not None and not wrong)

    def _browse(self) -> None:
        dialog = QFileDialog(self, _("Where to"), self.path.text())
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)
        if self.kind == "gguf":
            dialog.setNameFilters([_("GGUF file (*.gguf)")])
            dialog.setDefaultSuffix("gguf")
        dialog.fileSelected.connect(self.path.setText)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _start(self) -> None:
        step, size = self.which.currentData(), str(self.size_choice.currentData() or "exact")
        if self._goes_to_ollama:
            assert self._found is not None
            assert self._found.ollama is not None
            begin_ollama(
                self._context,
                self._run,
                self._found.ollama,
                self.name.text().strip(),
                step=step,
                size=size,
            )
        else:
            path = self._path()
            assert path is not None
            size = size if self.kind in ("gguf", "ollama") else "exact"
            begin_export(self._context, self._run, self.kind, path, step=step, size=size)
        self.accept()


def begin_export(
    context: PageContext, run: Run, kind: str, path: Path, *, step: int | None, size: str
) -> Operation[dict[str, Any]]:
    """Write a model into a file or folder, in the background; said at the end."""

    def work(project: Project, progress: Progress) -> dict[str, Any]:
        return export_model(project, run, kind, path, step=step, size=size, progress=progress)

    def message(told: dict[str, Any]) -> OperationMessage:
        text = _("{name} is written.").format(name=path.name)
        if told:
            text = f"{text} {proof_text(told)}"
        return OperationMessage(text, _("Show in folder"), folder_opener(path))

    title = _("Writing the model of “{name}”").format(name=run.name)
    return context.operations.run(title, work, message=message)


def begin_ollama(
    context: PageContext, run: Run, found: Ollama, name: str, *, step: int | None, size: str
) -> Operation[dict[str, Any]]:
    """Give a model to Ollama, in the background; said at the end."""

    def work(project: Project, progress: Progress) -> dict[str, Any]:
        return export_to_ollama(project, run, found, name, step=step, size=size, progress=progress)

    def message(told: dict[str, Any]) -> str:
        said = _("Ollama has it. Ask it: {command}").format(command=f"ollama run {name}")
        return f"{proof_text(told)} {said}"

    title = _("Giving the model of “{name}” to Ollama").format(name=run.name)
    return context.operations.run(title, work, message=message)


def _forms() -> tuple[tuple[str, str, str], ...]:
    """The forms: kind, title, and what it is good for."""
    return (
        (
            "gguf",
            _("One GGUF file"),
            _("For LM Studio, llama.cpp and other programs that run models."),
        ),
        ("ollama", _("Ollama"), _("Looking whether it is here …")),
        (
            "folder",
            _("Model folder"),
            _("For Python programs and services: the weights as the hub has them."),
        ),
        (
            "adapter",
            _("The adapter alone"),
            _("Small: only what was learnt. Whoever uses it needs the base model."),
        ),
    )


def _row(theme: Any, text: str, field: QWidget, button: QWidget | None = None) -> QWidget:
    widget = QWidget()
    row = QHBoxLayout(widget)
    row.setContentsMargins(0, 4, 0, 0)
    label = Label(theme, text)
    label.setBuddy(field)
    row.addWidget(label)
    row.addWidget(field, 1)
    if button is not None:
        row.addWidget(button)
    return widget


def _free_name(text: str, taken: list[str]) -> str:
    """A name for Ollama that none of its models has."""
    name = ollama.model_name(text)
    numbered = [name, *(f"{name}-{number}" for number in range(2, _MOST_NAMES))]
    return next((each for each in numbered if f"{each}:latest" not in taken), name)
