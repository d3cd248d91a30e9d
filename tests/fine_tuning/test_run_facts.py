from tests.fine_tuning.made_curves import made_chart, made_run

from tunedesk.fine_tuning.curves import RunCurves
from tunedesk.fine_tuning.run_facts import (
    data_facts,
    moment,
    origin_facts,
    result_facts,
    settings_facts,
)


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
