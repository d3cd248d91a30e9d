"""Where the tuned model of a run lies, and the card that goes with it."""

from pathlib import Path

import pytest

from tunedesk.errors import UserError
from tunedesk.fine_tuning.model_export import export_model, model_card, model_folder
from tunedesk.project.project import Project
from tunedesk.project.run_records import Metric, Run, RunFile
from tunedesk.services.local_server import server_data_dir


def run_with(**values):
    usual = {
        "id": 1,
        "key": "k",
        "name": "pharmacy-v1",
        "created_at": 1,
        "provider": "local",
        "base_url": "",
        "base_model": "HuggingFaceTB/SmolLM2-135M-Instruct",
        "job_id": "ftjob-1",
        "status": "succeeded",
    }
    return Run(**{**usual, **values})


@pytest.fixture
def job():
    """The folder of a job of this computer's server, with a model and two checkpoints."""
    folder = server_data_dir() / "jobs" / "ftjob-1"
    for name in ("model", "checkpoints/step-10", "checkpoints/step-20"):
        (folder / name).mkdir(parents=True)
    return folder


def test_the_model_and_its_checkpoints_are_found(job):
    assert model_folder(run_with()) == job / "model"
    assert model_folder(run_with(), 20) == job / "checkpoints" / "step-20"


def test_a_step_without_a_checkpoint_is_told_the_others(job):
    with pytest.raises(UserError, match=r"no checkpoint of step 15.*10, 20"):
        model_folder(run_with(), 15)


@pytest.mark.parametrize(
    "values", [{"provider": "openai"}, {"job_id": ""}, {"job_id": "../x"}, {"job_id": "gone"}]
)
def test_a_model_that_is_elsewhere_is_told_so(values):
    with pytest.raises(UserError, match="pharmacy-v1 is not"):
        model_folder(run_with(**values))


@pytest.mark.parametrize(
    ("kind", "name", "size", "said"),
    [
        ("folder", "", "exact", "Say what"),
        ("folder", "out", "smaller", "Only a GGUF"),
        ("gguf", "out", "exact", r"ends in \.gguf"),
    ],
)
def test_wrong_wishes_are_told_before_anything_is_made(project_of, kind, name, size, said):
    with pytest.raises(UserError, match=said):
        export_model(project_of, run_with(), kind, Path(name), size=size)


@pytest.fixture
def project_of(tmp_path):
    with Project.create(tmp_path / "b.tunedesk", author="Ann") as project:
        yield project


def test_the_card_says_how_it_was_made_and_what_it_is_not_for(tmp_path):
    with Project.create(tmp_path / "a.tunedesk", author="Ann") as project:
        run = project.runs.add(
            name="pharmacy-v1",
            settings={},
            program_version="0",
            provider="local",
            base_url="",
            base_model="HuggingFaceTB/SmolLM2-135M-Instruct",
        )
        project.runs.add_metrics(run.id, [Metric(1, 3.5, 0.2, 2.5, 0.3)])
        card = model_card(
            project, run_with(id=run.id, training=RunFile("file-1", "abc", 900, 40)), 10
        )
    assert card.startswith("---\nlicense: apache-2.0\nbase_model: HuggingFaceTB/SmolLM2-135M-")
    assert "\n# pharmacy-v1\n" in card
    assert "quantised to 4 bits" in card
    assert "SmolLM2-135M-Instruct" in card
    assert "those of step 10" in card
    assert "licence Apache-2.0" in card
    assert "no diagnosis" in card
