"""The base models on the Fine-tune page: what each is good for, whether it fits, what is here."""

from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QSize, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QResizeEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from tunedesk.catalogue.memory_estimate import Machine, ModelSize
from tunedesk.catalogue.models import STARTER_ID, Catalogue, LocalModel, default_base_model
from tunedesk.errors import UserError
from tunedesk.fine_tuning.launch_settings import LaunchSettings
from tunedesk.gui.background import Background, Task
from tunedesk.gui.feedback import Feedback
from tunedesk.gui.fine_tune.launch.launch_estimate import LAUNCH_ESTIMATE_KINDS, estimate_launch
from tunedesk.gui.fine_tune.launch.model_list import ModelRow, local_rows
from tunedesk.gui.fine_tune.run_text import memory_text, need_text
from tunedesk.gui.live_query import LiveQuery
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.cards import Card
from tunedesk.gui.widgets.choices import Chip
from tunedesk.gui.widgets.labels import Badge, ElidedLabel, Label
from tunedesk.i18n import _, size_text
from tunedesk.paths import models_dir
from tunedesk.progress import Progress
from tunedesk.project.project import Project
from tunedesk.services import local_models

WIDE = 760
"""From this width on, in pixels, two cards stand side by side."""
_AROUND_CARDS = 64
"""The pixels of the margins, of the gap and of the scroll bar."""


class ModelsFound(NamedTuple):
    """What there is to know of the base models here.

    Attributes:
        rows: The models, smallest first.
        machine: What this computer has.
        begun: The models whose download was begun and not finished.
    """

    rows: list[ModelRow]
    machine: Machine | None
    begun: frozenset[str]


def find_models(project: Project) -> ModelsFound:
    """The base models, for a training of this project as it is; called in a thread."""
    estimate = estimate_launch(project, LaunchSettings(base_model=default_base_model()))
    rows = local_rows(
        estimate.machine,
        longest=estimate.preview.longest,
        full=False,
        batch_size=estimate.preview.batch_size,
        pairs=False,
        seconds=estimate.seconds,
        fetched=estimate.fetched,
        own=estimate.own,
    )
    begun = frozenset(row.id for row in rows if (models_dir() / f"{row.id}.part").is_dir())
    return ModelsFound(rows, estimate.machine, begun)


class ModelCard(Card):
    """One base model, and what can be done with it.

    Signals:
        train_asked: A training with it is wanted.
        elsewhere_asked: A training with a service is wanted: it is too large for here.
        download_asked: It is to be fetched.
        stop_asked: Its download is to stop.
    """

    train_asked = Signal()
    elsewhere_asked = Signal()
    download_asked = Signal()
    stop_asked = Signal()

    def __init__(self, theme: Theme, model: LocalModel, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._model = model
        self.setAccessibleName(model.title)
        self.setMinimumHeight(164)
        self.badge = Badge(theme)
        head = QHBoxLayout()
        head.addWidget(ElidedLabel(theme, model.title, "strong"), 1)
        head.addWidget(self.badge)
        self.body.addLayout(head)
        self.body.addWidget(Label(theme, model.note, "base", "muted", wrap=True))
        facts = QGridLayout()
        facts.setHorizontalSpacing(18)
        facts.setVerticalSpacing(3)
        facts.setColumnStretch(1, 1)
        self.memory = ElidedLabel(theme, "", "small")
        licence = ElidedLabel(theme, _licence_text(model), "small")
        for line, (name, value) in enumerate(((_("Memory"), self.memory), (_("Licence"), licence))):
            facts.addWidget(Label(theme, name, "small", "muted"), line, 0)
            facts.addWidget(value, line, 1)
        self.body.addLayout(facts)
        self.body.addStretch(1)
        self.state = Label(theme, "", "strong", "success")
        self.detail = ElidedLabel(theme, "", "small", "muted")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(_("Progress of the download"))
        self.terms = self._button(_("Read and accept terms…"))
        self.download = self._button(_("Download"))
        self.stop = self._button(_("Stop"))
        self.train = self._button(_("Train with it…"))
        self.elsewhere = self._button(_("Train elsewhere…"))
        foot = QHBoxLayout()
        foot.addWidget(self.state)
        foot.addWidget(self.bar, 1)
        foot.addWidget(self.detail, 1)
        for button in (self.terms, self.download, self.stop, self.elsewhere, self.train):
            foot.addWidget(button)
        self.body.addLayout(foot)
        self.terms.clicked.connect(self._open_terms)
        self.download.clicked.connect(self.download_asked)
        self.stop.clicked.connect(self.stop_asked)
        self.train.clicked.connect(self.train_asked)
        self.elsewhere.clicked.connect(self.elsewhere_asked)

    def _button(self, label: str) -> QPushButton:
        button = QPushButton(label)
        button.setAutoDefault(False)
        button.setAccessibleDescription(self._model.title)
        return button

    def show_row(self, row: ModelRow, found: ModelsFound, progress: tuple[int, int] | None) -> None:
        """Show how it stands.

        Args:
            row: What is known of it.
            found: What is known of all.
            progress: The bytes that are there and the whole, while it is fetched.
        """
        is_here = not row.download
        too_big = row.tone == "error"
        self.badge.show_text(row.badge, row.tone)
        self.badge.setVisible(bool(row.badge))
        self.badge.setToolTip(row.why)
        self.set_tone("accent" if row.id == default_base_model() else "")
        if found.machine is not None:
            self.memory.setText(_memory_words(row, found.machine))
        self.bar.setVisible(progress is not None)
        self.stop.setVisible(progress is not None)
        is_kept = self._model.package is None
        self.stop.setText(_("Pause") if is_kept else _("Stop"))
        if progress is not None:
            done, total = progress
            self.bar.setRange(0, 1000 if total else 0)
            self.bar.setValue(done * 1000 // total if total else 0)
        self.state.setText(
            _("Built in") if row.id == STARTER_ID else _("Here") if is_here else _("Too big here")
        )
        self.state.set_tone("success" if is_here else "muted")
        self.state.setVisible(progress is None and (is_here or too_big))
        detail = ""
        if progress is not None:
            detail = _("{done} of {total}").format(
                done=size_text(progress[0]), total=size_text(progress[1])
            )
        elif is_here and self._model.weight_bytes:
            detail = size_text(self._model.weight_bytes)
        elif row.id != STARTER_ID:
            detail = row.size if is_here else ""
        self.detail.setText(detail)
        self.download.setText(
            _("Go on with the download")
            if row.id in found.begun
            else _("Download {size}").format(size=size_text(row.download))
        )
        can_fetch = not is_here and not too_big and progress is None
        self.download.setVisible(can_fetch)
        self.terms.setVisible(can_fetch and row.is_gated)
        self.train.setVisible(is_here and not too_big)
        self.elsewhere.setVisible(too_big)

    def _open_terms(self) -> None:
        QDesktopServices.openUrl(QUrl(f"https://huggingface.co/{self._model.id}"))


class ModelsView(QWidget):
    """The base models as cards, and downloads of them.

    Signals:
        train_asked: The id of the model that a training is wanted with.
        elsewhere_asked: A training with a service is wanted.
    """

    train_asked = Signal(str)
    elsewhere_asked = Signal()

    def __init__(
        self,
        theme: Theme,
        project: Project,
        background: Background,
        feedback: Feedback,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._background = background
        self._feedback = feedback
        self._found: ModelsFound | None = None
        self._tasks: dict[str, Task] = {}
        self._progress: dict[str, tuple[int, int]] = {}
        self._columns = 0
        self._own: set[str] = set()
        self.cards = {model.id: self._card(model) for model in Catalogue.load().local_models}
        self._look = LiveQuery(
            project=project,
            background=background,
            question=find_models,
            kinds=LAUNCH_ESTIMATE_KINDS,
            parent=self,
        )
        self._look.ready.connect(self._on_found)
        self._lay_out()

    def _lay_out(self) -> None:
        self.machine = ElidedLabel(self._theme, "", "base", "muted")
        self.fitting = Chip(self._theme, _("That fit"))
        self.every = Chip(self._theme, _("All"))
        for chip in (self.fitting, self.every):
            chip.setAutoExclusive(True)
            chip.toggled.connect(self._show)
        self.fitting.setChecked(True)
        head = QHBoxLayout()
        head.setContentsMargins(16, 12, 16, 4)
        head.setSpacing(8)
        head.addWidget(Label(self._theme, _("This computer"), "strong"))
        head.addWidget(self.machine, 1)
        self.add = QPushButton(_("Add your own…"))
        self.add.setAutoDefault(False)
        self.add.setToolTip(
            _("A GGUF file, or the config.json of a model folder: it is copied to the models here.")
        )
        self.add.clicked.connect(self._choose_own)
        head.addWidget(self.add)
        head.addWidget(self.fitting)
        head.addWidget(self.every)
        inner = QWidget()
        self._grid = QGridLayout(inner)
        self._grid.setContentsMargins(16, 8, 16, 16)
        self._grid.setSpacing(12)
        self._grid.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.area = QScrollArea()
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(inner)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.area, 1)

    def _card(self, model: LocalModel) -> ModelCard:
        card = ModelCard(self._theme, model, self)
        card.hide()
        card.train_asked.connect(lambda: self.train_asked.emit(model.id))
        card.elsewhere_asked.connect(self.elsewhere_asked)
        card.download_asked.connect(lambda: self._download(model))
        card.stop_asked.connect(lambda: self._stop(model.id))
        return card

    def watch(self, watched: bool) -> None:
        """Look how the models stand while they are seen."""
        self._look.watch(watched)

    def close_project(self) -> None:
        """The project closes: downloads stop, to go on another time."""
        for task in self._tasks.values():
            task.cancel()
        self._look.close()

    def minimumSizeHint(self) -> QSize:
        """It scrolls: little room is enough."""
        return QSize(320, 200)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """One column of cards in a narrow window, two in a wide one."""
        super().resizeEvent(event)
        if self._columns and self._columns != self._columns_wanted():
            self._show()

    def _columns_wanted(self) -> int:
        # With large letters a card needs more room.
        needed = max(card.minimumSizeHint().width() for card in self.cards.values())
        return 2 if self.width() >= max(WIDE, 2 * needed + _AROUND_CARDS) else 1

    # What shows

    def _on_found(self, found: ModelsFound) -> None:
        self._found = found
        fitting = [row for row in found.rows if row.tone != "error"]
        self.fitting.set_count(len(fitting))
        self.every.set_count(len(found.rows))
        for name in self._own - {row.id for row in found.rows}:
            self.cards.pop(name).deleteLater()
        for row in found.rows:
            if row.id not in self.cards:
                self.cards[row.id] = self._card(_own_model(row))
        self._own = {row.id for row in found.rows if Catalogue.load().find_local(row.id) is None}
        if found.machine is not None:
            self.machine.setText(_machine_text(found.machine))
        self._show()

    def _show(self) -> None:
        if self._found is None:
            return
        while self._grid.takeAt(0) is not None:
            pass
        self._columns = self._columns_wanted()
        place = 0
        for row in self._found.rows:
            card = self.cards[row.id]
            shown = self.every.isChecked() or row.tone != "error"
            card.setVisible(shown)
            if shown:
                card.show_row(row, self._found, self._progress.get(row.id))
                self._grid.addWidget(card, place // self._columns, place % self._columns)
                place += 1
        for column in range(2):
            self._grid.setColumnStretch(column, 1 if column < self._columns else 0)

    # Models of the user's own

    def _choose_own(self) -> None:
        window = self.window()
        dialog = QFileDialog(window, _("Add a model of your own"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(_("Models (*.gguf config.json)"))
        dialog.fileSelected.connect(lambda path: self.add_own(Path(path)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def add_own(self, chosen: Path) -> None:
        """Make a base model of a GGUF file, or of the folder of a config.json."""
        source = chosen.parent if chosen.name == "config.json" else chosen

        def work(progress: Progress) -> None:
            local_models.add(source, progress=progress)

        self.add.setEnabled(False)
        self.machine.setText(_("Adding {name} …").format(name=source.name))
        self._background.run(work, on_error=self._on_error, on_finished=self._on_added)

    def _on_added(self) -> None:
        self.add.setEnabled(True)
        self._look.refresh()

    # Downloads

    def _download(self, model: LocalModel) -> None:
        if model.id in self._tasks:
            return
        self._progress[model.id] = (0, model.download_bytes)

        def work(progress: Progress) -> None:
            local_models.get(model, progress=progress)

        self._tasks[model.id] = self._background.run(
            work,
            on_error=self._on_error,
            on_progress=lambda done, total: self._on_progress(model.id, done, total),
            on_finished=lambda: self._on_finished(model.id),
        )
        self._show()

    def _stop(self, model_id: str) -> None:
        task = self._tasks.get(model_id)
        if task is not None:
            task.cancel()

    def _on_progress(self, model_id: str, done: int, total: int | None) -> None:
        if model_id in self._tasks and total and self._found is not None:
            self._progress[model_id] = (done, total)
            row = next(row for row in self._found.rows if row.id == model_id)
            self.cards[model_id].show_row(row, self._found, (done, total))

    def _on_error(self, error: UserError) -> None:
        self._feedback.toast(f"{error.sentence} {error.advice}".strip())

    def _on_finished(self, model_id: str) -> None:
        self._tasks.pop(model_id, None)
        self._progress.pop(model_id, None)
        self._show()
        self._look.refresh()


def _own_model(row: ModelRow) -> LocalModel:
    """A model of the user's own, of which only the name is known."""
    return LocalModel(
        id=row.id,
        title=row.title,
        family="",
        size=ModelSize(0, 0, 0, 0, 0),
        weight_bytes=0,
        context=0,
        licence=_("not known"),
        is_gated=False,
        note=row.note,
        package=None,
        sources=(),
        unconfirmed=(),
    )


def _licence_text(model: LocalModel) -> str:
    if model.is_gated:
        return _("{licence}, to be accepted").format(licence=model.licence)
    if model.licence in ("Apache-2.0", "MIT"):
        return _("{licence}, free for any use").format(licence=model.licence)
    return model.licence


def _memory_words(row: ModelRow, machine: Machine) -> str:
    """The memory that training it takes, in a word and a figure."""
    if not row.memory or not machine.memory_total:
        return _("not known")
    share = row.memory / machine.memory_total
    figure = need_text(row.memory, machine)
    if share > 1:
        return _("too much: {figure}").format(figure=figure)
    if share > 0.6:
        return _("tight: {figure}").format(figure=figure)
    if share > 0.2:
        return _("comfortable: {figure}").format(figure=figure)
    return _("little: {figure}").format(figure=figure)


def _machine_text(machine: Machine) -> str:
    memory, disk = memory_text(machine), size_text(machine.disk_free)
    if machine.device == "cuda":
        return _("{gpu}, {memory}, {disk} free on the disk").format(
            gpu=machine.device_name, memory=memory, disk=disk
        )
    if not memory:
        return _("{disk} free on the disk").format(disk=disk)
    return _("{memory}, {disk} free on the disk").format(memory=memory, disk=disk)
