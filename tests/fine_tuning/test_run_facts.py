from tests.fine_tuning.made_curves import falling, made_chart, made_curves, made_run

from tunedesk.fine_tuning.curves import RunCurves
from tunedesk.fine_tuning.run_facts import (
    compare,
    data_facts,
    model_step,
    moment,
    origin_facts,
    result_facts,
    settings_facts,
)
from tunedesk.project.run_records import RunEvent, RunFile


def values(facts):
    return {fact.name: fact.value for fact in facts}


def test_results_come_from_the_curves():
    curves = made_chart().curves
    found = values(result_facts(made_run(step=120, total_steps=120, trained_tokens=98765), curves))
    lowest = curves.full_valid_loss[119]
    assert found["Lowest validation loss"] == f"{lowest:.2f} at step 120"
    assert found["Steps"] == "120"
    assert found["Tokens trained"] == "98,765"
    assert found["Accuracy at the end"].endswith("% training")


def test_a_run_that_was_broken_off_says_how_far_it_came():
    nothing = RunCurves.from_metrics([])
    found = values(result_facts(made_run(step=40, total_steps=120, status="cancelled"), nothing))
    assert (found["Steps"], found["State"]) == ("40 of 120", "cancelled")
    assert found["Training loss at the end (smoothed)"] == ""


def test_a_run_that_was_brought_in_knows_little_and_breaks_nothing():
    run = made_run(training=None, validation=None, settings={}, finished_at=None, job={})
    assert values(data_facts(run))["Examples held back"] == "none"
    assert values(settings_facts(run))["Epochs"] == "automatic"
    assert values(origin_facts(run))["Ended"] == ""


def test_another_server_is_named_by_its_address():
    run = made_run(provider="custom", base_url="https://models.example/v1")
    assert values(settings_facts(run))["Service"].endswith(", https://models.example/v1")
    gone = made_run(provider="a service of the past")
    assert values(settings_facts(gone))["Service"] == "a service of the past"


def test_full_tuning_and_fields_of_the_service_are_told():
    run = made_run(settings={"full": True, "extra_body": {"trainingType": "Standard"}})
    found = values(settings_facts(run))
    assert found["What learns"] == "all weights"
    assert found["Further fields"] == '{"trainingType": "Standard"}'


def test_a_time_reads_the_same_everywhere():
    assert len(moment(1_763_640_000_000)) == len("2026-11-20 14:02")


def by_name(rows):
    return {row.name: row for row in rows}


def test_what_differs_is_marked():
    one = made_run("one", trained_tokens=1200, fine_tuned_model="ft:one")
    two = made_run(
        "two",
        settings={"epochs": 5},
        training=RunFile("file-9", "c" * 64, 900, 300),
        trained_tokens=1200,
        fine_tuned_model="ft:two",
        finished_at=1_763_650_000_000,
    )
    curves = made_curves(120, falling, full=falling, full_every=20)
    rows = by_name(compare([(one, curves), (two, curves)]))
    assert rows["Epochs"].values == ("3", "5")
    assert rows["Epochs"].differs
    assert rows["Examples trained on"].differs
    assert rows["Hash of the training file"].values == ("a" * 64, "c" * 64)
    assert not rows["Base model"].differs
    assert not rows["Lowest validation loss"].differs
    assert not rows["Tokens trained"].differs
    # Each run has a model and a time of its own; that is no difference.
    assert not rows["Model"].differs
    assert rows["Time"].values == ("60 min", "2 h 47 min")
    assert not rows["Time"].differs


def test_groups_stand_together_and_what_nobody_knows_is_left_out():
    nothing = RunCurves.from_metrics([])
    one = made_run("one", validation=None)
    two = made_run("two", settings={"method": "dpo", "beta": 0.2}, validation=None)
    rows = compare([(one, nothing), (two, nothing)])
    groups = [row.group for row in rows]
    assert groups == sorted(groups, key=["Settings", "Data", "Results"].index)
    names = by_name(rows)
    assert "Hash of the validation file" not in names
    assert names["Beta"].values == ("", "0.2")
    assert names["Beta"].differs
    assert names["Examples held back"].values == ("none", "none")


def test_three_runs_of_which_two_are_the_same():
    nothing = RunCurves.from_metrics([])
    runs = [made_run("a"), made_run("b"), made_run("c", base_model="other")]
    row = by_name(compare([(run, nothing) for run in runs]))["Base model"]
    assert row.values == ("tunedesk-starter", "tunedesk-starter", "other")
    assert row.differs


def test_what_the_service_used_counts_more_than_what_was_asked():
    run = made_run(
        job={
            "method": {"type": "dpo", "dpo": {"hyperparameters": {"n_epochs": 2, "beta": 0.1}}},
            "hyperparameters": None,
            "seed": 42,
        }
    )
    facts = {fact.name: fact.value for fact in settings_facts(run)}
    assert (facts["Epochs"], facts["Beta"], facts["Seed"]) == ("2", "0.1", "42")
    assert facts["Method"] == "by preferences"


def test_words_of_the_service_that_are_no_numbers_do_not_break_it():
    run = made_run(job={"hyperparameters": {"n_epochs": "auto", "batch_size": True}, "method": "x"})
    facts = {fact.name: fact.value for fact in settings_facts(run)}
    assert (facts["Epochs"], facts["Batch size"]) == ("3", "automatic")


def test_the_step_of_the_tuned_model_is_what_the_service_says():
    plain = RunEvent("1", 1, "info", "Done.")
    told = RunEvent("2", 2, "info", "It is that.", "message", {"model_step": 36})
    assert model_step([plain]) is None
    assert model_step([plain, told]) == 36
    assert model_step([RunEvent("3", 3, "info", "x", "message", {"model_step": "36"})]) is None
