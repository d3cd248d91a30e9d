"""Sizes and speeds with a unit that fits."""

from tunedesk.gui.size_text import size_text, speed_text


def test_sizes():
    assert size_text(12) == "12 B"
    assert size_text(1_234_567) == "1.2 MB"
    assert speed_text(31_000_000) == "31.0 MB/s"
