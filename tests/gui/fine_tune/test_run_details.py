from tunedesk.gui.fine_tune.run_cards import DetailsReader
from tunedesk.project.run_records import Metric


def codes(project, run_id):
    return [one.code for one in DetailsReader(run_id)(project).advice]


def test_a_run_without_held_back_examples_is_told_so(project, add_run):
    run_id = add_run(validation=None, base_model="Qwen/Qwen3-0.6B").id
    project.runs.add_metrics(run_id, [Metric(step, 3.0 / step + 0.5) for step in range(1, 101)])
    assert "no_validation" in codes(project, run_id)


def test_of_a_run_that_was_brought_in_the_job_knows_what_is_held_back(project, add_run):
    run_id = add_run(
        training=None,
        validation=None,
        base_model="Qwen/Qwen3-0.6B",
        job={"validation_file": "file-9"},
    ).id
    project.runs.add_metrics(run_id, [Metric(step, 3.0 / step + 0.5) for step in range(1, 101)])
    assert "no_validation" not in codes(project, run_id)


def test_figures_that_come_later_are_added(project, add_run, falling):
    run_id = add_run().id
    falling(run_id, steps=100)
    reader = DetailsReader(run_id)
    assert len(reader(project).chart.curves) == 100
    falling(run_id, steps=130, start=101)
    project.runs.add_metrics(run_id, [Metric(95, full_valid_loss=0.75)])
    curves = reader(project).chart.curves
    assert len(curves) == 130
    assert curves.at("full_valid_loss", 95) == 0.75
    assert curves.at("train_loss", 95) == 3.0 / 95 + 0.5


def test_of_the_starter_nothing_but_its_learning_by_heart_is_said(project, add_run):
    run_id = add_run(validation=None).id
    project.runs.add_metrics(run_id, [Metric(step, 3.0 / step + 0.5) for step in range(1, 101)])
    assert codes(project, run_id) == ["starter"]
