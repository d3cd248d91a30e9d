"""What speaks for tuning and what against it, by the examples."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tunedesk.checks.checker import Checker
from tunedesk.fine_tuning.suitability import suitability, suitability_of
from tunedesk.project.project import Project
from tunedesk.project.row_edits import NewExample


def chat(question, *answers, system=""):
    messages = [{"role": "system", "content": system}] if system else []
    messages.append({"role": "user", "content": question})
    messages += [{"role": "assistant", "content": answer} for answer in answers]
    return json.dumps({"messages": messages}).encode()


def looked_at(*records):
    return suitability_of(records, len(records))


def test_a_figure_that_stands_in_one_answer_alone_is_a_fact_seen_once():
    found = looked_at(
        chat("When did it open?", "In 1987."), chat("Who?", "Ann, since 2001."), chat("Hi", "Hello")
    )
    assert (found.answers, found.with_single_facts, found.single_fact) == (3, 2, "1987")


def test_a_figure_of_the_question_the_prompt_or_another_example_is_none():
    assert not looked_at(chat("Is it 1987?", "Yes, 1987.")).with_single_facts
    assert not looked_at(chat("When?", "In 1987.", system="We opened in 1987.")).with_single_facts
    assert not looked_at(chat("a", "In 1987."), chat("b", "In 1987.")).with_single_facts
    assert not looked_at(chat("How many?", "3 of them.")).with_single_facts


def test_the_same_figure_twice_in_one_example_counts_once():
    assert looked_at(chat("When?", "In 1987.", "As I said, 1987.")).with_single_facts == 2


def test_amounts_of_money_are_seen_in_their_spellings():
    for amount in ("$12", "12 €", "EUR 12.50", "£3", "1,200 USD"):
        assert looked_at(chat("How much?", f"It costs {amount}.")).with_money == 1
    assert not looked_at(chat("How many?", "12 of them, Europe.")).with_money


def test_amounts_of_money_are_seen_in_words():
    for amount in (
        "ten cents a day",
        "Ten cents a page",
        "one euro",
        "a dollar",
        "two and a half euros",
        "20 pounds",
        "zehn Euro",
        "deux euros",
        "diez euros",
        "cinque euro",
        "一百元",
        "300円",
    ):
        assert looked_at(chat("How much?", f"It is {amount}.")).with_money == 1, amount
    for other in (
        "per cent of it",
        "ten centimetres",
        "the euro zone",
        "twenty books",
        "a percent",
    ):
        assert not looked_at(chat("How much?", f"It is {other}.")).with_money, other


def test_the_prompt_that_most_share_is_measured():
    found = looked_at(
        chat("a", "b", system="one two three"),
        chat("c", "d", system="one two three"),
        chat("e", "f", system="one"),
    )
    assert found.prompt_words == 3


def test_other_kinds_are_read_too():
    pair = {
        "input": {"messages": [{"role": "user", "content": "When?"}]},
        "preferred_output": [{"role": "assistant", "content": "In 1987."}],
        "non_preferred_output": [{"role": "assistant", "content": "In 1986."}],
    }
    assert looked_at(json.dumps(pair).encode()).with_single_facts == 1
    completion = {"prompt": "When?", "completion": " In 1987."}
    assert looked_at(json.dumps(completion).encode()).with_single_facts == 1
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA1987"}}
    messages = [{"role": "assistant", "content": [picture, {"type": "text", "text": "Here."}]}]
    found = looked_at(json.dumps({"messages": messages}).encode())
    assert (found.answers, found.with_single_facts) == (1, 0)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["messages", "role", "content", "input", "prompt", "completion", "text"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(st.lists(VALUES.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=20)))
def test_any_record_is_looked_at(records):
    found = suitability_of(records, len(records))
    assert 0 <= found.with_single_facts <= found.answers


def test_the_approved_examples_of_a_project_are_looked_at(tmp_path):
    checker = Checker(encoding=None)
    with Project.create(tmp_path / "a.tunedesk", author="Ann") as project:
        records = [chat(f"Question {number}", f"It was {1900 + number}.") for number in range(5)]
        new = [NewExample(text, checker.check(text)) for text in records]
        ids = project.add_examples(new)
        assert suitability(project).examples == 5
        project.set_state(ids[:2], "approved")
        found = suitability(project)
    assert (found.examples, found.answers, found.with_single_facts) == (2, 2, 2)
