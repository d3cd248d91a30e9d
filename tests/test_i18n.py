"""Texts come in the user's language where there is a catalogue, else in English."""

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from tunedesk import i18n
from tunedesk.i18n import _, duration_text, money_text, ngettext, size_text, speed_text


@pytest.fixture
def german(tmp_path, monkeypatch):
    """A catalogue of German texts, as the user's language."""
    catalog = Catalog(locale="de")
    catalog.add("Add message", "Nachricht hinzufügen")
    catalog.add(("{n} example", "{n} examples"), ("{n} Beispiel", "{n} Beispiele"))
    file = tmp_path / "de" / "LC_MESSAGES" / "tunedesk.mo"
    file.parent.mkdir(parents=True)
    with file.open("wb") as out:
        write_mo(out, catalog)
    monkeypatch.setattr(i18n, "resource", lambda _name: tmp_path)
    monkeypatch.setenv("LANGUAGE", "fr:de")
    i18n._translations.cache_clear()
    yield
    i18n._translations.cache_clear()


def test_an_unknown_text_is_its_own_translation():
    assert _("Add message") == "Add message"


def test_the_plural_follows_the_number():
    assert [ngettext("{n} example", "{n} examples", n) for n in (1, 2)] == [
        "{n} example",
        "{n} examples",
    ]


def test_texts_of_the_first_language_that_has_a_catalogue(german):
    assert _("Add message") == "Nachricht hinzufügen"
    assert [ngettext("{n} example", "{n} examples", n) for n in (1, 2)] == [
        "{n} Beispiel",
        "{n} Beispiele",
    ]
    assert _("What has no translation") == "What has no translation"


def test_sizes():
    assert size_text(12) == "12 B"
    assert size_text(1_234_567) == "1.2 MB"
    assert speed_text(31_000_000) == "31.0 MB/s"


def test_prices():
    assert money_text(1234.5) == "about $1,234.50"
    assert money_text(0.004) == "less than $0.01"
    assert money_text(0) == "about $0.00"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "1 s"),
        (40, "40 s"),
        (360, "6 min"),
        (7200, "2 h"),
        (7500, "2 h 5 min"),
        (260_000, "3 days"),
    ],
)
def test_durations(seconds, words):
    assert duration_text(seconds) == words
