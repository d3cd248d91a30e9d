"""Texts come in the user's language where there is a catalogue, else in English."""

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from tunedesk import i18n
from tunedesk.i18n import _, ngettext, size_text, speed_text


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
