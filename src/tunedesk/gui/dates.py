"""Days and moments as the window writes them: by the rules of the user's system, in local time.

Moments are milliseconds since 1970 in UTC, as projects and services keep them.
"""

import datetime
import time

from PySide6.QtCore import QDate, QDateTime, QLocale

from tunedesk.i18n import _, ngettext

_MINUTE = 60_000
_HOUR = 60 * _MINUTE


def moment_text(milliseconds: int) -> str:
    """A day and the time: "20/11/2026 14:02"."""
    return QLocale().toString(_moment(milliseconds), QLocale.FormatType.ShortFormat)


def day_text(day: datetime.date) -> str:
    """A day with its month in letters: "20 Nov 2026"."""
    return QLocale().toString(QDate(day.year, day.month, day.day), "d MMM yyyy")


def time_or_day(milliseconds: int, locale: QLocale | None = None) -> str:
    """A moment in few letters: the time if it is today, else the day, its year if another."""
    locale = locale or QLocale()
    moment, today = _moment(milliseconds), QDate.currentDate()
    if moment.date() == today:
        return locale.toString(moment.time(), QLocale.FormatType.ShortFormat)
    same_year = moment.date().year() == today.year()
    return locale.toString(moment.date(), "d MMM" if same_year else "d MMM yyyy")


def time_to_the_second(milliseconds: int) -> str:
    """The time of something that is one of many: to the second today, else with its day."""
    moment = _moment(milliseconds)
    if moment.date() == QDate.currentDate():
        return moment.toString("HH:mm:ss")
    return moment_text(milliseconds)


def how_long_ago(milliseconds: int, now: int | None = None) -> str:
    """A moment as a person says it: "10 minutes ago", "yesterday, 22:00".

    Args:
        milliseconds: The moment.
        now: From when it is looked at; None for now.
    """
    now = round(time.time() * 1000) if now is None else now
    past = now - milliseconds
    if past < _MINUTE:
        return _("just now")
    if past < _HOUR:
        minutes = past // _MINUTE
        return ngettext("{count} minute ago", "{count} minutes ago", minutes).format(count=minutes)
    moment = _moment(milliseconds)
    clock = QLocale().toString(moment.time(), QLocale.FormatType.ShortFormat)
    days = moment.date().daysTo(_moment(now).date())
    if days == 0:
        return _("today, {time}").format(time=clock)
    if days == 1:
        return _("yesterday, {time}").format(time=clock)
    return moment_text(milliseconds)


def how_many_days_ago(milliseconds: int, now: int | None = None) -> str:
    """The day of a moment as a person says it, counted as the calendar here counts: "yesterday"."""
    now = round(time.time() * 1000) if now is None else now
    day = _moment(milliseconds).date()
    days = day.daysTo(_moment(now).date())
    if days <= 0:
        return _("today")
    if days == 1:
        return _("yesterday")
    if days < 30:
        return ngettext("{n} day ago", "{n} days ago", days).format(n=days)
    return day_text(datetime.date(day.year(), day.month(), day.day()))


def _moment(milliseconds: int) -> QDateTime:
    return QDateTime.fromMSecsSinceEpoch(milliseconds)
