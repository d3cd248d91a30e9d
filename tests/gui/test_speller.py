"""Which words are called wrong, in prose and in what is none."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.gui import spelling
from tunedesk.gui.spelling import characters_before, load, utf16_length, words
from tunedesk.paths import resource


@pytest.fixture(scope="module")
def british():
    speller = load(resource("dictionaries") / "en_GB", "en_GB", "LATIN", list)
    assert speller is not None
    return speller


def wrong(speller, text):
    return [text[start:end] for start, end in speller.wrong_words(text)]


def test_words_that_are_not_in_the_dictionary_are_wrong(british):
    assert wrong(british, "The libarian lends colourful boks.") == ["libarian", "boks"]


@pytest.mark.parametrize(
    "text",
    [
        "It's nice; it’s “nice” and well-known.",
        "See https://exmaple.org/pth or write to anne@exmaple.org.",
        "Open C:\\tmep\\fiel.txt, then call `wrlod()` and set myVaribale=3 {{nmae}} snake_caes.",
        "NASA, UNHCR and 3rd of 42abc.",
        "Привет 图书馆 x",
        "",
    ],
)
def test_what_is_no_prose_of_the_language_is_passed_over(british, text):
    assert wrong(british, text) == []


def test_what_may_be_meant_keeps_the_apostrophe(british):
    assert "librarian" in british.suggestions("libarian")
    assert "doesn’t" in british.suggestions("dosen’t")


def test_the_two_englishes_differ(british):
    american = load(resource("dictionaries") / "en_US", "en_US", "LATIN", list)
    assert wrong(british, "color") == ["color"]
    assert wrong(american, "colour") == ["colour"]


def test_own_words_are_right(british):
    speller = load(resource("dictionaries") / "en_GB", "en_GB", "LATIN", lambda: ["estoppelish"])
    assert wrong(speller, "Estoppelish") == []
    assert wrong(british, "Estoppelish") == ["Estoppelish"]


def test_a_dictionary_in_an_old_encoding_and_a_foreign_letter(tmp_path):
    (tmp_path / "de_DE.aff").write_text("SET ISO8859-1\n", encoding="latin-1")
    (tmp_path / "de_DE.dic").write_text("1\nGröße\n", encoding="latin-1")
    speller = load(tmp_path / "de_DE", "de_DE", "LATIN", list)
    assert wrong(speller, "Größe Grösse Łódź") == ["Grösse"]


def test_dictionaries_are_found_by_their_pairs(tmp_path):
    for name in ("de-CH.aff", "de-CH.dic", "fr.dic", "hyph_de.dic", "hyph_de.aff"):
        (tmp_path / name).write_text("", encoding="utf-8")
    assert spelling.find_dictionaries([tmp_path]) == {"de_CH": tmp_path / "de-CH"}


def test_our_own_come_with_the_program():
    assert {"en_US", "en_GB"} <= set(spelling.find_dictionaries(spelling.folders()))


def test_languages_are_named_in_their_own_words():
    titles = spelling.titles(["fr_FR", "de_DE", "de_DE_frami", "en_GB", "en_US", "zz_ZZ"])
    assert titles["fr_FR"] == "Français"
    assert titles["de_DE"] != titles["de_DE_frami"]
    assert titles["en_GB"] != titles["en_US"]
    assert titles["zz_ZZ"]
    assert list(titles.values()) == sorted(titles.values(), key=str.casefold)
    assert spelling.script("ru_RU") == "CYRILLIC"


@given(st.text())
def test_words_are_letters_in_order(text):
    spans = list(words(text))
    assert all(start < end for start, end in spans)
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
    assert all(text[start].isalnum() and text[end - 1].isalnum() for start, end in spans)


@given(st.text(), st.data())
def test_places_in_utf_16_lead_back(text, data):
    place = data.draw(st.integers(0, len(text)))
    assert characters_before(text, utf16_length(text[:place])) == place
