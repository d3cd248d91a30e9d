"""The whole way by the openai SDK, strict: upload, train, follow, results, talk, delete."""

import re

import openai
import pytest
from tests.training_server.conftest import chat_lines, told, upload, wait_for

STEPS = 8


def test_the_job_ends_with_all_that_openai_tells(trained):
    assert trained.status == "succeeded"
    assert re.fullmatch(
        r"ft:tunedesk-starter:local:Law-order:[A-Za-z0-9]{8}", trained.fine_tuned_model
    )
    assert trained.finished_at >= trained.created_at
    assert trained.error is None
    assert trained.trained_tokens > 0
    assert trained.seed == 7
    assert trained.metadata == {"purpose": "test"}
    assert trained.estimated_finish is None
    assert trained.user_provided_suffix == "Law & order"
    hyperparameters = trained.method.supervised.hyperparameters
    assert hyperparameters.n_epochs == trained.hyperparameters.n_epochs == 4
    assert hyperparameters.batch_size == 5
    assert hyperparameters.learning_rate_multiplier == 1


def test_the_events_come_in_openais_order_and_words(client, trained):
    events = told(client, trained.id)
    messages = [event.message for event in events]
    assert messages[:5] == [
        f"Created fine-tuning job: {trained.id}",
        f"Validating training file: {trained.training_file}",
        f"Validating validation file: {trained.validation_file}",
        "Files validated, moving job to queued state",
        "Fine-tuning job started",
    ]
    assert messages[-2:] == [
        f"New fine-tuned model created: {trained.fine_tuned_model}",
        "Fine tuning job successfully completed",
    ]
    metrics = [event for event in events if event.type == "metrics"]
    assert [event.data["step"] for event in metrics] == list(range(1, STEPS + 1))
    assert all(event.data["total_steps"] == STEPS for event in metrics)
    assert metrics[-1].data["train_loss"] < metrics[0].data["train_loss"]
    assert "full_valid_loss" in metrics[-1].data
    assert re.fullmatch(
        r"Step 8/8: training loss=\d+\.\d\d(, validation loss=\d+\.\d\d)?"
        r", full validation loss=\d+\.\d\d",
        metrics[-1].message,
    )
    assert len({event.id for event in events}) == len(events)


def test_the_events_go_page_by_page_newest_first(client, trained):
    every = list(client.fine_tuning.jobs.list_events(trained.id, limit=1000))
    assert [event.id for event in client.fine_tuning.jobs.list_events(trained.id, limit=3)] == [
        event.id for event in every
    ]
    page = client.fine_tuning.jobs.list_events(trained.id, limit=len(every) - 1)
    assert page.has_more
    with pytest.raises(openai.BadRequestError) as refusal:
        client.fine_tuning.jobs.list_events(trained.id, after="ftevent-none")
    assert refusal.value.param == "after"


def test_the_last_three_checkpoints_are_kept(client, trained):
    kept = client.fine_tuning.jobs.checkpoints.list(trained.id).data
    assert [checkpoint.step_number for checkpoint in kept] == [8, 6, 4]
    for checkpoint in kept:
        step = checkpoint.step_number
        name = checkpoint.fine_tuned_model_checkpoint
        assert name == f"{trained.fine_tuned_model}:ckpt-step-{step}"
        assert checkpoint.metrics.step == step
        assert checkpoint.metrics.train_loss > 0
        assert client.models.retrieve(name).id == name
    page = client.fine_tuning.jobs.checkpoints.list(trained.id, limit=1)
    assert [each.step_number for each in page] == [8, 6, 4]
    gone = f"{trained.fine_tuned_model}:ckpt-step-2"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve(gone)


def test_the_results_are_a_table_of_all_steps(client, trained):
    (result,) = trained.result_files
    assert client.files.retrieve(result).purpose == "fine-tune-results"
    lines = client.files.content(result).text.splitlines()
    assert lines[0] == "step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy"
    assert [line.split(",")[0] for line in lines[1:]] == [str(n) for n in range(1, STEPS + 1)]


def test_the_model_is_listed_and_base_models_stay(client, trained):
    names = [model.id for model in client.models.list()]
    assert {"tunedesk-starter", trained.fine_tuned_model} <= set(names)
    with pytest.raises(openai.PermissionDeniedError):
        client.models.delete("tunedesk-starter")
    with pytest.raises(openai.NotFoundError) as refusal:
        client.models.retrieve("../../etc/passwd")
    assert refusal.value.code == "model_not_found"


def ask(client, model, **options):
    messages = [{"role": "user", "content": "What is section 1?"}]
    return client.chat.completions.create(model=model, messages=messages, **options)


def test_everything_that_was_made_can_be_talked_to(client, trained):
    kept = client.fine_tuning.jobs.checkpoints.list(trained.id).data
    for model in (
        "tunedesk-starter",
        trained.fine_tuned_model,
        kept[-1].fine_tuned_model_checkpoint,
    ):
        answer = ask(client, model, max_completion_tokens=8, temperature=0)
        assert answer.model == model
        assert answer.choices[0].message.role == "assistant"
        assert answer.choices[0].finish_reason in ("stop", "length")
        used = answer.usage
        assert used.prompt_tokens > 0
        assert 0 <= used.completion_tokens <= 8
        assert used.total_tokens == used.prompt_tokens + used.completion_tokens


def test_a_tuned_model_can_be_trained_on_and_deleted(own_server):
    client = own_server.start()
    train = upload(client, chat_lines(10))
    quick = {"n_epochs": 1, "batch_size": 10}
    first = client.fine_tuning.jobs.create(
        model="tunedesk-starter", training_file=train, hyperparameters=quick
    )
    first = wait_for(client, first.id, "succeeded", seconds=300)
    second = client.fine_tuning.jobs.create(
        model=first.fine_tuned_model, training_file=train, hyperparameters=quick
    )
    second = wait_for(client, second.id, "succeeded", seconds=300)
    assert second.fine_tuned_model.startswith("ft:tunedesk-starter:local::")
    gone = client.models.delete(second.fine_tuned_model)
    assert gone.deleted
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve(second.fine_tuned_model)
    with pytest.raises(openai.NotFoundError):
        ask(client, second.fine_tuned_model)
    assert client.fine_tuning.jobs.retrieve(second.id).status == "succeeded"
