"""What a launch would do is said before, and is what it then does."""

import dataclasses
import datetime
import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fine_tuning.made_project import add_texts, conversation, library
from tests.project.made_examples import add_run

from tunedesk.examples.kinds.conversation import CONVERSATION
from tunedesk.fine_tuning.launch_preview import (
    estimate_time,
    left_out_sentence,
    preview_launch,
    split,
    with_base_model,
)
from tunedesk.fine_tuning.launch_settings import APPROVED, LaunchSettings
from tunedesk.project.exporting import TrainingRow
from tunedesk.project.project import Project
from tunedesk.project.run_records import Metric

TODAY = datetime.date(2026, 11, 24)


@pytest.fixture
def project(tmp_path):
    with library(tmp_path / "Test.tunedesk") as project:
        yield project


def test_the_price_is_tokens_times_epochs_times_the_dated_price(project):
    settings = LaunchSettings(provider="openai", base_model="gpt-4.1-mini-2025-04-14", epochs=4)
    found = preview_launch(project, settings, TODAY)
    lengths = [row.tokens for row in found.split.training]
    assert found.tokens == sum(lengths)
    assert found.price == pytest.approx(sum(lengths) * 4 * 5.0 / 1e6)
    assert "2026-05-08" in found.price_source
    assert "OpenAI" in found.leaves


def test_on_this_computer_nothing_leaves_and_nothing_is_paid(project):
    found = preview_launch(project, LaunchSettings(), TODAY)
    assert (found.price, found.leaves) == (None, "Nothing.")
    assert found.epochs == 28
    assert found.steps == 6 * 28


def test_a_closed_provider_stops_it(project):
    settings = LaunchSettings(provider="openai", base_model="gpt-4.1-mini-2025-04-14")
    assert preview_launch(project, settings, TODAY).may_start
    assert not preview_launch(project, settings, datetime.date(2027, 1, 6)).may_start


def test_a_model_that_has_ended_stops_it(project):
    settings = LaunchSettings(provider="openai", base_model="gpt-4.1-mini-2025-04-14")
    (stop,) = preview_launch(project, settings, datetime.date(2027, 1, 14)).stops[1:]
    assert "2027-01-14" in stop


def test_too_few_examples_stop_it(project):
    project.set_state(list(project.ids())[7:], "draft")
    found = preview_launch(project, LaunchSettings(query=APPROVED), TODAY)
    assert found.split.validation == []
    assert "7 examples" in found.stops[0]


def test_rejected_examples_are_not_trained_on(project):
    project.set_state(list(project.ids())[:3], "rejected")
    found = preview_launch(project, LaunchSettings(validation_share=0), TODAY)
    assert len(found.split.training) == 12


def test_problems_are_named_with_their_examples(project):
    bad, mojibake = add_texts(
        project,
        [
            '{"messages": [{"role": "user", "content": "no answer"}]}',
            conversation("What is {{name}}?", "A name."),
        ],
    )
    found = preview_launch(project, LaunchSettings(), TODAY)
    assert bad in {example for ids in found.errors.values() for example in ids}
    named = {example for ids in {**found.errors, **found.warnings}.values() for example in ids}
    assert mojibake in named
    assert not found.may_start
    without = preview_launch(project, LaunchSettings(leave_out_errors=True), TODAY)
    assert without.may_start
    assert list(without.left_out.values())


def test_a_long_name_stops_it_where_the_provider_takes_none(project):
    settings = LaunchSettings(provider="azure", base_model="gpt-4.1-mini-2025-04-14", name="x" * 19)
    assert any("18" in stop for stop in preview_launch(project, settings, TODAY).stops)


def test_the_time_is_taken_from_the_last_run_of_the_model(project):
    prepared = preview_launch(project, LaunchSettings(), TODAY)
    first = estimate_time(project, prepared)
    assert "size of the model" in first.source
    assert 5 < first.seconds < 120
    run = add_run(
        project, "night", base_url="", created_at=0, status="succeeded", trained_tokens=1000
    )
    project.runs.add_metrics(
        run.id, [Metric(step, 1.0, time=20_000 + step * 1000) for step in range(1, 12)]
    )
    found = estimate_time(project, prepared)
    assert found.seconds == pytest.approx(21 + prepared.billable_tokens * 10 / 1000)
    assert "night" in found.source


def test_fewer_examples_that_are_gone_through_more_often_say_so(tmp_path):
    """What is held back takes time as well, and few examples are gone through more often."""
    found = {}
    for count in (10, 41):
        with library(tmp_path / f"{count}.tunedesk", count) as project:
            settings = LaunchSettings(base_model="google/gemma-3-270m-it")
            preview = preview_launch(project, settings, TODAY)
            found[count] = estimate_time(project, preview), preview
            without = dataclasses.replace(preview, split=preview.split._replace(validation=[]))
            spared = found[count][0].seconds - estimate_time(project, without).seconds
            assert (spared > 0) == bool(preview.split.validation)
    (few, preview), (more, _preview) = found.values()
    assert few.seconds < more.seconds
    assert f"each is gone through {preview.epochs} times" in few.source
    assert "gone through" not in more.source


def test_a_service_elsewhere_gets_no_time(project):
    settings = LaunchSettings(provider="openai", base_model="gpt-4.1-mini-2025-04-14")
    assert estimate_time(project, preview_launch(project, settings, TODAY)) is None


def test_a_method_that_the_model_has_not_stops_it(project):
    settings = LaunchSettings(provider="openai", base_model="gpt-4o-2024-08-06", method="dpo")
    stops = preview_launch(project, settings, TODAY).stops
    assert any("does not train this base model by “dpo”" in stop for stop in stops)
    mini = dataclasses.replace(settings, base_model="gpt-4.1-mini-2025-04-14")
    stops = preview_launch(project, mini, TODAY).stops
    assert not any("does not train this base model" in stop for stop in stops)


def test_each_method_takes_the_examples_of_its_kind(project):
    answer = {"role": "assistant", "content": "Until six."}
    pair = {
        "input": {"messages": [{"role": "user", "content": "How long is it open?"}]},
        "preferred_output": [answer],
        "non_preferred_output": [{"role": "assistant", "content": "No idea."}],
    }
    add_texts(project, [json.dumps(pair)])
    pair_id = project.ids()[-1]
    by_method = {}
    for method in ("supervised", "dpo"):
        settings = LaunchSettings(
            provider="openai", base_model="gpt-4.1-mini-2025-04-14", method=method
        )
        preview = preview_launch(project, settings, TODAY)
        rows = [*preview.split.training, *preview.split.validation]
        by_method[method] = {row.example_id for row in rows}
        left_out = preview.left_out["other_method"]
        assert (pair_id in left_out) == (method == "supervised")
    assert by_method["dpo"] == {pair_id}
    assert by_method["supervised"]
    assert pair_id not in by_method["supervised"]


def made(number, question=None):
    return TrainingRow(
        number, number, bytes([number % 256, number // 256]), question, 10, (), CONVERSATION
    )


ROWS = st.lists(st.one_of(st.none(), st.integers(0, 5)), max_size=60).map(
    lambda questions: [made(number, question) for number, question in enumerate(questions)]
)


@given(ROWS, st.floats(0, 0.5), st.integers(0, 20))
def test_every_example_stands_on_one_side_and_questions_stay_together(rows, share, least):
    halves = split(rows, share, least)
    assert sorted([*halves.training, *halves.validation]) == sorted(rows)
    asked = [{row.question for row in half if row.question is not None} for half in halves]
    assert not asked[0] & asked[1]
    assert len(halves.validation) <= round(len(rows) * share)
    assert len(halves.training) >= min(least, len(rows))


@given(ROWS, st.floats(0, 0.5))
def test_the_order_of_the_rows_changes_nothing(rows, share):
    shuffled = random.Random(1).sample(rows, len(rows))
    one, other = split(rows, share).validation, split(shuffled, share).validation
    if all(row.question is None for row in rows):
        assert {row.uid for row in one} == {row.uid for row in other}


def test_what_was_held_back_stays_so_when_examples_come():
    before = split([made(n) for n in range(100)], 0.2).validation
    after = split([made(n) for n in range(105)], 0.2).validation
    assert len(before) == 20
    assert len({row.uid for row in before} & {row.uid for row in after}) >= 15


def test_nothing_is_held_back_from_few():
    assert split([made(n) for n in range(10)], 0.2, least_training=10).validation == []


@pytest.mark.parametrize("words", [10, 9_000])
def test_another_base_model_is_estimated_as_if_it_had_been_chosen(tmp_path, words):
    texts = [conversation(f"{n} " + "word " * words, "Yes.") for n in range(12)]
    with Project.create(tmp_path / "long.tunedesk") as project:
        add_texts(project, texts)

        models = ["tunedesk-starter", "HuggingFaceTB/SmolLM2-135M-Instruct", "Qwen/Qwen3-0.6B"]
        previews = [preview_launch(project, LaunchSettings(base_model=m), TODAY) for m in models]
        for chosen in previews:
            for expected in previews:
                found = with_base_model(chosen, expected.settings.base_model)
                for name in ("tokens", "over_limit", "epochs", "batch_size", "steps"):
                    assert getattr(found, name) == getattr(expected, name)


def test_what_is_left_out_is_said_in_whole_sentences():
    assert left_out_sentence("errors", 1) == "1 example with errors is left out."
    assert left_out_sentence("unreadable", 2) == "2 rows are not JSON objects and are left out."
    assert left_out_sentence("other_method", 1_200) == (
        "1,200 examples are for another method of training and are left out."
    )
