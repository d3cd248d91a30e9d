"""Runs are followed through whatever a service answers, and jobs from elsewhere are adopted."""

import pytest
from tests.fine_tuning.made_runs import followed, launched
from tests.services import fake_faults

from tunedesk.errors import UserError
from tunedesk.fine_tuning.follow import Follower, adopt_job, list_jobs, send_command


def test_followed_through_nonsense(project, openai_service):
    run, connection = launched(project, openai_service)
    path = f"/fine_tuning/jobs/{run.job_id}"
    follower = Follower(run.id, lambda _run, _wait: connection)
    for fault in (
        fake_faults.web_page(),
        fake_faults.server_error(),
        fake_faults.lost_answer(),
        fake_faults.with_fields(status="warming_up", error={}),
        fake_faults.only_fields("id"),
    ):
        openai_service.fail("GET", path, fault)
        assert follower.poll(project) > 0
        assert not project.runs.get(run.id).ended
    openai_service.fail("GET", f"{path}/events", fake_faults.pages_without_end())
    ended = followed(project, run, connection)
    assert ended.succeeded
    assert ended.note == ""


def test_without_a_network_it_looks_less_and_less_often_and_says_so(project, openai_service):
    run, connection = launched(project, openai_service)
    openai_service.fail("GET", f"/fine_tuning/jobs/{run.job_id}", fake_faults.server_error(), 9)
    follower = Follower(run.id, lambda _run, _wait: connection)
    pauses = [follower.poll(project) for _look in range(9)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 60
    assert project.runs.get(run.id).note


def test_cancelled_at_the_service(project, openai_service):
    openai_service.held = True
    run, connection = launched(project, openai_service)
    send_command(project, run.id, connection, "cancel")
    openai_service.held = False
    assert followed(project, run, connection).status == "cancelled"


def test_a_job_from_elsewhere_is_brought_in_and_charted(project, openai_service):
    run, connection = launched(project, openai_service)
    project.runs.delete(run.id)
    (job,) = list_jobs(connection)
    brought = adopt_job(project, job.id, connection)
    assert (brought.base_model, brought.name) == (run.base_model, "night")
    assert followed(project, brought, connection).succeeded
    assert project.runs.metrics(brought.id)
    with pytest.raises(UserError, match="already"):
        adopt_job(project, job.id, connection)
