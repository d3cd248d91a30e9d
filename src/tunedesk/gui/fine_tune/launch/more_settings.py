"""The settings that most people leave alone, each with what it does."""

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from tunedesk.catalogue.hyperparameters import TITLES, Limit, limit_problem
from tunedesk.catalogue.models import STARTER_ID
from tunedesk.fine_tuning.launch_settings import LaunchSettings
from tunedesk.gui.theme import Theme, restyle
from tunedesk.gui.widgets.accessible_roles import set_role
from tunedesk.gui.widgets.choices import NoWheelComboBox
from tunedesk.gui.widgets.labels import Label
from tunedesk.i18n import _
from tunedesk.services.providers import Provider

AUTOMATIC = _("automatic")


class SettingField(QWidget):
    """A title, a field, and one line that says what the setting does.

    Attributes:
        name: The name of the setting, as among the limits of a provider.

    Signals:
        changed: Another value, or none.
    """

    changed = Signal()

    def __init__(
        self, theme: Theme, name: str, explanation: str, parent: QWidget | None = None
    ) -> None:
        """Make an empty field.

        Args:
            theme: The theme.
            name: The name of the setting, as among the limits of a provider.
            explanation: What it does, in one plain line.
            parent: Its owner.
        """
        super().__init__(parent)
        title = TITLES[name]
        self.name = name
        self._explanation = explanation
        self._limit = Limit()
        self.field = QLineEdit()
        self.field.setAccessibleName(title)
        self.field.setAccessibleDescription(explanation)
        self.field.setPlaceholderText(AUTOMATIC)
        self.field.textChanged.connect(self._on_edited)
        head = Label(theme, title, "strong")
        head.setBuddy(self.field)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(head)
        column.addWidget(self.field)
        self.says = Label(theme, explanation, "small", "muted", wrap=True)
        column.addWidget(self.says)
        column.addStretch()

    @property
    def value(self) -> float | None:
        """The number; None: automatic, or no number."""
        text = self.field.text().strip().replace(",", ".")
        try:
            number = int(text) if self._limit.whole else float(text)
        except ValueError:
            return None
        return number if self._limit.allows(number) else None

    @property
    def whole(self) -> int | None:
        """The number of a field for whole numbers."""
        value = self.value
        return None if value is None else int(value)

    @property
    def problem(self) -> str:
        """What is wrong with the text, in a sentence; empty: nothing."""
        if not self.field.text().strip() or self.value is not None:
            return ""
        return limit_problem(self.name, self._limit)

    def explain(self, explanation: str) -> None:
        """Say what it does, where that depends on the provider."""
        self._explanation = explanation
        self.field.setAccessibleDescription(explanation)
        self._show_problem()

    def allow(self, limit: Limit) -> None:
        """Take these numbers from now on."""
        self._limit = limit
        self._show_problem()

    def set_value(self, value: float | None) -> None:
        """Show a value; None: automatic."""
        self.field.setText("" if value is None else f"{value:g}")

    def show_automatic(self, value: str) -> None:
        """Say what automatic would be."""
        self.field.setPlaceholderText(
            _("automatic: {value}").format(value=value) if value else AUTOMATIC
        )

    def _on_edited(self) -> None:
        self._show_problem()
        self.changed.emit()

    def _show_problem(self) -> None:
        problem = self.problem
        self.says.setText(problem or self._explanation)
        self.says.set_tone("error" if problem else "muted")
        state = "error" if problem else ""
        if self.field.property("state") != state:
            self.field.setProperty("state", state)
            restyle(self.field)


METHODS = ("supervised", "dpo")
MULTIPLIER = _("How far each step goes. 2 goes twice as far as usual; too far unlearns.")
RATE = _("How far each step goes: the rate itself, such as 0.00002. Too far unlearns.")


class MoreSettings(QWidget):
    """Hyperparameters, seed, Weights & Biases and metadata, behind a button that opens them.

    Signals:
        changed: Another value of any of them.
    """

    changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.opener = QPushButton()
        self.opener.setProperty("kind", "link")
        self.opener.setCheckable(True)
        set_role(self.opener, QAccessible.Role.Button)
        self.opener.setAutoDefault(False)
        self.opener.setAccessibleName(_("More"))
        self.opener.toggled.connect(self._show_fields)
        self._make_fields()
        self._fields = QWidget()
        self._grid = QGridLayout(self._fields)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(12)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self.opener)
        column.addWidget(self._fields)
        self._show_fields(False)

    def _make_fields(self) -> None:
        theme = self._theme
        self.batch_size = SettingField(
            theme, "batch_size", _("How many examples make one step. More is calmer but slower.")
        )
        self.learning_rate = SettingField(
            theme,
            "learning_rate",
            MULTIPLIER,
        )
        self.beta = SettingField(
            theme, "beta", _("How close it stays to the base model while it learns preferences.")
        )
        self.lora_rank = SettingField(
            theme,
            "lora_rank",
            _("The size of the part that learns. More can learn more, and takes more memory."),
        )
        self.seed = SettingField(
            theme, "seed", _("The same number makes the same run again, as far as possible.")
        )
        self._numbers = (
            *(self.batch_size, self.learning_rate, self.beta, self.lora_rank, self.seed),
        )
        self.wandb = QLineEdit()
        self.wandb_box = self._boxed(
            _("Weights & Biases project"),
            self.wandb,
            _("Sends the figures there as well; the service needs your key of it."),
        )
        self.metadata = QPlainTextEdit()
        self.metadata.setFixedHeight(62)
        self.metadata.setTabChangesFocus(True)
        self.metadata.setPlaceholderText(_("customer = Night pharmacy"))
        self.metadata_box = self._boxed(
            _("Metadata"),
            self.metadata,
            _("Notes that stay with the job, one a line: name = value."),
        )
        self.method = NoWheelComboBox()
        self.method.addItem(_("From answers (supervised)"), "supervised")
        self.method.addItem(_("From preferences (DPO)"), "dpo")
        self.method_box = self._boxed(
            _("Method"),
            self.method,
            _("Supervised learns the answers; DPO learns which of two answers is better."),
        )
        self.full = QCheckBox(_("Train all weights"))
        self.full_box = self._boxed(
            "", self.full, _("Instead of a small part (LoRA). Needs several times the memory.")
        )
        for number in self._numbers:
            number.changed.connect(self.changed)
        self.wandb.textChanged.connect(self.changed)
        self.metadata.textChanged.connect(self.changed)
        self.method.currentIndexChanged.connect(self._on_method)
        self.full.toggled.connect(self.changed)

    def _boxed(self, title: str, field: QWidget, explanation: str) -> QWidget:
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        if title:
            head = Label(self._theme, title.replace("&", "&&"), "strong")
            head.setBuddy(field)
            field.setAccessibleName(title)
            column.addWidget(head)
        column.addWidget(field)
        column.addWidget(Label(self._theme, explanation, "small", "muted", wrap=True))
        column.addStretch()
        return box

    # What is chosen

    def show_settings(self, settings: LaunchSettings) -> None:
        """Begin with these settings; opens itself if one of them is not automatic."""
        self.batch_size.set_value(settings.batch_size)
        self.learning_rate.set_value(settings.learning_rate)
        self.beta.set_value(settings.beta)
        self.lora_rank.set_value(settings.lora_rank)
        self.seed.set_value(settings.seed)
        self.wandb.setText(settings.wandb_project)
        self.metadata.setPlainText(
            "\n".join(f"{name} = {value}" for name, value in settings.metadata.items())
        )
        self.method.setCurrentIndex(METHODS.index(settings.method))
        self.full.setChecked(settings.full)
        usual = replace(
            LaunchSettings(),
            provider=settings.provider,
            base_url=settings.base_url,
            base_model=settings.base_model,
            query=settings.query,
            leave_out_errors=settings.leave_out_errors,
            validation_share=settings.validation_share,
            name=settings.name,
            epochs=settings.epochs,
            extra_body=settings.extra_body,
        )
        self.opener.setChecked(settings != usual)

    def applied_to(self, settings: LaunchSettings, provider: Provider) -> LaunchSettings:
        """The settings with what is chosen here, as far as the provider and the model take it."""
        known = provider.hyperparameter_names
        adapts = _can_adapt(provider, settings.base_model)
        dpo = self.method.currentData() == "dpo" and "dpo" in provider.methods
        return replace(
            settings,
            method="dpo" if dpo else "supervised",
            batch_size=self.batch_size.whole if "batch_size" in known else None,
            learning_rate=self.learning_rate.value if "learning_rate" in known else None,
            beta=self.beta.value if dpo and "beta" in known else None,
            lora_rank=self.lora_rank.whole if adapts and "lora_rank" in known else None,
            full=self.full.isChecked() and adapts and bool(provider.full_hyperparameters),
            seed=self.seed.whole if provider.seed else None,
            wandb_project=self.wandb.text().strip() if provider.wandb else "",
            metadata=self._metadata() if provider.metadata else {},
        )

    @property
    def problems(self) -> list[str]:
        """What is wrong with the numbers that are asked for, a sentence each."""
        return [field.problem for field in self._numbers if field.problem and not field.isHidden()]

    def show_for(self, provider: Provider, base_model: str) -> None:
        """Show the fields that this provider and this model take, two beside each other."""
        known = provider.hyperparameter_names
        for field in self._numbers:
            field.allow(provider.limits[field.name])
        self.learning_rate.explain(MULTIPLIER if provider.learning_rate == "multiplier" else RATE)
        adapts = _can_adapt(provider, base_model)
        dpo = self.method.currentData() == "dpo" and "dpo" in provider.methods
        shown = [
            (self.method_box, len(provider.methods) > 1),
            (self.batch_size, "batch_size" in known),
            (self.learning_rate, "learning_rate" in known),
            (self.beta, dpo and "beta" in known),
            (self.lora_rank, adapts and "lora_rank" in known),
            (self.full_box, adapts and bool(provider.full_hyperparameters)),
            (self.seed, provider.seed),
            (self.wandb_box, provider.wandb),
            (self.metadata_box, provider.metadata),
        ]
        number = 0
        for box, wanted in shown:
            self._grid.removeWidget(box)
            if box.parentWidget() is not self._fields:
                # Without a parent it would belong to Python, and might be destroyed by whichever
                # thread collects the garbage.
                box.setParent(self._fields)
            if wanted:
                self._grid.addWidget(box, number // 2, number % 2)
                number += 1
            box.setVisible(wanted)
        for column in (0, 1):
            self._grid.setColumnStretch(column, 1)

    def _metadata(self) -> dict[str, str]:
        pairs = (line.partition("=") for line in self.metadata.toPlainText().splitlines())
        return {name.strip(): value.strip() for name, _equals, value in pairs if name.strip()}

    def _on_method(self) -> None:
        self.changed.emit()

    def _show_fields(self, shown: bool) -> None:
        self._fields.setVisible(shown)
        self.opener.setText(
            _("▾ Less")
            if shown
            else _("▸ More: batch size, learning rate, seed, Weights & Biases …").replace("&", "&&")
        )


def _can_adapt(provider: Provider, base_model: str) -> bool:
    """Whether a small part may learn instead of all weights; the starter has no other part."""
    return provider.name != "local" or base_model != STARTER_ID
