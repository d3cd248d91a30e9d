import pytest
from PySide6.QtCore import Qt

from tunedesk.gui.widgets.labels import (
    Badge,
    ElidedLabel,
    KeyHint,
    Label,
    SectionTitle,
    plain_tooltip,
)

MARKUP = "<b>bold</b><img src='http://example.org/x.png'>"


@pytest.mark.parametrize(
    "make",
    [
        lambda theme: Label(theme, MARKUP),
        lambda theme: Badge(theme, MARKUP),
        lambda theme: KeyHint(theme, MARKUP),
        lambda theme: SectionTitle(theme, MARKUP),
        lambda theme: ElidedLabel(theme, MARKUP),
    ],
)
def test_labels_show_text_as_it_is(theme, qtbot, make):
    label = make(theme)
    qtbot.addWidget(label)
    assert label.textFormat() == Qt.TextFormat.PlainText
    assert label.text() == MARKUP


def test_tooltips_show_text_as_it_is():
    assert plain_tooltip("a < b & c") == "a < b & c"
    assert "<b>" not in plain_tooltip(MARKUP)
    assert "&lt;b&gt;" in plain_tooltip(MARKUP)


def test_elided_label_shortens_and_tells_the_whole(theme, qtbot):
    label = ElidedLabel(theme, "a long line of text that does not fit\ninto so little room")
    qtbot.addWidget(label)
    label.resize(80, 20)
    label.show()
    assert label.shown_text().endswith("…")
    assert label.toolTip() == label.text()
    label.setText("short")
    assert label.shown_text() == "short"
    assert label.toolTip() == ""


def test_section_title_keeps_its_case_in_its_name(theme, qtbot):
    title = SectionTitle(theme, "This example")
    qtbot.addWidget(title)
    assert title.text() == "This example"
