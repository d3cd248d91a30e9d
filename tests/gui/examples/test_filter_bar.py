"""The chips and menus of the filters say what is shown and ask for something else."""

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QMenu

from tunedesk.gui.examples.filter_bar import FilterBar, length_text, sort_text, tags_text
from tunedesk.project.query import ExampleQuery


@pytest.fixture
def bar(qtbot, theme):
    bar = FilterBar(theme)
    qtbot.addWidget(bar)
    bar.resize(1204, 40)
    bar.show_choices([("day", 3), ("night & fog", 1)], [("written", "Written here")])
    bar.show()
    return bar


def entries(bar, build):
    menu = QMenu(bar)
    build(menu)
    return {action.text(): action for action in menu.actions() if action.text()}


def asked(qtbot, bar, act):
    with qtbot.waitSignal(bar.query_requested) as told:
        act()
    return told.args[0]


def test_state_chips_are_switched_on_and_off(qtbot, bar):
    approved = bar._states["approved"]
    assert asked(qtbot, bar, approved.click).states == ("approved",)
    assert approved.isChecked()
    assert not bar._all.isChecked()
    rejected = bar._states["rejected"]
    assert asked(qtbot, bar, rejected.click).states == ("rejected",)
    assert not approved.isChecked()
    assert asked(qtbot, bar, rejected.click) == ExampleQuery()
    assert bar._all.isChecked()


def test_problems_go_together_with_a_state(qtbot, bar):
    asked(qtbot, bar, bar._states["draft"].click)
    query = asked(qtbot, bar, bar._problems.click)
    assert (query.states, query.problems) == (("draft",), ("error", "warning"))
    assert asked(qtbot, bar, bar._all.click) == ExampleQuery()


def test_tags_can_be_chosen_together(qtbot, bar):
    tags = entries(bar, bar._tag_menu)
    query = asked(qtbot, bar, tags["day   3"].trigger)
    assert query.tags == ("day",)
    assert bar._tag.text() == "Tag: day"
    assert bar._tag.accessibleName() == "Tag"
    tags = entries(bar, bar._tag_menu)
    assert tags["day   3"].isChecked()
    query = asked(qtbot, bar, tags["night && fog   1"].trigger)
    assert query.tags == ("day", "night & fog")
    assert asked(qtbot, bar, entries(bar, bar._tag_menu)["No tag"].trigger).tags == ("",)
    assert asked(qtbot, bar, entries(bar, bar._tag_menu)["Any tag"].trigger) == ExampleQuery()


def test_lengths_sources_and_order(qtbot, bar):
    query = asked(qtbot, bar, entries(bar, bar._length_menu)["over 65,536 tokens"].trigger)
    assert query.tokens == (65_537, None)
    query = asked(qtbot, bar, entries(bar, bar._source_menu)["Written here"].trigger)
    assert query.sources == ("written",)
    query = asked(qtbot, bar, entries(bar, bar._sort_menu)["Tokens"].trigger)
    assert query.sort == "tokens"
    turned = entries(bar, bar._sort_menu)["Largest or latest first"]
    assert asked(qtbot, bar, turned.trigger).descending


def test_clear_takes_the_filters_and_leaves_the_order(qtbot, bar):
    bar.show_query(ExampleQuery(states=("draft",), search="word", sort="tokens"))
    assert bar._clear.isVisible()
    assert asked(qtbot, bar, bar._clear.click) == ExampleQuery(sort="tokens")
    assert not bar._clear.isVisible()


def test_nothing_is_cut_off_in_a_narrow_window(qtbot, bar, project):
    bar.show_totals(replace(project.totals(), count=1_000_000, with_problems=123_456))
    chips = (bar._all, *bar._states.values(), bar._problems)
    for width in (1204, 780):
        bar.resize(width, 150)
        qtbot.waitUntil(lambda: all(chip.width() >= chip.sizeHint().width() for chip in chips))
        assert all(chip.geometry().right() <= chips[0].parentWidget().width() for chip in chips)
        for chip in (bar._tag, bar._source, bar._length, bar._sort):
            assert chip.mapTo(bar, chip.rect().topRight()).x() <= width


def test_lengths_in_words():
    assert length_text(ExampleQuery(tokens=(None, 250))) == "up to 250 tokens"
    assert length_text(ExampleQuery(tokens=(65_537, None))) == "over 65,536 tokens"
    assert length_text(ExampleQuery(tokens=(10, 20), turns=(3, 3))) == "10 to 20 tokens, 3 turns"
    assert tags_text(("", "a")) == "none, a"
    assert sort_text(ExampleQuery()) == ""
    assert sort_text(ExampleQuery(sort="tokens", descending=True)) == "tokens ↓"
