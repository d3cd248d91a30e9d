"""Days and moments in words."""

import datetime

import pytest
from PySide6.QtCore import QLocale

from tunedesk.gui.dates import (
    day_text,
    how_long_ago,
    how_many_days_ago,
    moment_text,
    time_or_day,
    time_to_the_second,
)


@pytest.fixture(autouse=True)
def _british():
    before = QLocale()
    QLocale.setDefault(QLocale("en_GB"))
    yield
    QLocale.setDefault(before)


def at(*parts):
    """A moment of the local clock in milliseconds."""
    return round(datetime.datetime(*parts).timestamp() * 1000)


NOW = at(2026, 11, 20, 12, 0)


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (NOW + 5_000, "just now"),
        (NOW - 5_000, "just now"),
        (NOW - 61_000, "1 minute ago"),
        (NOW - 600_000, "10 minutes ago"),
        (at(2026, 11, 20, 10, 0), "today, 10:00"),
        (at(2026, 11, 19, 22, 0), "yesterday, 22:00"),
        (at(2026, 11, 17, 12, 0), "17/11/2026 12:00"),
    ],
)
def test_how_long_ago(moment, said):
    assert how_long_ago(moment, NOW) == said


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (NOW + 90_000_000, "today"),
        (at(2026, 11, 20, 0, 1), "today"),
        (at(2026, 11, 19, 23, 59), "yesterday"),
        (at(2026, 11, 18, 23, 59), "2 days ago"),
        (at(2026, 10, 1, 9, 0), "1 Oct 2026"),
    ],
)
def test_days_are_those_of_the_calendar_here(moment, said):
    assert how_many_days_ago(moment, at(2026, 11, 20, 0, 30)) == said


def test_what_is_of_today_is_said_by_the_clock():
    now = datetime.datetime.now()
    noon = now.replace(hour=12, minute=3, second=4, microsecond=0)
    today = round(noon.timestamp() * 1000)
    assert time_or_day(today) == "12:03"
    assert time_to_the_second(today) == "12:03:04"
    assert time_or_day(today, QLocale("en_US")).replace("\u202f", " ") == "12:03 PM"


def test_older_moments_have_their_day():
    moment = at(2025, 3, 9, 14, 2)
    assert time_or_day(moment) == "9 Mar 2025"
    assert time_to_the_second(moment) == moment_text(moment) == "09/03/2025 14:02"
    assert day_text(datetime.date(2026, 3, 9)) == "9 Mar 2026"
