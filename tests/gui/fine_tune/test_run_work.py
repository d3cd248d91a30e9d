"""Runs are launched, followed and steered from the window, against a service that may fail."""

import socket
import threading

import pytest
from tests.gui.fine_tune.page_reading import only, toasts
from tests.services import fake_faults

from tunedesk.services.providers import provider_named


def test_from_the_launch_to_the_end(launch, project, page, service, qtbot, window):
    launch()
    qtbot.waitUntil(lambda: only(project) is not None and only(project).ended, timeout=20_000)
    run = only(project)
    assert run.succeeded
    assert len(service.jobs) == 1
    # The first details load numpy and what else the chart needs.
    qtbot.waitUntil(lambda: page.view.head.badge.text() == "Ready", timeout=20_000)
    qtbot.waitUntil(lambda: page.view.result.isVisible())
    assert page.view.result.name.text() == run.fine_tuned_model
    qtbot.waitUntil(lambda: run.fine_tuned_model in page.view.result.python)
    assert service.key not in page.view.result.python
    qtbot.waitUntil(lambda: page.view.chart.curve_view is not None)
    qtbot.waitUntil(lambda: any("is ready" in text for text in toasts(window)))


def test_refused_launch_says_why_and_the_run_has_failed(launch, project, page, service, qtbot):
    service.fail("POST", "/fine_tuning/jobs", fake_faults.not_available())
    launch()
    qtbot.waitUntil(lambda: only(project) is not None and only(project).ended)
    assert only(project).status == "failed"
    qtbot.waitUntil(lambda: page.view.failure.isVisible())
    assert page.view.failure.sentence.text()
    assert page.view.head.again.isVisible()
    assert not service.jobs


def test_launch_that_was_cut_off_is_carried_on(launch, project, page, service, actions, qtbot):
    service.fail("POST", "/files", fake_faults.too_many())
    launch()
    qtbot.waitUntil(lambda: only(project) is not None and bool(only(project).note))
    qtbot.waitUntil(lambda: page.view.head.carry_on.isVisible())
    qtbot.waitUntil(lambda: not page._work.launching.is_launching(only(project).id))
    assert actions["run.carry_on"].isEnabled()
    actions["run.carry_on"].trigger()
    qtbot.waitUntil(lambda: only(project).ended, timeout=20_000)
    assert only(project).succeeded
    assert len(service.jobs) == 1


def test_lost_answer_makes_no_second_job(launch, project, service, qtbot, work):
    service.fail("POST", "/fine_tuning/jobs", fake_faults.lost_answer())
    launch()
    qtbot.waitUntil(lambda: only(project) is not None and only(project).ended, timeout=20_000)
    assert only(project).succeeded
    assert len(service.jobs) == 1


def test_cancelling_before_there_is_a_job_gives_up_and_cleans_up_there(
    add_run, project, page, actions, keys, service, qtbot
):
    keys.keep(provider_named("custom"), service.url, service.key, True)
    run = add_run(
        "cut",
        provider="custom",
        base_url=service.url,
        stage="uploading",
        status="",
        job_id="",
        step=None,
        total_steps=None,
    )
    qtbot.waitUntil(lambda: page.view.details is not None)
    assert page.view.head.carry_on.isVisible()
    actions["run.cancel"].trigger()
    qtbot.waitUntil(lambda: project.runs.get(run.id).ended)
    assert project.runs.get(run.id).status == "cancelled"
    qtbot.waitUntil(lambda: len(service.sent("DELETE", "/files/file-[12]")) == 2)


def test_cancelling_a_job_whose_answer_was_lost_looks_for_it(
    add_run, project, page, actions, keys, service, qtbot
):
    keys.keep(provider_named("custom"), service.url, service.key, True)
    run = add_run(
        "lost",
        provider="custom",
        base_url=service.url,
        stage="creating",
        status="",
        job_id="",
    )
    qtbot.waitUntil(lambda: page.view.details is not None)
    actions["run.cancel"].trigger()
    qtbot.waitUntil(lambda: project.runs.get(run.id).ended)
    assert project.runs.get(run.id).status == "cancelled"


def test_runs_that_went_on_are_followed_when_the_project_opens(
    launch, project, service, work, qtbot
):
    launch()
    qtbot.waitUntil(lambda: only(project) is not None and only(project).stage == "following")
    work.following.close()
    run = only(project)
    again = type(work.following)(project, work._background, work.keys)
    ended = []
    again.ended.connect(ended.append)
    again.follow(run.id)
    qtbot.waitUntil(lambda: bool(ended), timeout=20_000)
    assert ended[0].succeeded
    assert again.followed == set()
    again.close()


def test_no_key_is_said_at_the_run_and_asked_again_later(add_run, project, work, qtbot):
    run = add_run("one", provider="openai", base_url="https://api.openai.com/v1")
    work.following.follow(run.id)
    qtbot.waitUntil(lambda: "needs a key" in project.runs.get(run.id).note)
    assert work.following.followed == {run.id}


def test_start_tells_of_a_launch_that_was_cut_off(add_run, work, window, qtbot):
    add_run("cut", stage="uploading", status="")
    work.start()
    qtbot.waitUntil(lambda: any("was cut off" in text for text in toasts(window)))


@pytest.mark.parametrize("operations_first", [True, False])
def test_closing_the_project_keeps_a_launch_to_be_carried_on(
    launch, project, service, context, work, qtbot, background, operations_first
):
    service.fail("POST", "/files", fake_faults.too_many("30"))
    launch()
    qtbot.waitUntil(lambda: only(project) is not None)
    for close in (context.operations.close, work.close)[:: 1 if operations_first else -1]:
        close()
    background.finish()
    assert not only(project).ended


def test_a_launch_that_the_end_of_the_program_cut_off_goes_on_by_itself(
    launch, project, page, service, work, qtbot
):
    launch()
    qtbot.waitUntil(lambda: only(project) is not None and only(project).ended, timeout=20_000)
    run = only(project)
    project.runs.update(run.id, stage="creating", status="", job_id="")
    project.work.add("launch", {"run": run.key})
    work.start()
    qtbot.waitUntil(lambda: only(project).ended, timeout=20_000)
    assert only(project).succeeded
    assert len(service.jobs) == 1


class Listener:
    """A socket that takes note of every connection, at the address of a run."""

    def __init__(self):
        self.connections = 0
        self._ending = False
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self):
        while True:
            connection, _address = self._socket.accept()
            connection.close()
            if self._ending:
                return
            self.connections += 1

    def close(self):
        self._ending = True
        socket.create_connection(self._socket.getsockname()).close()
        self._thread.join()
        self._socket.close()


@pytest.fixture
def listener():
    made = Listener()
    yield made
    made.close()


@pytest.fixture
def nothing_started(monkeypatch):
    """The commands of processes that were begun; none is."""
    begun = []

    def refuse(command, *_arguments, **_more):
        begun.append(command)
        raise AssertionError(f"{command} was started")

    monkeypatch.setattr("tunedesk.services.local_server.subprocess.Popen", refuse)
    return begun


def made_elsewhere(project, add_run, address, monkeypatch, tmp_path):
    """Runs of all kinds that did not end, as another computer leaves them in a project."""
    sent = {"stage": "uploading", "status": ""}
    runs = [
        add_run(name, here=False, base_url=address, **{"provider": "custom"} | more)
        for name, more in (
            ("at a service", {}),
            ("at OpenAI", {"provider": "openai"}),
            ("there", {"provider": "local"}),
            ("there at an address", {"provider": "local", "settings": {"base_url": address}}),
            ("without a row", {}),
            ("being sent", sent),
            ("being made", sent | {"stage": "creating"}),
        )
    ]
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr("tunedesk.project.work.user_data_dir", lambda: tmp_path / "elsewhere")
        for run in runs:
            if run.name == "without a row":
                continue
            kind = "follow" if run.stage == "following" else "launch"
            item = project.work.add(kind, {"run": run.key})
            project.work.claim(item.uid)
    return runs


def test_a_project_of_a_stranger_calls_nobody(
    add_run, project, page, work, feedback, listener, nothing_started, qtbot, monkeypatch, tmp_path
):
    runs = made_elsewhere(project, add_run, listener.url, monkeypatch, tmp_path)
    work.start()
    for run in runs:
        page.choose(run.id)
        qtbot.waitUntil(lambda run=run: page.view.run is not None and page.view.run.id == run.id)
        assert page.view.head.elsewhere.isVisible()
        for action in ("run.pause", "run.resume", "run.cancel", "run.carry_on"):
            assert not page._actions[action].isEnabled()
        assert not page.view.head.carry_on.isVisible()
        # A launch that was begun there can be read, and begun anew, on the launch page.
        assert page.view.head.again.isVisible() is (run.stage != "following")
    qtbot.waitUntil(lambda: work._background.busy == 0)
    assert work.following.followed == set()
    assert listener.connections == 0
    assert nothing_started == []
    assert feedback.toasts() == []


def test_what_another_computer_follows_is_followed_when_the_user_says_so(
    add_run, project, page, work, listener, qtbot, monkeypatch, tmp_path
):
    run, *_others = made_elsewhere(project, add_run, listener.url, monkeypatch, tmp_path)
    page.choose(run.id)
    qtbot.waitUntil(lambda: page.view.head.elsewhere.isVisible())
    assert "127.0.0.1" in page.view.head.elsewhere_text.text()
    # Its last figures may be of long ago.
    assert "left" not in page.view.head.progress.text()
    assert page.view.head.follow.text() == "Follow this run"
    page.view.head.follow.click()
    assert work.following.followed == {run.id}
    qtbot.waitUntil(lambda: not page.view.head.elsewhere.isVisible())
    qtbot.waitUntil(lambda: listener.connections > 0)
    # At the next opening it goes on.
    assert [each.id for each in work._unfinished().following] == [run.id]


def test_a_run_of_this_computer_is_followed_at_opening(add_run, project, page, work, qtbot):
    run = add_run("mine", provider="custom")
    work.start()
    qtbot.waitUntil(lambda: work.following.followed == {run.id})
    page.choose(run.id)
    qtbot.waitUntil(lambda: page.view.run is not None and page.view.run.id == run.id)
    assert not page.view.head.elsewhere.isVisible()
    assert page.view.head.cancel.isVisible()
