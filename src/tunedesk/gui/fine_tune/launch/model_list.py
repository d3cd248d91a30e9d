"""The list of base models, with what there is to know of each: one is chosen."""

import datetime
from collections.abc import Container, Mapping, Sequence
from typing import NamedTuple

from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import (
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from tunedesk.catalogue.cost import estimate
from tunedesk.catalogue.hardware import need_of
from tunedesk.catalogue.memory_estimate import Machine, Need, why_it_does_not_fit
from tunedesk.catalogue.models import STARTER_ID, Catalogue, base_name
from tunedesk.gui.dates import day_text
from tunedesk.gui.theme import Theme
from tunedesk.gui.widgets.labels import plain_tooltip
from tunedesk.gui.widgets.row_list import ROW, RowListModel, follow_selection
from tunedesk.i18n import _, duration_text, money_text, size_text
from tunedesk.services.connect import ListedModel
from tunedesk.services.local_models import ModelHere
from tunedesk.services.providers import Provider, longest_example, provider_named

QUICK_SECONDS = 900.0
"""A training that takes no longer can be tried again and again."""


class ModelRow(NamedTuple):
    """A base model in the list.

    Attributes:
        id: Its name for the service.
        title: The name to show.
        note: What it is good for.
        size: What is downloaded and the memory that training takes, or what it costs.
        licence: Its licence, or when it ends.
        limit: How long an example may be; may be empty.
        badge: Whether it fits on this computer; may be empty.
        tone: The tone of the badge.
        why: Why it does not fit, in a sentence; may be empty.
        memory: The bytes of memory that training it needs here, an estimate; 0: not known.
        seconds: How long the training may take here, an estimate; None: not known.
        download: The bytes that have to be downloaded first.
        is_gated: Whether its terms have to be accepted elsewhere first.
    """

    id: str
    title: str
    note: str = ""
    size: str = ""
    licence: str = ""
    limit: str = ""
    badge: str = ""
    tone: str = "muted"
    why: str = ""
    memory: int = 0
    seconds: float | None = None
    download: int = 0
    is_gated: bool = False

    @property
    def key(self) -> str:
        """What tells it from the others."""
        return self.id

    @property
    def words(self) -> str:
        """All of it, for a screen reader."""
        parts = (
            self.title,
            self.size,
            self.licence,
            self.limit,
            self.badge,
            self.note,
            self.why,
        )
        return ", ".join(part for part in parts if part)


def local_rows(
    machine: Machine | None,
    *,
    longest: int,
    full: bool,
    batch_size: int | None,
    pairs: bool,
    seconds: Mapping[str, float],
    fetched: Container[str],
    own: Sequence[ModelHere] = (),
) -> list[ModelRow]:
    """The models for this computer, smallest first, with whether each fits; last the user's own.

    Args:
        machine: What this computer has; None while that is not known.
        longest: The tokens of the longest example; 0: not known.
        full: Whether all weights are trained.
        batch_size: How many examples are computed at once; None: automatic.
        pairs: Whether it learns from preferences (DPO).
        seconds: How long the training may take, by the model's id; an estimate.
        fetched: The models that need not be downloaded any more.
        own: Those that are here and that nothing is known of.
    """
    rows = []
    for model in Catalogue.load().local_models:
        badge, tone, why, memory = "", "muted", "", 0
        if machine is not None:
            need = need_of(
                model, machine, full=full, longest=longest, batch_size=batch_size, pairs=pairs
            )
            badge, tone, why = _fit(need, machine, full, seconds.get(model.id))
            memory = need.memory
        if not model.weight_bytes:
            sizes = [_("built in")]
        elif model.id in fetched:
            sizes = [_("on this computer")]
        else:
            sizes = [_("download {size}").format(size=size_text(model.download_bytes))]
        if memory:
            sizes.append(_("{size} of memory").format(size=size_text(memory)))
        notes = [model.note]
        if model.is_gated:
            notes.append(_("to be accepted at Hugging Face first"))
        rows.append(
            ModelRow(
                id=model.id,
                title=model.title,
                note=" · ".join(notes),
                size=" · ".join(sizes),
                licence=model.licence,
                limit=_limit_text(longest_example(provider_named("local"), model.id)),
                badge=badge,
                tone=tone,
                why=why,
                memory=memory,
                is_gated=model.is_gated,
                seconds=seconds.get(model.id),
                download=0 if model.id in fetched else model.download_bytes,
            )
        )
    rows += [
        ModelRow(
            each.name,
            each.name,
            note=_("A model of your own."),
            size=_("on this computer: {size}").format(size=size_text(each.bytes)),
        )
        for each in own
    ]
    return rows


def further_row(model: str, run: str, rows: Sequence[ModelRow]) -> ModelRow:
    """The row of a tuned model that is trained further; it needs what its base model does.

    Args:
        model: The tuned model, or a checkpoint.
        run: The name of its run.
        rows: Those of the base models.
    """
    base = base_name(model)
    known = next((row for row in rows if row.id == base), ModelRow(model, model))
    return known._replace(
        id=model,
        title=_("The tuned model of “{run}”").format(run=run),
        note=_("A new run, from step 0, that begins with what this model has learned."),
        size="",
        download=0,
        is_gated=False,
    )


def recommended(rows: Sequence[ModelRow]) -> ModelRow | None:
    """The model to take here: the largest that can speak and trains in a quarter of an hour.

    One whose terms have to be accepted elsewhere first is not it. If none is so quick, it is the
    quickest that fits; None: none fits.
    """
    fitting = [
        row
        for row in rows
        if row.tone == "success" and row.id != STARTER_ID and row.seconds is not None
    ]
    free = [row for row in fitting if not row.is_gated] or fitting
    quick = [row for row in free if row.seconds is not None and row.seconds <= QUICK_SECONDS]
    if quick:
        return quick[-1]
    return min(free, key=lambda row: row.seconds or 0.0, default=None)


def _fit(need: Need, machine: Machine, full: bool, seconds: float | None) -> tuple[str, str, str]:
    why = why_it_does_not_fit(need, machine, full=full) or ""
    if why and (need.disk > machine.disk_free or need.memory > machine.memory_total):
        return _("too large"), "error", why
    if seconds is None:
        return (_("tight"), "warning", why) if why else (_("fits"), "success", "")
    time = duration_text(seconds)
    if why:
        return _("tight: about {time}").format(time=time), "warning", why
    return _("fits: about {time}").format(time=time), "success", ""


def service_rows(
    provider: Provider, today: datetime.date, listed: tuple[ListedModel, ...], billable: int
) -> list[ModelRow]:
    """The models of a service: those of its list, else those it names itself.

    Args:
        provider: The service.
        today: For those that have ended.
        listed: What it listed when the connection was tried.
        billable: The tokens that would be charged; 0: not known.
    """
    shutdown = {model.id: model.shutdown_date for model in listed}
    if not provider.models:
        return [
            ModelRow(
                model.id,
                model.id,
                licence=_ends(model.shutdown_date),
                limit=_limit_text(longest_example(provider, model.id)),
            )
            for model in listed
        ]
    rows = []
    for model in provider.open_models(today):
        size = ""
        cost = estimate(0, billable, provider.target, model.id, epochs=1)
        if cost.price_per_million is not None:
            size = _("${price} for a million tokens").format(price=f"{cost.price_per_million:g}")
            if cost.price:
                size = money_text(cost.price)
        ends = shutdown.get(model.id) or model.ends
        limit = _limit_text(longest_example(provider, model.id))
        rows.append(ModelRow(model.id, model.title, size=size, licence=_ends(ends), limit=limit))
    return rows


def _limit_text(tokens: int | None) -> str:
    if tokens is None:
        return ""
    return _("up to {tokens} tokens an example").format(tokens=f"{tokens:,}")


def _ends(day: datetime.date | None) -> str:
    if day is None:
        return ""
    return _("ends {day}").format(day=day_text(day))


HEIGHT = 46
PADDING = 12
MARK = 14
PILL = 18
MOST_SHOWN, FEW_SHOWN = 6, 3


class ModelListModel(RowListModel[ModelRow]):
    """The base models."""

    def row_text(self, row: ModelRow, role: int) -> str | None:
        """The title, what a screen reader says, and what has no room."""
        if role == Qt.ItemDataRole.DisplayRole:
            return row.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return row.words
        if role == Qt.ItemDataRole.ToolTipRole:
            parts = (row.why, row.note, row.limit)
            return plain_tooltip(" · ".join(part for part in parts if part))
        return None


class ModelList(QListView):
    """Shows the base models; arrows choose, like the keys of a group of radio buttons.

    Attributes:
        most_shown: So many are seen at once at most; the others by scrolling.

    Signals:
        chosen: The id of the model that is chosen now.
    """

    chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._wanted = ""
        self.most_shown = MOST_SHOWN
        self.row_model = ModelListModel(self)
        self.setModel(self.row_model)
        self.setItemDelegate(_ModelDelegate(theme, self))
        self.setAccessibleName(_("Base model"))
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setProperty("framed", True)
        self.selectionModel().currentChanged.connect(self._on_current_changed)
        follow_selection(self)
        theme.changed.connect(self.viewport().update)

    @property
    def model_id(self) -> str:
        """The id of the chosen model; empty without one."""
        row: ModelRow | None = self.currentIndex().data(ROW)
        return row.id if row is not None else ""

    @property
    def row(self) -> ModelRow | None:
        """The chosen row."""
        chosen: ModelRow | None = self.currentIndex().data(ROW)
        return chosen

    def choose(self, model_id: str) -> None:
        """Choose a model, as soon as it is in the list."""
        self._wanted = model_id
        for number, row in enumerate(self.row_model.rows()):
            if row.id == model_id:
                self.setCurrentIndex(self.row_model.index(number))
                self.scrollTo(self.currentIndex())
                return

    def show_rows(self, rows: list[ModelRow], preferred: str = "") -> None:
        """Show these models; the chosen one stays chosen, else the preferred or the first is."""
        before = self.model_id or self._wanted
        self.row_model.set_rows(rows)
        shown = max(1, min(len(rows), self.most_shown))
        self.setFixedHeight(shown * HEIGHT + 2)
        wanted = self._wanted if any(row.id == self._wanted for row in rows) else before
        if any(row.id == wanted for row in rows):
            self.choose(wanted)
        elif rows:
            known = [number for number, row in enumerate(rows) if row.id == preferred]
            self.setCurrentIndex(self.row_model.index(known[0] if known else 0))

    def _on_current_changed(self, now: QModelIndex, _before: QModelIndex) -> None:
        row: ModelRow | None = now.data(ROW) if now.isValid() else None
        if row is not None:
            self._wanted = row.id
            self.chosen.emit(row.id)


class _ModelDelegate(QStyledItemDelegate):
    """Paints a base model: a mark, name and note, price or size, licence, limit and fit."""

    def __init__(self, theme: Theme, view: QListView) -> None:
        super().__init__(view)
        self._theme = theme
        self._view = view

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """All rows are equally high."""
        return QSize(300, HEIGHT)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Paint the row."""
        row: ModelRow = index.data(ROW)
        theme, rect = self._theme, option.rect
        chosen = index == self._view.currentIndex()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if chosen:
            painter.fillRect(rect, theme.color("selection"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, theme.color("hover"))
        painter.setPen(theme.color("border"))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        inner = rect.adjusted(PADDING, 0, -PADDING, 0)
        mark = QRect(inner.left(), inner.center().y() - MARK // 2, MARK, MARK)
        self._paint_mark(painter, mark, chosen)
        right = self._paint_badge(painter, inner, row)
        right = self._paint_facts(painter, inner, right, row)
        left = mark.right() + 10
        strong = QFontMetrics(theme.font("strong"))
        words = QRect(left, inner.top() + 6, right - left, strong.lineSpacing())
        painter.setFont(theme.font("strong" if chosen else "base"))
        painter.setPen(theme.color("text"))
        lead = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        if not row.note:
            words = QRect(left, inner.top(), right - left, inner.height())
        mode = Qt.TextElideMode.ElideRight
        painter.drawText(words, lead, strong.elidedText(row.title, mode, words.width()))
        if row.note:
            small = QFontMetrics(theme.font("small"))
            under = QRect(left, words.bottom() + 2, inner.right() - left, small.lineSpacing())
            painter.setFont(theme.font("small"))
            painter.setPen(theme.color("text_muted"))
            painter.drawText(under, lead, small.elidedText(row.note, mode, under.width()))
        painter.restore()

    def _paint_mark(self, painter: QPainter, rect: QRect, chosen: bool) -> None:
        theme = self._theme
        painter.setBrush(theme.color("field"))
        painter.setPen(QPen(theme.color("accent" if chosen else "border_strong"), 1.2))
        painter.drawEllipse(rect)
        if chosen:
            painter.setBrush(theme.color("accent"))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawEllipse(rect.adjusted(3, 3, -3, -3))

    def _paint_badge(self, painter: QPainter, inner: QRect, row: ModelRow) -> int:
        """Draw whether it fits; returns where the room to its left ends."""
        if not row.badge:
            return inner.right()
        theme = self._theme
        width = QFontMetrics(theme.font("small_strong")).horizontalAdvance(row.badge) + 16
        box = QRect(inner.right() - width, inner.top() + 6, width, PILL)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(f"{row.tone}_soft"))
        painter.drawRoundedRect(box, PILL / 2, PILL / 2)
        painter.setFont(theme.font("small_strong"))
        painter.setPen(theme.color(row.tone if row.tone != "muted" else "text_muted"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, row.badge)
        return box.left() - 10

    def _paint_facts(self, painter: QPainter, inner: QRect, right: int, row: ModelRow) -> int:
        theme = self._theme
        text = " · ".join(part for part in (row.size, row.licence) if part)
        metrics = QFontMetrics(theme.font("small"))
        two_lines = bool(row.note)
        top = inner.top() + 6 if two_lines else inner.top()
        height = PILL if two_lines else inner.height()
        width = min(metrics.horizontalAdvance(text) + 2, (right - inner.left()) * 2 // 3)
        box = QRect(right - width, top, width, height)
        painter.setFont(theme.font("small"))
        painter.setPen(theme.color("text_muted"))
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, shown)
        return box.left() - 12
