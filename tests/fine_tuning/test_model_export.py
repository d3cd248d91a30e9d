"""Where the tuned model of a run lies, and the card that goes with it."""

import json
from pathlib import Path

import pytest
from tests.fine_tuning.made_project import conversation

from tunedesk.errors import UserError
from tunedesk.fine_tuning.model_export import (
    common_system_prompt,
    export_model,
    held_back_questions,
    model_card,
    model_folder,
    proof_text,
)
from tunedesk.project.project import Project
from tunedesk.project.run_records import Metric, Run, RunExample, RunFile
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


def test_a_way_through_a_file_and_a_name_that_is_taken_are_told(project_of, tmp_path, job):
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UserError, match=r"notes\.txt is a file, not a folder"):
        export_model(project_of, run_with(), "folder", tmp_path / "notes.txt" / "deep" / "out")
    with pytest.raises(UserError, match="there already"):
        export_model(project_of, run_with(), "adapter", tmp_path / "notes.txt")


def test_a_base_model_that_is_gone_is_named_with_what_to_do(project_of, tmp_path, job):
    gone = {"base_model_name_or_path": str(tmp_path / "gone")}
    (job / "model" / "adapter_config.json").write_text(json.dumps(gone), encoding="utf-8")
    with pytest.raises(UserError, match=r"SmolLM2 135M is no longer.*models get smollm2-135m"):
        export_model(project_of, run_with(), "folder", tmp_path / "out")
    with pytest.raises(UserError, match=r"mine is no longer.*models add FOLDER --name mine"):
        export_model(project_of, run_with(base_model="mine"), "folder", tmp_path / "out")


def test_the_card_gives_the_rate_itself_and_the_losses_of_the_weights(project_of):
    run = project_of.runs.add(
        name="a",
        settings={},
        program_version="0",
        provider="local",
        base_url="",
        base_model="HuggingFaceTB/SmolLM2-135M-Instruct",
    )
    project_of.runs.add_metrics(
        run.id,
        [Metric(1, 3.5, 0.2, 2.5, 0.3), Metric(2, 3.0, 0.2, 2.25, 0.3), Metric(3, 2.0, 0.2, 2.9)],
    )
    shown = run_with(
        id=run.id, job={"hyperparameters": {"learning_rate_multiplier": 2.5, "n_epochs": 3}}
    )
    card = model_card(project_of, shown, 2)
    assert "| Learning rate | 0.0005 |" in card
    assert "| Validation loss of its weights | 2.25 |" in card


def rows(prompts):
    for number, prompt in enumerate(prompts):
        system = [{"role": "system", "content": prompt}] if prompt else []
        yield [*system, *json.loads(conversation(f"Question {number}?", "Yes."))["messages"]]


@pytest.mark.parametrize(
    ("prompts", "common"),
    [(["A", "A", ""], "A"), (["A", "B", "C"], ""), (["", "", "A"], ""), (["A", "B"], "")],
)
def test_the_system_prompt_of_most_examples_goes_along(project_of, prompts, common):
    checker = project_of.checker()
    run = project_of.runs.add(
        name="a", settings={}, program_version="0", provider="local", base_url="", base_model="b"
    )
    examples = []
    for line, messages in enumerate(rows(prompts), 1):
        text = json.dumps({"messages": messages})
        number = project_of.add_example(text, checker.check(text.encode()), state="approved")
        version = project_of.context.store.value(
            "SELECT version_id FROM example WHERE id = ?", (number,)
        )
        examples.append(RunExample("training", line, number, version))
    project_of.runs.set_examples(run.id, examples)
    assert common_system_prompt(project_of, run) == common
    asked = held_back_questions(project_of, run)
    assert asked[0]["messages"][-1]["content"] == "Question 0?"


def test_the_proof_is_told_in_numbers():
    told = {"texts": 12, "same_tokens": 12, "questions": 8, "same_answers": 7}
    assert proof_text(told) == (
        "Proved: the same tokens in 12 of 12 texts. 7 of 8 test prompts are answered as here, "
        "word for word."
    )
