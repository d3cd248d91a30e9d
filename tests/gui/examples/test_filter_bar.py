"""The chips and menus of the filters say what is shown and ask for something else."""

from dataclasses import replace
from itertools import pairwise

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


def test_all_means_all_under_every_filter(qtbot, bar):
    for query in (
        ExampleQuery(tags=("day",)),
        ExampleQuery(sources=("a.jsonl",)),
        ExampleQuery(tokens=(1, 5)),
        ExampleQuery(search="word"),
        ExampleQuery(duplicated=True),
        ExampleQuery(ids=(1, 2)),
        ExampleQuery(lapsed=True),
    ):
        ordered = replace(query, sort="tokens", descending=True)
        bar.show_query(ordered)
        assert not bar._all.isChecked()
        asked_for = asked(qtbot, bar, bar._all.click)
        assert asked_for == ExampleQuery(sort="tokens", descending=True)
        assert bar._all.isChecked()


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


def test_it_is_one_line_at_any_width_and_nothing_is_lost(qtbot, bar, project):
    totals = replace(project.totals(), count=1_000_000, with_problems=123_456)
    bar.show_totals(totals, lapsed=7)
    height = bar.sizeHint().height()
    line = [*bar._row._left, *bar._row._right]
    for width in (1900, 1204, 780, 420, 260):
        bar.resize(width, height)
        shown = [chip for chip in line if chip.isVisible()]
        assert bar.sizeHint().height() == height
        assert len({chip.y() for chip in shown}) == 1
        assert all(chip.width() >= chip.sizeHint().width() for chip in shown)
        places = sorted((chip.x(), chip.geometry().right()) for chip in shown)
        assert all(end < begin for (_x, end), (begin, _e) in pairwise(places))
        assert places[-1][1] <= bar._row.width() or width == 260
        offered = {bar._all, *bar._states.values(), bar._lapsed, bar._problems}
        offered |= {bar._tag, bar._source, bar._length, bar._sort}
        assert offered == {chip for chip in shown if chip is not bar._more} | set(
            bar._row.left_out()
        )
        assert bar._more.isVisible() == bool(bar._row.left_out())


def test_what_stands_under_more_does_the_same(qtbot, bar):
    bar.resize(420, 44)
    more = entries(bar, bar._more_menu)
    query = asked(qtbot, bar, more["Draft   0" if "Draft   0" in more else "Draft"].trigger)
    assert query.states == ("draft",)
    assert bar._states["draft"].isVisible()  # what is switched on is seen
    lengths = entries(bar, bar._more_menu)["Length"].menu()
    action = next(one for one in lengths.actions() if one.text() == "over 65,536 tokens")
    assert asked(qtbot, bar, action.trigger).tokens == (65_537, None)


def test_approvals_that_a_new_text_took_have_a_chip_of_their_own(qtbot, bar, project):
    assert not bar._lapsed.isVisible()
    bar.show_totals(project.totals(), lapsed=3)
    assert bar._lapsed.isVisible() or bar._lapsed in bar._row.left_out()
    assert asked(qtbot, bar, bar._lapsed.click).lapsed
    assert not bar._all.isChecked()
    bar.show_totals(project.totals(), lapsed=0)
    assert bar._lapsed.isVisible()
    assert asked(qtbot, bar, bar._lapsed.click) == ExampleQuery()


def test_lengths_in_words():
    assert length_text(ExampleQuery(tokens=(None, 250))) == "up to 250 tokens"
    assert length_text(ExampleQuery(tokens=(65_537, None))) == "over 65,536 tokens"
    assert length_text(ExampleQuery(tokens=(10, 20), turns=(3, 3))) == "10 to 20 tokens, 3 turns"
    assert tags_text(("", "a")) == "none, a"
    assert sort_text(ExampleQuery()) == ""
    assert sort_text(ExampleQuery(sort="tokens", descending=True)) == "tokens ↓"
