"""The words of a search are marked where they stand."""

import pytest

from tunedesk.gui.examples.hit_marks import around_first_hit, search_pattern


@pytest.mark.parametrize(
    ("search", "text", "expected"),
    [
        ("fever", "Fever and fever", ["Fever", "fever"]),
        ("cough syrup", "A syrup for a cough", ["syrup", "cough"]),
        ('"cough syrup"', "cough  syrup, syrup", ["cough  syrup"]),
        ("syr*", "syrup", ["syr"]),
        ("薬", "この薬は", ["薬"]),
        ("a.b", "a.b axb", ["a.b"]),
        ("", "anything", []),
        ('""', "anything", []),
    ],
)
def test_hits(search, text, expected):
    pattern = search_pattern(search)
    found = [match.group() for match in pattern.finditer(text)] if pattern else []
    assert found == expected


def test_the_piece_around_the_first_hit_is_one_line():
    text = "word " * 100 + "the needle\nstands here " + "word " * 100
    piece = around_first_hit(text, "needle")
    assert "needle stands here" in piece
    assert piece.startswith("…")
    assert piece.endswith("…")
    assert len(piece) <= 162


def test_no_hit_gives_no_piece():
    assert around_first_hit("nothing", "needle") == ""


def test_a_hit_with_other_accents_is_found_too():
    assert "Éclair" in around_first_hit("a " * 50 + "Éclair", "eclair")
