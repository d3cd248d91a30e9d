import pytest
from PySide6.QtWidgets import QVBoxLayout
from tests.fine_tuning.made_curves import (
    falling,
    falling_slowly,
    made_checkpoints,
    made_curves,
    turning,
)
from tests.gui.fine_tune.page_reading import dialog_of, links

from tunedesk.fine_tuning.advice import advice
from tunedesk.gui.fine_tune.run_cards import AdviceCard, DetailsReader
from tunedesk.gui.fine_tune.run_dataset import (
    RunDatasetDialog,
)
from tunedesk.gui.widgets.labels import Label
from tunedesk.project.run_records import Metric, RunError


@pytest.fixture
def card(window, theme):
    card = AdviceCard(theme=theme)
    QVBoxLayout(window).addWidget(card)
    window.show()
    return card


def by_heart(steps=300):
    curves = made_curves(steps, falling_slowly, total=300, full=turning, full_every=10)
    return advice(curves, made_checkpoints(100, 200), 300, 3, steps == 300)


def test_nothing_to_say_shows_no_card(card):
    assert card.accessibleName() == "Advice"
    assert not card.isVisible()
    assert card.gist == ""


def test_the_finding_with_its_checkpoint(card, qtbot):
    card.show_advice(by_heart(), running=False)
    assert card.isVisible()
    assert card.use_checkpoint.text() == card.use_checkpoint.accessibleName()
    assert card.use_checkpoint.text() == "Use checkpoint 100"
    assert not card.stop.isVisible()
    assert card.property("edge") == "warning"
    assert card.accessibleDescription() == card.gist
    assert card.gist.startswith("It learned by heart. Validation loss rose")
    with qtbot.waitSignal(card.checkpoint_wanted) as wanted:
        card.use_checkpoint.click()
    assert wanted.args == [100]


def test_a_run_under_way_can_be_stopped(card, qtbot):
    card.show_advice(by_heart(270), running=True)
    assert card.stop.isVisible()
    with qtbot.waitSignal(card.stop_wanted):
        card.stop.click()


def test_why(card):
    found = by_heart()
    card.show_advice(found, running=False)
    assert not card._why.isVisible()
    card.ask_why.click()
    assert card._why.isVisible()
    assert found[0].why in card._why.text()
    assert "Validation loss: the same for examples that were held back" in card._why.text()


def test_the_reason_stays_open_while_the_finding_is_the_same(card):
    card.show_advice(by_heart(260), running=True)
    card.ask_why.click()
    card.show_advice(by_heart(270), running=True)
    assert card._why.isVisible()
    other = advice(made_curves(5, falling), [], 300, 3, False)
    card.show_advice(other, running=True)
    assert not card._why.isVisible()
    assert not card.use_checkpoint.isVisible()
    assert not card.stop.isVisible()


def test_remarks_stand_below(card):
    found = advice(made_curves(300, falling_slowly), [], 300, 3, True, validates=False)
    card.show_advice(found, running=False)
    assert card._remarks.isVisible()
    assert "No examples were held back" in card._remarks.text()
    card.show_advice([], running=False)
    assert not card.isVisible()


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


def test_failure_says_why_and_leads_to_the_example(page, project, frozen, qtbot):
    run, _ids = frozen
    error = RunError("invalid_training_file", "Line 2, message 1: the content is missing.")
    project.runs.update(run.id, stage="ended", status="failed", error=error)
    qtbot.waitUntil(lambda: page.view.failure.isVisible())
    assert "cannot read an example" in page.view.failure.sentence.text()
    assert page.view.failure.detail.text() == error.message
    assert not page.view.chart.isVisible()
    links(page.view.failure)["Line 2, message 1"].click()
    dialog = dialog_of(RunDatasetDialog, page)
    assert dialog.list.currentIndex().row() == 1
    shown = [label.text() for label in dialog.findChildren(Label) if label.isVisible()]
    assert "Second?" in shown
    assert "Changed?" not in shown
    assert any("has been changed since" in text for text in shown)
    dialog.accept()
