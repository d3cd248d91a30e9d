"""Texts fall back to the English ones."""

from tunedesk.i18n import _, ngettext


def test_an_unknown_text_is_its_own_translation():
    assert _("Add message") == "Add message"


def test_the_plural_follows_the_number():
    assert [ngettext("{n} example", "{n} examples", n) for n in (1, 2)] == [
        "{n} example",
        "{n} examples",
    ]
