"""`tunedesk launch` and `tunedesk jobs`, against a fake of OpenAI's service."""

import json

import pytest
from tests.fine_tuning.made_project import add_texts, conversation, library
from tests.services import fake_faults
from tests.services.conftest import openai_service  # noqa: F401  a fixture
from tests.services.fakes import FakeEcho
from tests.services.memory_keyring import MemoryKeyring

from tunedesk.catalogue.models import STARTER_ID
from tunedesk.cli import main
from tunedesk.commands.job_commands import print_event
from tunedesk.fine_tuning.charted_run import ChartedRun
from tunedesk.fine_tuning.curves import RunCurves
from tunedesk.fine_tuning.run_report import RunPage, run_report
from tunedesk.project.project import Project
from tunedesk.project.run_records import RunError, RunEvent


@pytest.fixture(autouse=True)
def surroundings(tmp_path, monkeypatch):
    monkeypatch.setattr("tunedesk.fine_tuning.launch.user_data_dir", lambda: tmp_path / "data")
    monkeypatch.setattr("tunedesk.commands.job_commands.time.sleep", lambda _seconds: None)


@pytest.fixture
def there(openai_service, monkeypatch):  # noqa: F811
    """The arguments that name the service."""
    monkeypatch.setenv("MY_KEY", openai_service.key)
    return ["--provider", "custom", "--base-url", openai_service.url, "--key-env", "MY_KEY"]


def objects(text):
    return [json.loads(line) for line in text.splitlines()]


def launch(path, there, *more):
    return main(["launch", str(path), *there, "--model", "gpt-4.1-2025-04-14", *more])


def test_launched_and_followed_to_the_end(tmp_path, there, capsys):
    library(tmp_path / "law.tunedesk").close()
    assert launch(tmp_path / "law.tunedesk", there, "--suffix", "night", "--follow") == 0
    out = capsys.readouterr().out
    assert "Fine-tuning job started" in out
    assert "night: succeeded" in out
    assert "model: ft:gpt-4.1-2025-04-14" in out


def test_a_data_file_gets_a_project_beside_it(tmp_path, there, capsys):
    file = tmp_path / "law.jsonl"
    file.write_text("\n".join(conversation(f"Question {n}?", f"Answer {n}.") for n in range(12)))
    assert launch(file, there, "--validation", "0", "--json") == 0
    (told,) = objects(capsys.readouterr().out)
    assert (told["stage"], told["training_examples"]) == ("following", 12)
    assert main(["jobs", "list", "--project", str(tmp_path / "law.tunedesk"), "--json"]) == 0
    assert objects(capsys.readouterr().out)[0]["job"] == told["job"]
    assert launch(file, there) == 2


def test_problems_stop_it_before_anything_is_sent(tmp_path, there, openai_service, capsys):  # noqa: F811
    with library(tmp_path / "law.tunedesk") as project:
        text = '{"messages": [{"role": "user", "content": "no answer"}]}'
        project.add_example(text, project.checker().check(text.encode()), state="approved")
    assert launch(tmp_path / "law.tunedesk", there) == 1
    assert "errors stop a launch" in capsys.readouterr().err
    assert openai_service.files == {}
    assert launch(tmp_path / "law.tunedesk", there, "--without-errors") == 0


def test_what_the_base_model_does_not_take_stops_it_before_anything_is_sent(tmp_path, capsys):
    path = tmp_path / "law.tunedesk"
    with library(path) as project:
        # By the estimate of OpenAI's tokens it is just short enough.
        turns = [{"role": role, "content": "a"} for role in ("user", "assistant")] * 750
        (long_id,) = add_texts(project, [json.dumps({"messages": turns})])
        number = project.number_of(long_id)
    assert main(["launch", str(path), "--model", STARTER_ID, "--json"]) == 1
    out, err = capsys.readouterr()
    (said,) = objects(out)
    assert said["as_trained"]["refused"] == {"too_long": [number]}
    assert 0 < said["as_trained"]["learned_tokens"] < said["as_trained"]["tokens"]
    assert f"longer than the 8,192 tokens that the model reads: examples {number}" in err
    assert "or add --without-errors" in err


def test_the_jobs_of_a_service(tmp_path, there, openai_service, capsys):  # noqa: F811
    library(tmp_path / "law.tunedesk").close()
    openai_service.held = True
    launch(tmp_path / "law.tunedesk", there, "--json")
    job = objects(capsys.readouterr().out)[0]["job"]
    assert main(["jobs", "list", *there]) == 0
    assert job in capsys.readouterr().out
    assert main(["jobs", "pause", job, *there]) == 0
    assert "paused" in capsys.readouterr().out
    assert main(["jobs", "resume", job, *there]) == 0
    openai_service.held = False
    capsys.readouterr()
    assert main(["jobs", "follow", job, *there, "--json"]) == 0
    lines = objects(capsys.readouterr().out)
    assert lines[-1]["status"] == "succeeded"
    assert main(["jobs", "metrics", job, *there]) == 0
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.startswith("step\ttrain_loss")
    assert len(rows) == openai_service.total_steps
    assert main(["jobs", "show", job, *there, "--json"]) == 0
    assert objects(capsys.readouterr().out)[0]["fine_tuned_model"]


def test_the_runs_of_a_project(tmp_path, there, capsys):
    path = tmp_path / "law.tunedesk"
    library(path).close()
    launch(path, there, "--suffix", "night")
    with Project.open(path) as project:
        run = project.runs.find("night")
    assert run.job_id
    follow = ["jobs", "follow", "night", "--project", str(path), "--key-env", "MY_KEY"]
    assert main(follow) == 0
    assert "night: succeeded" in capsys.readouterr().out
    assert main(["jobs", "metrics", "night", "--project", str(path)]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 2
    assert main(["jobs", "show", "night", "--project", str(path)]) == 0
    assert "night" in capsys.readouterr().out
    assert main(["jobs", "show", "day", "--project", str(path)]) == 2
    assert main(["jobs", "list", "--project", str(path)]) == 0
    number = capsys.readouterr().out.split()[0]
    assert main(["jobs", "show", number, "--project", str(path)]) == 0
    assert "night: succeeded" in capsys.readouterr().out


def test_a_tuned_model_is_trained_further_with_new_examples(tmp_path, there, capsys):
    path = tmp_path / "law.tunedesk"
    library(path).close()
    launch(path, there, "--suffix", "night", "--follow")
    further = ["launch", str(path), *there, "--further", "night"]
    assert main([*further, "--only-new"]) == 1
    assert "There are 0 examples to train on" in capsys.readouterr().err
    with Project.open(path) as project:
        add_texts(project, [conversation(f"New {n}?", f"Answer {n}.") for n in range(12)])
        parent = project.runs.find("night")
    more = ["--suffix", "day", "--only-new", "--validation", "0", "--json"]
    assert main([*further, *more]) == 0
    told = objects(capsys.readouterr().out)[-1]
    assert (told["base_model"], told["parents"]) == (parent.fine_tuned_model, [parent.id])
    assert told["training_examples"] == 12
    assert main(["jobs", "list", "--project", str(path)]) == 0
    assert "trained further from: night" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--further", "night", "--model", "m"], "leave --model out"),
        (["--only-new"], "--only-new needs --further"),
        (["--further", "none"], "There is no run “none”"),
        (["--further", "night"], "has no tuned model"),
    ],
)
def test_what_cannot_be_trained_further_is_said(tmp_path, there, capsys, options, said):
    path = tmp_path / "law.tunedesk"
    with library(path) as project:
        project.runs.add(
            name="night",
            provider="custom",
            base_url="",
            base_model="m",
            settings={},
            program_version="1",
        )
    assert main(["launch", str(path), *there, *options]) == 2
    assert said in capsys.readouterr().err


def test_a_number_that_makes_no_sense_is_said_before_anything_is_sent(
    tmp_path,
    there,
    openai_service,  # noqa: F811
    capsys,
):
    path = tmp_path / "law.tunedesk"
    library(path).close()
    assert launch(path, there, "--epochs", "0") == 1
    assert "Epochs must be a whole number" in capsys.readouterr().err
    assert not openai_service.requests
    with Project.open(path) as project:
        assert project.runs.all() == []


def test_a_key_that_is_not_there_is_said_with_where_it_comes_from(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setattr("keyring.get_keyring", MemoryKeyring)
    assert main(["jobs", "list", "--provider", "openai"]) == 2
    assert "OPENAI_API_KEY" in capsys.readouterr().err
    assert main(["jobs", "list", "--provider", "openai", "--key-env", "NO_SUCH_KEY"]) == 2
    assert "NO_SUCH_KEY is not set" in capsys.readouterr().err


def test_a_job_has_to_be_named(there, capsys):
    assert main(["jobs", "cancel", *there]) == 2
    assert "needs the job" in capsys.readouterr().err


def cut_off(path, there, openai_service, fault):  # noqa: F811
    """Launch a run whose job's answer is lost, while the service lists no jobs: it cannot be told
    whether the job was made."""
    library(path).close()
    openai_service.held = True
    openai_service.fail("POST", "/fine_tuning/jobs", fault)
    openai_service.fail("GET", "/fine_tuning/jobs", fake_faults.server_error(status=503), 3)
    assert launch(path, there, "--suffix", "night") == 2
    with Project.open(path) as project:
        assert project.runs.find("night").stage == "creating"
    return ["jobs", "cancel", "night", "--project", str(path), "--key-env", "MY_KEY"]


def test_a_run_whose_answer_was_lost_is_cancelled_at_the_service(
    tmp_path,
    there,
    openai_service,  # noqa: F811
    capsys,
):
    cancel = cut_off(tmp_path / "law.tunedesk", there, openai_service, fake_faults.lost_answer())
    ((job_id, job),) = openai_service.jobs.items()
    assert job["status"] not in ("cancelled", "failed", "succeeded")
    capsys.readouterr()
    assert main([*cancel, "--json"]) == 0
    told = capsys.readouterr()
    assert "found and cancelled" in told.err
    (printed,) = objects(told.out)
    assert (printed["job"], printed["status"]) == (job_id, "cancelled")
    assert openai_service.jobs[job_id]["status"] == "cancelled"
    assert len(openai_service.jobs) == 1


def test_a_run_whose_job_was_never_made_is_given_up(
    tmp_path,
    there,
    openai_service,  # noqa: F811
    capsys,
):
    cancel = cut_off(tmp_path / "law.tunedesk", there, openai_service, fake_faults.broken_before())
    assert openai_service.jobs == {}
    capsys.readouterr()
    assert main([*cancel, "--json"]) == 0
    told = capsys.readouterr()
    assert "no job" in told.err
    assert objects(told.out)[0]["stage"] == "ended"
    assert openai_service.files == {}
    assert main(cancel) == 2
    assert "already ended" in capsys.readouterr().err


def test_a_run_is_not_given_up_while_nobody_knows_whether_it_has_a_job(
    tmp_path,
    there,
    openai_service,  # noqa: F811
    capsys,
):
    path = tmp_path / "law.tunedesk"
    cancel = cut_off(path, there, openai_service, fake_faults.lost_answer())
    openai_service.fail("GET", "/fine_tuning/jobs", fake_faults.server_error(status=503))
    capsys.readouterr()
    assert main(cancel) == 2
    assert "tunedesk: " in capsys.readouterr().err
    with Project.open(path) as project:
        assert project.runs.find("night").stage == "creating"
    assert main(cancel) == 0
    (job,) = openai_service.jobs.values()
    assert job["status"] == "cancelled"


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_what_has_no_job_yet_cannot_be_paused(
    tmp_path,
    there,
    openai_service,  # noqa: F811
    action,
    capsys,
):
    path = tmp_path / "law.tunedesk"
    cut_off(path, there, openai_service, fake_faults.broken_before())
    capsys.readouterr()
    assert main(["jobs", action, "night", "--project", str(path), "--key-env", "MY_KEY"]) == 2
    assert "no job yet" in capsys.readouterr().err


def test_a_key_that_a_service_sends_back_in_every_answer_is_nowhere(
    tmp_path, monkeypatch, capsys, caplog
):
    caplog.set_level("DEBUG")
    path, printed = tmp_path / "law.tunedesk", ""
    library(path).close()
    with FakeEcho() as service:
        monkeypatch.setenv("MY_KEY", service.key)
        there = ["--provider", "custom", "--base-url", service.url, "--key-env", "MY_KEY"]
        begun = ["--model", "acme-1", "--suffix", "night", "--json"]
        assert main(["launch", str(path), *there, *begun]) == 0
        printed += capsys.readouterr().out
        for action in ("pause", "resume", "follow", "show", "list", "metrics", "cancel"):
            for form in ([], ["--json"]):
                named = [] if action == "list" else ["night"]
                more = ["--key-env", "MY_KEY"]
                main(["jobs", action, *named, "--project", str(path), *more, *form])
                job = [] if action == "list" else [next(iter(service.jobs))]
                main(["jobs", action, *job, *there, *form])
        said = capsys.readouterr()
        printed += said.out + said.err
        with Project.open(path) as project:
            run = project.runs.find("night")
            assert run.fine_tuned_model.endswith("[key]")
            assert len(project.runs.metrics(run.id)) == service.total_steps
            assert any("[key]" in event.message for event in project.runs.events(run.id))
        for status in (400, 401, 404, 429, 500):
            service.fail("GET", "/fine_tuning/jobs.*", fake_faults.server_error(status=status))
            main(["jobs", "list", *there])
        said = capsys.readouterr()
        printed += said.out + said.err
    halves = (service.key[:14], service.key[14:])
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    for half in halves:
        assert half not in printed
        assert half not in caplog.text
        assert half.encode() not in kept
    assert "[key]" in printed


def test_a_key_that_an_older_project_kept_is_not_printed(tmp_path, capsys):
    path, key = tmp_path / "law.tunedesk", "sk-proj-0123456789abcdef"
    with library(path) as project:
        run = project.runs.add(
            name="night",
            provider="openai",
            base_url="https://api.openai.com/v1",
            base_model="gpt-4.1",
            settings={},
            program_version="0.1.0",
            stage="ended",
            status="failed",
            job_id="ftjob-1",
            job={"error": {"message": f"refused {key}"}},
            error=RunError("odd", f"The key {key} was refused."),
        )
        event = RunEvent("e1", 1_790_000_000_000, "error", f"The key {key} was refused.")
        project.runs.add_events(run.id, [event])
        assert key not in run_report_text(project, run.id)
    for form in ([], ["--json"]):
        for action in ("show", "follow", "list"):
            named = [] if action == "list" else ["night"]
            main(["jobs", action, *named, "--project", str(path), *form])
    print_event(event, as_json=True)
    print_event(event, as_json=False)
    said = capsys.readouterr()
    assert key not in said.out + said.err
    assert "[key] was refused" in said.out


def run_report_text(project, run_id):
    run, curves = project.runs.get(run_id), RunCurves.from_metrics([])
    page = RunPage(
        run=run,
        chart=ChartedRun(run.name, curves),
        advice=[],
        events=project.runs.events(run_id),
        checkpoints=[],
        snippet="",
        note="",
    )
    return run_report(page)
