from tunedesk.project.run_records import RunEvent


def test_checkpoint_can_be_chosen_instead(page, project, add_run, falling, checkpoint, qtbot):
    run = add_run("one", stage="ended", status="succeeded", fine_tuned_model="ft:starter:end")
    falling(run.id)
    project.runs.set_checkpoints(run.id, [checkpoint(40), checkpoint(80)])
    result = page.view.result
    qtbot.waitUntil(lambda: result.which.count() == 3)
    assert page.view.model == "ft:starter:end"
    assert result.choose_step(40)
    assert page.view.model == "ft:starter:40"
    assert not result.choose_step(41)
    qtbot.waitUntil(lambda: "ft:starter:40" in result.code.toPlainText())
    assert result.which.itemText(0) == "The tuned model, as it was at the end"
    told = RunEvent("e1", 1, "info", "It is that of step 40.", "message", {"model_step": 40})
    project.runs.add_events(run.id, [told])
    qtbot.waitUntil(
        lambda: (
            result.which.itemText(0) == "The tuned model, as it was at step 40, where it was best"
        )
    )
    assert page.view.model == "ft:starter:40"
    result.tabs.setCurrentIndex(1)
    assert result.code.toPlainText().startswith("curl ")


def test_a_deployment_is_explained_beside_commands_that_are_whole(
    page, project, add_run, falling, checkpoint, qtbot
):
    run = add_run(
        "one",
        provider="nebius",
        base_url="https://api.tokenfactory.nebius.com/v1",
        stage="ended",
        status="succeeded",
        fine_tuned_model="ft:llama:end",
    )
    falling(run.id)
    project.runs.set_checkpoints(run.id, [checkpoint(40), checkpoint(80)])
    result = page.view.result
    qtbot.waitUntil(lambda: result.tabs.isTabVisible(2))
    result.tabs.setCurrentIndex(2)
    # Of the last checkpoint, since that is the tuned model.
    qtbot.waitUntil(lambda: "ftckpt-80" in result.code.toPlainText())
    assert "At Nebius" in result.note.text()
    assert "At Nebius" not in result.code.toPlainText()
