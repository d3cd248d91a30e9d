"""A run that was started elsewhere is found at its service and brought in."""

import pytest
import shiboken6
from tests.services.fakes import FakeOther

from tunedesk.gui.fine_tune.adopt_job_dialog import AdoptJobDialog
from tunedesk.services.connection import Connection
from tunedesk.services.jobs_client import JobsClient
from tunedesk.services.providers import provider_named


@pytest.fixture
def dialog(qtbot, context, background, keys, window):
    dialog = AdoptJobDialog(context, keys, window)
    dialog.open()
    yield dialog
    if shiboken6.isValid(dialog):
        dialog.reject()
    background.finish()


def test_a_job_is_chosen_from_the_list_and_brought_in(dialog, project, keys, qtbot):
    custom = provider_named("custom")
    with FakeOther() as service:
        keys.keep(custom, service.url, service.key, True)
        connection = Connection(custom, service.url, keys.find(custom, service.url))
        with connection.client() as client:
            made = client.files.create(file=("a.jsonl", b'{"messages": []}\n'), purpose="fine-tune")
            job = JobsClient(connection, client).create(
                {"model": service.models[0], "training_file": made.id, "suffix": "elsewhere"}
            )
        dialog.providers.cards["custom"].click()
        assert not dialog.list_jobs.isEnabled()
        dialog.connection.address.setText(service.url)
        qtbot.waitUntil(dialog.list_jobs.isEnabled)
        dialog.list_jobs.click()
        qtbot.waitUntil(lambda: dialog.jobs.count() == 1)
        assert "elsewhere" in dialog.jobs.item(0).text()
        assert "Checking files" in dialog.jobs.item(0).text()
        assert dialog.jobs.height() < 60  # as high as its one job
        dialog.jobs.setCurrentRow(0)
        assert dialog.job_id.text() == job["id"]
        with qtbot.waitSignal(dialog.brought_in) as told:
            dialog.bring.click()
        run = project.runs.get(told.args[0])
        assert (run.name, run.job_id, run.stage) == ("elsewhere", job["id"], "following")


def test_no_job_of_that_name_is_said(dialog, keys, qtbot):
    with FakeOther() as service:
        keys.keep(provider_named("custom"), service.url, service.key, True)
        dialog.providers.cards["custom"].click()
        dialog.connection.address.setText(service.url)
        dialog.job_id.setText("ftjob-nowhere")
        qtbot.waitUntil(dialog.bring.isEnabled)
        dialog.bring.click()
        qtbot.waitUntil(dialog.says.isVisible)
        assert dialog.says.text()
        assert dialog.isVisible()
