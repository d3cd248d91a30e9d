"""The launch page: choices at the left, what they mean at the right, one button that starts it."""

import datetime
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from tunedesk.catalogue.models import DEFAULT_MODEL, Catalogue, base_name
from tunedesk.catalogue.targets import THIS_COMPUTER
from tunedesk.fine_tuning.launch_settings import APPROVED, LAST_SETTINGS, LaunchSettings
from tunedesk.gui.fine_tune.launch.as_trained_section import AsTrainedSection
from tunedesk.gui.fine_tune.launch.examples_section import ExamplesSection
from tunedesk.gui.fine_tune.launch.findings_panel import FindingsPanel
from tunedesk.gui.fine_tune.launch.launch_estimate import (
    LAUNCH_ESTIMATE_KINDS,
    LaunchEstimate,
    Start,
    StartQuestion,
    command_text,
    estimate_launch,
    find_start,
    next_name,
    start_description,
    start_text,
)
from tunedesk.gui.fine_tune.launch.model_advice import ModelAdvice
from tunedesk.gui.fine_tune.launch.model_list import (
    FEW_SHOWN,
    ModelList,
    further_row,
    local_rows,
    recommended,
    service_rows,
)
from tunedesk.gui.fine_tune.launch.more_settings import MoreSettings, SettingField
from tunedesk.gui.fine_tune.launch.provider_section import ConnectionSection, ProviderSection
from tunedesk.gui.fine_tune.local_installation import InstallPanel, LocalInstallation
from tunedesk.gui.fine_tune.run_text import need_text
from tunedesk.gui.live_query import LiveQuery
from tunedesk.gui.page import PageContext
from tunedesk.gui.widgets.choices import NoWheelComboBox
from tunedesk.gui.widgets.dialog import MARGIN, Dialog
from tunedesk.gui.widgets.labels import ElidedLabel, Label, SectionTitle, plain_tooltip
from tunedesk.i18n import _
from tunedesk.project.query import ExampleQuery
from tunedesk.services.connect import ConnectionReport
from tunedesk.services.keys import Keys
from tunedesk.services.providers import provider_named, providers

USUAL_WIDTH, USUAL_HEIGHT = 1120, 900
"""So much of the window stays in sight around the page."""


class LaunchDialog(Dialog):
    """Everything that a launch needs, with what it would do, always up to date.

    Signals:
        launch_asked: A `LaunchPreview`, and whether the user accepts a readable address.
        examples_asked: Show these examples: an `ExampleQuery` and a title. The page closes.
    """

    launch_asked = Signal(object, bool)
    examples_asked = Signal(object, str)

    def __init__(
        self,
        context: PageContext,
        *,
        keys: Keys,
        installation: LocalInstallation,
        shown_query: ExampleQuery,
        settings: LaunchSettings | None,
        parent: QWidget,
    ) -> None:
        theme, background = context.theme, context.background
        project = context.project
        # A run whose tuned model is trained further: in a new run, with a chart of its own.
        tuned = project.runs.of_model(settings.base_model) if settings is not None else None
        title = (
            _("Fine-tune a model on these examples")
            if tuned is None
            else _("Train the model of “{run}” further").format(run=tuned.name)
        )
        super().__init__(theme, title, parent=parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._project = project
        self._tuned = tuned
        self._tuned_model = settings.base_model if settings is not None and tuned else ""
        self._today = datetime.date.today()
        self._estimate: LaunchEstimate | None = None
        self._asked: tuple[LaunchSettings, frozenset[int]] | None = None
        self._starts_when_read = False
        self._start: Start | None = None
        self._ready = False
        self.examples = ExamplesSection(theme, shown_query)
        self.providers = ProviderSection(theme, self._today)
        self.connection = ConnectionSection(theme, background, keys)
        self.install = InstallPanel(theme, background, installation)
        self.models = ModelList(theme)
        self.model_name = QLineEdit()
        self.preset = NoWheelComboBox()
        self.name = QLineEdit()
        self.epochs = SettingField(theme, "epochs", _("How often it sees each example."))
        self.more = MoreSettings(theme)
        self.reading = AsTrainedSection(theme, project, background)
        self.findings = FindingsPanel(theme, self.reading)
        self._look = LiveQuery(
            project=project,
            background=background,
            question=estimate_launch,
            kinds=LAUNCH_ESTIMATE_KINDS,
            parent=self,
        )
        self._begin = LiveQuery(
            project=project,
            background=background,
            question=find_start,
            kinds=LAUNCH_ESTIMATE_KINDS | {"runs"},
            parent=self,
        )
        self._lay_out()
        self._connect()
        self.be_large(USUAL_WIDTH, USUAL_HEIGHT)
        if self.height() < USUAL_HEIGHT:
            self.models.most_shown = FEW_SHOWN
        self._show_settings(settings)
        self.examples.chosen.setFocus()
        self._begin.ask(StartQuestion(shown_query, tuned))
        self._begin.watch(True)
        self._look.watch(True)

    # Building

    def _lay_out(self) -> None:
        theme = self.theme
        left = QWidget()
        left.setProperty("surface", "surface")
        left.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(left)
        column.setContentsMargins(MARGIN, 18, MARGIN, 18)
        column.setSpacing(14)
        for section in (self.examples, self.providers, self.install, self.connection):
            column.addWidget(section)
        column.addWidget(self._models_box())
        column.addWidget(self._name_box())
        self.command = ElidedLabel(theme, "", "small", "muted")
        self.command.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.more.opener.toggled.connect(self.command.setVisible)
        self.command.setVisible(False)
        column.addWidget(self.more)
        column.addWidget(self.command)
        column.addStretch()
        self.body.setContentsMargins(0, 0, 0, 0)
        sides = QHBoxLayout()
        sides.setSpacing(0)
        sides.addWidget(_scrolling(left), 1)
        line = QWidget()
        line.setFixedWidth(1)
        line.setProperty("surface", "line")
        line.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        sides.addWidget(line)
        self._right = _scrolling(self.findings)
        self._fit_findings()
        sides.addWidget(self._right)
        self.body.addLayout(sides)
        self.add_cancel()
        self.start = self.add_button(_("Start training"), "primary", default=True)
        self.start.setAccessibleName(_("Start training"))

    def _models_box(self) -> QWidget:
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(SectionTitle(self.theme, _("Base model")))
        self._advice = ModelAdvice(self.theme, self.models)
        column.addWidget(self._advice)
        self.model_name.setAccessibleName(_("Name of the base model"))
        self.model_name.setPlaceholderText(_("the name of the base model, as the server knows it"))
        self._preset_title = SectionTitle(self.theme, _("Kind of training"))
        self._preset_title.setBuddy(self.preset)
        self.preset.setAccessibleName(_("Kind of training"))
        for widget in (self.models, self.model_name, self._preset_title, self.preset):
            column.addWidget(widget)
        return box

    def _name_box(self) -> QWidget:
        box = QWidget()
        row = QHBoxLayout(box)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(14)
        named = QWidget()
        column = QVBoxLayout(named)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        head = Label(self.theme, _("Name"), "strong")
        head.setBuddy(self.name)
        self.name.setAccessibleName(_("Name"))
        column.addWidget(head)
        column.addWidget(self.name)
        self._name_note = Label(self.theme, "", "small", "muted", wrap=True)
        column.addWidget(self._name_note)
        column.addStretch()
        row.addWidget(named, 1)
        row.addWidget(self.epochs, 1)
        return box

    def _connect(self) -> None:
        self.examples.changed.connect(self._changed)
        self.providers.changed.connect(self._on_provider_changed)
        self.connection.changed.connect(self._changed)
        self.connection.reported.connect(self._on_report)
        self.install.installation.installed.connect(self._changed)
        self.models.chosen.connect(self._on_more_changed)
        for field in (self.model_name, self.name):
            field.textChanged.connect(self._changed)
        self.preset.currentIndexChanged.connect(self._changed)
        self.epochs.changed.connect(self._changed)
        self.more.changed.connect(self._on_more_changed)
        self.findings.leave_out_changed.connect(self._changed)
        for part in (self.findings, self.reading):
            part.examples_asked.connect(self._show_examples)
        self.reading.changed.connect(self._on_read)
        self._look.ready.connect(self._on_estimate)
        self._begin.ready.connect(self._on_start)
        self.start.clicked.connect(self._launch)

    def _show_settings(self, settings: LaunchSettings | None) -> None:
        """Begin with what was launched last, or with what suits most."""
        given = settings or LaunchSettings(provider=self._usual_provider())
        self.examples.show_choice(settings.query if settings else None, given.validation_share)
        self.providers.choose(given.provider)
        self.connection.set_provider(self.providers.provider, given.base_url)
        self.models.choose(given.base_model)
        self.model_name.setText(
            given.base_model if self.providers.provider.name == "custom" else ""
        )
        self.name.setText(given.name)
        self.epochs.set_value(given.epochs)
        self.more.show_settings(given)
        self.findings.leave_out.setChecked(given.leave_out_errors)
        self._wanted_preset = dict(given.extra_body)
        self._show_place()
        self._ready = True
        self._changed()

    def _usual_provider(self) -> str:
        """Where this project trains: the checks of its examples are made for that place."""
        aim = self._project.setting("target")
        found = [name for name, provider in providers().items() if provider.target == aim]
        return found[0] if found else LaunchSettings().provider

    # What is chosen

    @property
    def settings(self) -> LaunchSettings:
        """The settings as they stand on the page."""
        provider = self.providers.provider
        body = self.preset.currentData() if provider.presets else {}
        return self.more.applied_to(
            LaunchSettings(
                provider=provider.name,
                base_url=self.connection.base_url if provider.name != "local" else "",
                base_model=self._base_model,
                query=replace(self.examples.query, sort="number", descending=False),
                leave_out_errors=self.findings.leave_out.isChecked(),
                validation_share=self.examples.validation_share,
                name=self.name.text().strip(),
                epochs=self.epochs.whole,
                extra_body=body or {},
            ),
            provider,
        )

    @property
    def _base_model(self) -> str:
        listed = self.models.row_model.rowCount() > 0
        return self.models.model_id if listed else self.model_name.text().strip()

    @property
    def stops(self) -> list[str]:
        """What the page itself knows to be in the way, a sentence each."""
        provider, stops = self.providers.provider, []
        if provider.name == "local" and self._start is not None and not self._is_installed:
            stops.append(_("Training on this computer is not installed yet."))
        if self.connection.problem:
            stops.append(self.connection.problem)
        if not self.settings.base_model:
            stops.append(_("No base model is chosen."))
        row = self.models.row
        if provider.name == "local" and row is not None and row.tone == "error":
            stops.append(row.why)
        wrong = [self.epochs.problem] if self.epochs.problem else []
        return stops + wrong + self.more.problems

    @property
    def _is_installed(self) -> bool:
        return self.install.installation.is_done or (
            self._start is not None and self._start.installed
        )

    def _show_name_note(self) -> None:
        """Say what the name is for, and whether another run has it."""
        taken = self._start is not None and self.name.text().strip() in self._start.names
        self._name_note.set_tone("warning" if taken else "muted")
        self._name_note.setText(
            _("Another run has this name already.")
            if taken
            else _("The tuned model carries it in its own name.")
        )

    def _changed(self) -> None:
        if not self._ready:
            return
        self._show_name_note()
        settings = self.settings
        command = command_text(settings, self._project.path.name)
        self.command.setText(
            _("Same as the command: {command}").format(command=command) if command else ""
        )
        asked = (settings, self.reading.refused if settings.leave_out_errors else frozenset())
        if asked != self._asked:
            self._asked = asked
            self._estimate = None
            self._starts_when_read = False
            self._look.ask(*asked)
            self.findings.show_counting()
        else:
            self._show_estimate()
        self._show_button()

    def _on_more_changed(self) -> None:
        self.more.show_for(self.providers.provider, self._base_model)
        self._changed()

    def _on_provider_changed(self) -> None:
        self.connection.set_provider(self.providers.provider)
        self._show_place()
        self._changed()

    def _on_report(self, _report: ConnectionReport) -> None:
        self._show_models()
        self._changed()

    def _show_place(self) -> None:
        """Show what belongs to the chosen provider."""
        provider = self.providers.provider
        self.preset.clear()
        for preset in provider.presets:
            self.preset.addItem(preset.title, preset.extra_body)
        wanted = self.preset.findData(self._wanted_preset) if self._wanted_preset else -1
        self.preset.setCurrentIndex(max(0, wanted) if provider.presets else -1)
        for widget in (self._preset_title, self.preset):
            widget.setVisible(bool(provider.presets))
        self.name.setMaxLength(max(provider.suffix_length, 1))
        self.epochs.allow(provider.limits["epochs"])
        self._show_models()
        self.more.show_for(provider, self._base_model)
        self._show_install()

    def _show_models(self) -> None:
        provider, estimate = self.providers.provider, self._estimate
        if provider.name == "local":
            settings = self.settings
            rows = local_rows(
                estimate.machine if estimate else None,
                longest=estimate.preview.longest if estimate else 0,
                full=settings.full,
                batch_size=estimate.preview.batch_size if estimate else settings.batch_size,
                pairs=settings.method == "dpo",
                seconds=estimate.seconds if estimate else {},
                fetched=estimate.fetched if estimate else (),
                own=estimate.own if estimate else (),
            )
        else:
            report = self.connection.report
            billable = estimate.preview.billable_tokens if estimate else 0
            rows = service_rows(provider, self._today, report.models if report else (), billable)
        if self._tuned is not None and self._tuned.provider == provider.name and rows:
            rows = [further_row(self._tuned_model, self._tuned.name, rows), *rows]
        usual = Catalogue.load().find(DEFAULT_MODEL)
        self.models.show_rows(rows, usual.id if usual else "")
        is_base = provider.name == "local" and self._tuned is None
        self._advice.show_row(recommended(rows) if is_base else None)
        self.models.setVisible(bool(rows))
        self.model_name.setVisible(not rows)

    def _show_install(self) -> None:
        here = self.providers.provider.name == "local"
        known = self._start is not None
        self.install.setVisible(here and known and not self._is_installed)

    # What is answered

    def _on_start(self, start: Start) -> None:
        first = self._start is None
        self._start = start
        self.examples.show_counts(start.counts)
        if start.unseen is not None:
            self.examples.offer_unseen(start.unseen, start.counts.unseen)
        self._show_estimate()
        if first and (not self.name.text() or start.names):
            self.name.setText(next_name(self.name.text(), self._project.path.stem, start.names))
        self._show_name_note()
        self._show_install()
        self._changed()

    def _on_estimate(self, estimate: LaunchEstimate) -> None:
        if self._asked is None or estimate.preview.settings != self._asked[0]:
            return
        self._estimate = estimate
        self.reading.show_launch(estimate.preview)
        self._show_models()
        self._show_estimate()
        self._show_button()

    def _on_read(self) -> None:
        """What the base model makes of the examples is known, or is about to be found out."""
        self._changed()
        if self._starts_when_read and not self.reading.is_reading:
            self._launch()

    def _fit_findings(self) -> None:
        """As wide as the findings are, with room for the scroll bar."""
        self._right.setFixedWidth(self.findings.minimumWidth() + 14)

    def _show_estimate(self) -> None:
        estimate = self._estimate
        if estimate is None:
            return
        halves = estimate.preview.split
        self.examples.show_held(len(halves.training), len(halves.validation))
        self.epochs.show_automatic(str(estimate.preview.epochs))
        self.more.batch_size.show_automatic(str(estimate.preview.batch_size))
        row = self.models.row
        memory = need_text(row.memory if row else 0, estimate.machine) if estimate.machine else ""
        download = row.download if row and self.providers.provider.name == "local" else 0
        found = self._start.set_problems if self._start is not None else ()
        self.findings.show_estimate(
            estimate, self.stops, memory, download, found, refused=self.reading.is_refused
        )
        self._fit_findings()

    def _show_button(self) -> None:
        text = start_text(self.providers.provider, self._estimate)
        if self._starts_when_read:
            text = _("Start now, before all are read")
        self.start.setText(text.replace("&", "&&"))
        # The label begins with the name; the figures stand in the description.
        self.start.setAccessibleDescription(
            start_description(self.providers.provider, self._estimate)
        )
        may = self._estimate is not None and self._estimate.preview.may_start
        may = may and not self.reading.is_refused
        self.start.setEnabled(may and not self.stops and self._start is not None)
        why = "" if may else _("See what stands at the right, under “Before it starts”.")
        if self._starts_when_read:
            why = _("It starts by itself once the base model's template has read all examples.")
        self.start.setToolTip(plain_tooltip(why))

    # What is done

    def _launch(self) -> None:
        estimate = self._estimate
        if estimate is None or not self.start.isEnabled():
            return
        if self.reading.is_reading and not self._starts_when_read:
            # A moment, mostly; who does not want to wait presses once more: the server reads
            # them as well, and refuses the same.
            self._starts_when_read = True
            self._show_button()
            return
        settings = estimate.preview.settings
        some_approved = self._start is not None and self._start.counts.approved > 0
        self._project.set_setting(
            LAST_SETTINGS,
            _kept(
                settings,
                some_approved=some_approved,
                is_tuned=settings.base_model == self._tuned_model,
            ),
        )
        aim = provider_named(settings.provider).target
        if aim != self._project.setting("target"):
            # From now on its examples are checked for the place where it trains.
            self._project.set_setting("target", aim)
        counted_for = self._project.context.check_settings.model
        known = Catalogue.load().find_local(settings.base_model) is not None
        if aim == THIS_COMPUTER and known and settings.base_model != counted_for:
            # Tokens and limit follow the model that is trained here.
            self._project.set_setting("model", settings.base_model)
        self.launch_asked.emit(estimate.preview, self.connection.plain_http.isChecked())
        self.accept()

    def _show_examples(self, query: ExampleQuery, title: str) -> None:
        self.accept()
        self.examples_asked.emit(query, title)

    def done(self, result: int) -> None:
        """Stop estimating, and close."""
        self.close_project()
        super().done(result)

    def close_project(self) -> None:
        """The project closes."""
        self._look.close()
        self._begin.close()
        self.reading.close_reading()


def _kept(settings: LaunchSettings, *, some_approved: bool, is_tuned: bool) -> dict[str, Any]:
    """The settings as the project keeps them; a list of chosen examples is not kept.

    Where nothing was approved, taking all was no choice: the next launch begins with what is
    approved by then.
    """
    query = replace(settings.query, ids=None) if some_approved else APPROVED
    # To train a tuned model further is a wish of its own each time.
    base = base_name(settings.base_model) if is_tuned else settings.base_model
    return replace(settings, query=query, base_model=base).to_json()


def _scrolling(widget: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(widget)
    return area
