from tests.fine_tuning.made_curves import falling, made_curves, made_run

from tunedesk.fine_tuning.comparison import compare
from tunedesk.fine_tuning.curves import RunCurves
from tunedesk.fine_tuning.run_facts import settings_facts
from tunedesk.project.run_records import RunFile


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
    assert rows["Time"].values == ("1 h 0 min", "2 h 47 min")
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
