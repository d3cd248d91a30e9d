"""`tunedesk tokens`: totals, quantiles, rows over the limit, epochs, cost."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.commands.tokens_command import quantiles


def test_totals_epochs_and_cost(command, write_rows, good_rows):
    file = write_rows("good.jsonl", good_rows)
    status, out, _err = command("tokens", file, "--model", "gpt-4.1-mini", "--json")
    found = json.loads(out)
    cost = found["cost_estimate"]
    assert status == 0
    assert found["examples"] == 12
    assert cost["epochs"] == 100 // 12
    assert cost["billable_tokens"] == found["tokens"] * cost["epochs"]
    assert cost["price"] == pytest.approx(cost["billable_tokens"] * 5 / 1e6, abs=1e-4)
    assert cost["shutdown_date"] == "2027-01-14"


def test_a_fine_tuned_model_counts_as_its_base(command, write_rows, good_rows):
    file = write_rows("good.jsonl", good_rows)
    tuned = command("tokens", file, "--model", "ft:gpt-4.1-2025-04-14:me::abc", "--json")[1]
    assert json.loads(tuned)["encoding"] == "o200k_base"


def test_rows_over_the_limit_are_named(command, write_rows, good_rows):
    long = {"messages": [{"role": "assistant", "content": "word " * 70_000}]}
    file = write_rows("long.jsonl", [*good_rows, long])
    found = json.loads(command("tokens", file, "--json")[1])
    assert found["over_limit"] == [13]


def test_the_words_for_people(command, write_rows, good_rows):
    file = write_rows("good.jsonl", good_rows)
    status, out, _err = command("tokens", file, "--model", "gpt-4.1-mini")
    assert status == 0
    assert "about" in out
    assert "2027-01-14" in out


def test_totals_with_estimates_say_so(command, write_rows, good_rows):
    exact = command("tokens", write_rows("good.jsonl", good_rows))[1]
    assert "about" not in exact
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    rows = [*good_rows[:-1], good_rows[-1] | {"tools": [tool]}]
    first, _parts, spread, _over, epochs = command("tokens", write_rows("tools.jsonl", rows))[
        1
    ].splitlines()
    assert "examples, about " in first
    assert "with the estimates" in spread
    assert "billable tokens about " in epochs


@pytest.mark.parametrize("choice", [("--encoding", "klingon"), ("--model", "gpt-99")])
def test_an_unknown_choice_is_a_sentence(command, write_rows, good_rows, choice):
    status, _out, err = command("tokens", write_rows("a.jsonl", good_rows), *choice)
    assert status == 2
    assert choice[1] in err


@given(st.lists(st.integers(0, 10**6), min_size=1))
def test_quantiles_are_lengths_in_order(lengths):
    found = quantiles(lengths)
    mean = found.pop("mean")
    assert list(found.values()) == sorted(found.values())
    assert set(found.values()) <= set(lengths)
    assert found["min"] - 0.1 <= mean <= found["max"] + 0.1


def test_no_lengths_have_no_quantiles():
    assert quantiles([]) == {}
