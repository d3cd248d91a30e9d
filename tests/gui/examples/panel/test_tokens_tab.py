"""The Tokens tab: figures that add up, bars that filter, the base model and its price."""

import subprocess
import sys

import pytest
from PySide6.QtCore import QPoint, Qt
from tests.catalogue.made_models import make_model

from tunedesk.catalogue.models import FIRST_MODEL_ID, STARTER_ID, Catalogue
from tunedesk.catalogue.token_encodings import model_encoding
from tunedesk.checks.checker import Checker

TOKENS = f"Tokens ({Catalogue.load().local_models[0].title})"


@pytest.fixture
def tokens(panel):
    panel.show_tab("tokens")
    return panel.tokens


@pytest.fixture
def at_openai(project):
    """The project trains where tokens are paid for."""
    project.set_setting("target", "openai")


def values(lines):
    return {line.name: line.value for line in lines}


def number(text):
    return int(text.replace("≈", "").replace(",", "").strip())


def test_the_parts_of_an_example_add_up(tokens, store, show, talk):
    text = talk(("system", "Be kind."), ("user", "How are you?"), ("assistant", "Fine, thanks."))
    show(store(text)[0])
    figures = values(tokens.example.facts.lines())
    parts = [line for line in tokens.example.facts.lines() if line.indent]
    assert [line.name for line in parts] == ["System", "User", "Assistant", "Frame"]
    assert sum(number(line.value) for line in parts) == number(figures[TOKENS])
    assert number(figures["Trained on"]) > 0
    assert figures["Limit"] == "8,192"


def test_tools_are_marked_as_an_estimate(tokens, store, show, talk):
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    show(store(talk(("user", "a"), ("assistant", "b"), tools=[tool]))[0])
    figures = values(tokens.example.facts.lines())
    assert figures["Tools, estimate"].startswith("≈")
    assert figures[TOKENS].startswith("≈")


def test_tokens_follow_each_keystroke(tokens, store, show, talk, example, qtbot):
    show(store(talk(("user", "a"), ("assistant", "b")))[0])
    before = tokens.example.facts.lines()
    example.apply(talk(("user", "a"), ("assistant", "b and much more")), "Edit message 2")
    qtbot.waitUntil(lambda: tokens.example.facts.lines() != before)


def test_all_examples_are_added_up_with_their_price(at_openai, tokens, store, good, project, qtbot):
    store(*[good(n) for n in range(20)])
    qtbot.waitUntil(lambda: "Tokens" in values(tokens.totals.facts.lines()))
    figures = values(tokens.totals.facts.lines())
    total = project.totals().tokens
    assert number(figures["Tokens"]) == total
    assert figures["Epochs (automatic)"] == "5"
    assert number(figures["Tokens to pay for"]) == 5 * total
    assert figures["Cost (estimate)"] == "less than $0.01"


def test_estimates_are_marked_in_what_all_examples_come_to(
    at_openai, tokens, store, good, talk, qtbot
):
    store(good(1))
    qtbot.waitUntil(lambda: "Tokens" in values(tokens.totals.facts.lines()))
    assert "≈" not in values(tokens.totals.facts.lines())["Tokens"]
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    store(talk(("user", "a"), ("assistant", "b"), tools=[tool]))
    qtbot.waitUntil(lambda: "Tools, estimate" in values(tokens.totals.facts.lines()))
    figures = values(tokens.totals.facts.lines())
    for name in ("Tokens", "Tools, estimate", "Trained on", "Tokens to pay for"):
        assert figures[name].startswith("≈"), name


def test_on_this_computer_nothing_is_paid_and_nothing_ends(tokens, store, good, project, qtbot):
    store(*[good(n) for n in range(20)])
    qtbot.waitUntil(lambda: "Tokens" in values(tokens.totals.facts.lines()))
    shown = [*tokens.totals.facts.lines(), *tokens.choice.facts.lines()]
    assert [line.name for line in shown] == ["Tokens", "Trained on", "Counts tokens by"]
    assert shown[-1].value == "o200k_base"
    assert tokens.choice.target_combo.currentText() == "This computer"
    local = [model.id for model in Catalogue.load().local_models]
    combo = tokens.choice.combo
    assert [combo.itemData(row) for row in range(combo.count())] == local
    assert combo.currentData() == STARTER_ID
    assert project.context.check_settings.model == STARTER_ID


def test_a_model_that_comes_to_this_computer_counts_by_its_own_tokenizer(
    tokens, store, good, project, qtbot
):
    ids = store(*[good(n) for n in range(20)])
    qtbot.waitUntil(lambda: "Tokens" in values(tokens.totals.facts.lines()))
    before = project.totals().tokens
    make_model(FIRST_MODEL_ID)
    encoding = model_encoding(FIRST_MODEL_ID).name
    tokens.follow_models()
    assert project.context.check_settings == ("local", encoding, FIRST_MODEL_ID)
    qtbot.waitUntil(lambda: not tokens.recheck.running)
    checker = Checker("local", encoding, FIRST_MODEL_ID)
    expected = sum(checker.check(good(n).encode()).tokens for n in range(20))
    assert project.totals().tokens == expected != before
    assert sum(row.tokens for row in project.rows(ids)) == expected
    qtbot.waitUntil(lambda: values(tokens.totals.facts.lines())["Tokens"] == f"{expected:,}")
    (line,) = tokens.choice.facts.lines()
    assert line.value == "its own tokenizer"
    assert encoding in line.tooltip
    combo = tokens.choice.combo
    combo.setCurrentIndex(combo.findData(STARTER_ID))
    combo.activated.emit(combo.currentIndex())
    qtbot.waitUntil(lambda: not tokens.recheck.running)
    assert project.totals().tokens == before


def test_the_limit_is_that_of_the_model_that_is_trained_here(tokens, project, qtbot):
    combo = tokens.choice.combo
    combo.setCurrentIndex(combo.findData("Qwen/Qwen3-0.6B"))
    combo.activated.emit(combo.currentIndex())
    assert project.setting("model") == "Qwen/Qwen3-0.6B"
    assert project.checker().token_limit == 32_768
    project.set_setting("target", "together")
    assert combo.findData("Qwen/Qwen3-0.6B") < 0
    assert project.checker().token_limit == 65_536
    qtbot.waitUntil(lambda: not tokens.recheck.running)


def test_whoever_sets_the_target_everything_is_judged_by_it(tokens, store, talk, project, qtbot):
    store(talk(("developer", "Be kind."), ("user", "a"), ("assistant", "b")))
    totals = project.totals()
    assert (totals.with_errors, totals.with_warnings) == (0, 1)
    project.set_setting("target", "openai")
    qtbot.waitUntil(lambda: project.totals().with_errors == 1)
    project.set_setting("target", "local")
    qtbot.waitUntil(lambda: project.totals().with_errors == 0)
    qtbot.waitUntil(lambda: not tokens.recheck.running)


def test_what_was_checked_for_another_target_is_checked_when_the_project_opens(
    tokens, store, talk, project, qtbot
):
    store(talk(("developer", "Be kind."), ("user", "a"), ("assistant", "b")))
    with project.context.store.transaction():
        project.context.store.execute("UPDATE example SET errors = 1, warnings = 0, checked_as = 0")
    tokens.recheck_stale()
    qtbot.waitUntil(lambda: project.totals().with_errors == 0)
    qtbot.waitUntil(lambda: not tokens.recheck.running)


def test_another_base_model_has_another_price_and_is_kept(
    at_openai, tokens, store, good, project, background, qtbot
):
    store(*[good(n) for n in range(20)])
    qtbot.waitUntil(lambda: "Tokens" in values(tokens.totals.facts.lines()))
    combo = tokens.choice.combo
    assert combo.accessibleName() == "Base model"
    combo.setCurrentIndex(combo.findText("GPT-3.5", Qt.MatchFlag.MatchStartsWith))
    assert combo.currentText().endswith("(ended)")
    combo.activated.emit(combo.currentIndex())
    assert project.setting("encoding") == "cl100k_base"
    assert project.setting("model") == combo.currentData()
    qtbot.waitUntil(lambda: not tokens.recheck.running, timeout=20_000)
    figures = values(tokens.choice.facts.lines())
    assert figures["Ended"] == "2026-10-23"
    assert figures["Counts tokens by"] == "cl100k_base"
    assert "GPT-3.5" in tokens.totals.facts.lines()[-1].tooltip


def test_another_target_judges_everything_anew(tokens, panel, store, talk, project, qtbot):
    store(talk(("developer", "Be kind."), ("user", "a"), ("assistant", "b")))
    combo = tokens.choice.target_combo
    assert combo.accessibleName() == "Trained at"
    combo.setCurrentIndex(combo.findData("together"))
    combo.activated.emit(combo.currentIndex())
    assert project.setting("target") == "together"
    qtbot.waitUntil(lambda: not tokens.recheck.running, timeout=20_000)
    qtbot.waitUntil(lambda: values(tokens.totals.facts.lines()).get("Cost") == "not known")
    assert "Price per million tokens" not in values(tokens.choice.facts.lines())


def test_a_click_on_a_bar_filters_to_it(tokens, panel, store, talk, qtbot):
    store(*[talk(("user", "word " * n), ("assistant", "yes")) for n in range(1, 60)])
    qtbot.waitUntil(lambda: len(tokens.bars.bars()) > 5)
    bar = next(bar for bar in tokens.bars.bars() if bar.examples)
    view = tokens.bars.field
    with qtbot.waitSignal(panel.filter_requested) as asked:
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(4, view.height() - 3))
    assert asked.args[0].tokens == (bar.low, bar.high)


def test_one_very_long_example_does_not_flatten_the_bars(tokens, store, talk, qtbot):
    store(*[talk(("user", "word " * n), ("assistant", "yes")) for n in (*range(1, 60), 5000)])
    qtbot.waitUntil(lambda: len(tokens.bars.bars()) > 5)
    bars = tokens.bars.bars()
    assert sum(bar.examples for bar in bars) == 60
    assert bars[-1].examples == 1
    assert bars[-1].high > 5000
    assert sum(bar.examples > 0 for bar in bars) > 15


def test_bars_are_reached_by_keyboard_and_said(tokens, panel, store, talk, qtbot):
    store(*[talk(("user", "word " * n), ("assistant", "yes")) for n in range(1, 60)])
    qtbot.waitUntil(lambda: len(tokens.bars.bars()) > 5)
    qtbot.keyClick(tokens.bars, Qt.Key.Key_Right)
    first = tokens.bars.bars()[0]
    assert tokens.bars.accessibleDescription().startswith(f"{first.low:,}–{first.high:,}: ")
    with qtbot.waitSignal(panel.filter_requested):
        qtbot.keyClick(tokens.bars, Qt.Key.Key_Return)


def test_the_longest_are_opened_by_a_click(tokens, panel, store, talk, good, qtbot):
    ids = store(good(1), talk(("user", "word " * 200), ("assistant", "yes")), good(2))
    qtbot.waitUntil(lambda: len(tokens.lengths.longest_buttons) > 0)
    with qtbot.waitSignal(panel.example_requested) as asked:
        tokens.lengths.longest_buttons[0].click()
    assert asked.args[0] == ids[1]


def test_pyqtgraph_is_not_loaded_before_the_tab_shows():
    code = (
        "import sys, tunedesk.gui.examples.panel.side_panel as p;"
        "sys.exit(int('pyqtgraph' in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_is_read_only_keeps_the_tokens_that_were_counted(tokens):
    choice = tokens.choice
    assert [line.name for line in choice.facts.lines()] == ["Counts tokens by"]
    choice.set_enabled(False)
    assert choice.facts.lines() == []
    assert "as they were counted" in choice._note.text()
