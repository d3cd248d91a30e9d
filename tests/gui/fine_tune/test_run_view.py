"""What a run shows: failure in plain words, links to examples as they were, names, lists."""

from PySide6.QtWidgets import QPushButton


def test_buttons_are_those_that_the_state_allows(page, project, add_run, actions, qtbot):
    run = add_run("one")
    qtbot.waitUntil(lambda: page.view.details is not None)
    head = page.view.head
    assert head.pause.isVisible()
    assert head.cancel.accessibleName() == "Stop the run"
    assert not head.resume.isVisible()
    assert not actions["run.delete_model"].isEnabled()
    project.runs.update(run.id, status="paused")
    qtbot.waitUntil(head.resume.isVisible)
    project.runs.update(run.id, status="cancelled", stage="ended")
    qtbot.waitUntil(head.again.isVisible)
    assert not head.cancel.isVisible()


def test_trying_is_the_main_action_of_a_finished_run(page, project, add_run, qtbot):
    run = add_run("one")
    qtbot.waitUntil(lambda: page.view.details is not None)
    head = page.view.head
    assert not head.playground.isVisible()
    project.runs.update(run.id, status="succeeded", stage="ended", fine_tuned_model="ft:end")
    qtbot.waitUntil(head.playground.isVisible)
    assert head.playground.property("kind") == "primary"
    primary = [b for b in page.view.findChildren(QPushButton) if b.property("kind") == "primary"]
    assert [button for button in primary if button.isVisible()] == [head.playground]


def test_a_checkpoint_can_be_tried_while_the_run_goes_on(page, project, add_run, checkpoint, qtbot):
    run = add_run("one")
    project.runs.set_checkpoints(run.id, [checkpoint(40)])
    qtbot.waitUntil(page.view.head.playground.isVisible)
    assert page.view.head.pause.isVisible()


def test_before_the_first_step_it_says_what_is_waited_for(page, project, add_run, event, qtbot):
    run = add_run("one", status="validating_files", step=None, total_steps=None)
    project.runs.add_events(run.id, [event(1, "Fetching acme/Small from the hub (0.3 GB)")])
    progress = page.view.head.progress
    qtbot.waitUntil(lambda: progress.text() == "Fetching acme/Small from the hub (0.3 GB)")
    assert page.view.head.bar.accessibleDescription() == progress.text()
    project.runs.add_events(run.id, [event(2, "Validating training file: file-KSxsHWZRDF8Pwjv")])
    qtbot.waitUntil(lambda: progress.text() == "Checking the examples to train on")
    project.runs.update(run.id, status="running", step=3, total_steps=9)
    qtbot.waitUntil(lambda: progress.text().startswith("step 3 of 9"))
