"""The fakes are what they claim to be: held against OpenAI's document and the strict SDK."""

import json

import openai
import pytest
from tests.openai_document import ANSWERS
from tests.services import fake_faults
from tests.services.conftest import rows
from tests.services.fakes import FakeAzure, FakeNebius, FakeOpenAI, FakeOther


def strict(service, **options):
    return openai.OpenAI(
        base_url=service.url,
        api_key=service.key,
        max_retries=0,
        timeout=5,
        _strict_response_validation=True,
        **options,
    )


def plain(service):
    return openai.OpenAI(base_url=service.url, api_key=service.key, max_retries=0)


def fits(operation, answer):
    assert not ANSWERS.problems(operation, json.loads(answer.http_response.content))
    return answer.parse()


def test_openais_answers_fit_its_document(openai_service):
    openai_service.total_steps = 6
    with strict(openai_service) as client:
        raw = client.with_raw_response
        files = [
            fits(
                "POST /files",
                raw.files.create(file=(f"{n}.jsonl", rows(n)), purpose="fine-tune"),
            )
            for n in (12, 3)
        ]
        assert openai_service.files[files[0].id] == rows(12)
        made = fits(
            "POST /fine_tuning/jobs",
            raw.fine_tuning.jobs.create(
                model="gpt-4.1-2025-04-14",
                training_file=files[0].id,
                validation_file=files[1].id,
                metadata={"tunedesk": "abc"},
                method={"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 3}}},
            ),
        )
        seen = []
        while not seen or seen[-1] != "succeeded":
            job = fits(
                "GET /fine_tuning/jobs/{fine_tuning_job_id}", raw.fine_tuning.jobs.retrieve(made.id)
            )
            seen.append(job.status)
        assert seen == ["queued", "running", "running", "running", "succeeded"]
        listed = fits(
            "GET /fine_tuning/jobs", raw.fine_tuning.jobs.list(metadata={"tunedesk": "abc"})
        )
        assert [each.id for each in listed.data] == [made.id]
        assert not list(client.fine_tuning.jobs.list(metadata={"tunedesk": "other"}))
        fits(
            "GET /fine_tuning/jobs/{fine_tuning_job_id}/events",
            raw.fine_tuning.jobs.list_events(made.id, limit=5),
        )
        assert len(list(client.fine_tuning.jobs.list_events(made.id, limit=4))) == 15
        points = fits(
            "GET /fine_tuning/jobs/{fine_tuning_job_id}/checkpoints",
            raw.fine_tuning.jobs.checkpoints.list(made.id),
        )
        assert [point.step_number for point in points.data] == [6, 4, 2]
        fits("GET /models", raw.models.list())
        fits("GET /models/{model}", raw.models.retrieve(job.fine_tuned_model))
        result = client.files.content(job.result_files[0]).read()
        assert result.startswith(b"step,train_loss,train_accuracy,valid_loss")
        told = client.chat.completions.create(
            model=job.fine_tuned_model,
            messages=[{"role": "user", "content": "Where?"}],
            stream=True,
        )
        assert "".join(chunk.choices[0].delta.content or "" for chunk in told) == (
            openai_service.reply
        )


def test_uploads_in_parts(openai_service):
    content = rows(12)
    with strict(openai_service) as client:
        made = client.uploads.upload_file_chunked(
            file=content,
            filename="t.jsonl",
            bytes=len(content),
            mime_type="application/jsonl",
            purpose="fine-tune",
            part_size=100,
        )
    assert openai_service.files[made.file.id] == content


def test_what_the_document_does_not_have_is_a_problem():
    # A real DPO job has no `hyperparameters` (facts 1.4); the strict SDK would stop at that.
    with FakeOpenAI() as service, plain(service) as client:
        file = client.files.create(file=("t.jsonl", rows(10)), purpose="fine-tune")
        client.fine_tuning.jobs.create(
            model="gpt-4.1-2025-04-14",
            training_file=file.id,
            suffix="s" * 65,
            extra_body={"trainingType": "Standard"},
            method={"type": "dpo", "dpo": {"hyperparameters": {"n_epochs": 51}}},
        )
        assert len(service.problems) == 3, service.problems


def test_bad_files_fail_as_the_facts_say(openai_service):
    broken = rows(3) + b'{"messages": [{"role": "user", "content": null}]}\n'
    with strict(openai_service) as client:
        for content, code, text in (
            (rows(7), "invalid_n_examples", "Training file has 7 example(s)"),
            (broken, "invalid_training_file", 'Line 4, message 0, key "content"'),
        ):
            file = client.files.create(file=("t.jsonl", content), purpose="fine-tune")
            job = client.fine_tuning.jobs.create(model="gpt-4.1-2025-04-14", training_file=file.id)
            openai_service.finish(job.id)
            job = client.fine_tuning.jobs.retrieve(job.id)
            assert (job.status, job.error.code) == ("failed", code)
            assert text in job.error.message


def test_azure_is_azure():
    with FakeAzure() as service, plain(service) as client:
        assert service.url.endswith("/openai/v1")
        file = client.files.create(file=("t.jsonl", rows(10)), purpose="fine-tune")
        model = "gpt-4.1-2025-04-14"
        for suffix in ("v1.2", "a" * 19):
            with pytest.raises(openai.BadRequestError):
                client.fine_tuning.jobs.create(model=model, training_file=file.id, suffix=suffix)
        job = client.fine_tuning.jobs.create(model=model, training_file=file.id, suffix="law")
        service.finish(job.id)
        name = client.fine_tuning.jobs.retrieve(job.id).fine_tuned_model
        assert name.startswith(f"{model}.ft-")
        assert name.endswith("-law")
        question = [{"role": "user", "content": "Where?"}]
        with pytest.raises(openai.NotFoundError):
            client.chat.completions.create(model=name, messages=question)
        service.deployments["law"] = name
        client.chat.completions.create(model="law", messages=question)
        assert service.problems == ["training_file: no byte order mark"]


def test_nebius_is_nebius():
    with (
        FakeNebius() as service,
        plain(service) as client,
    ):
        file = client.files.create(file=("t.jsonl", rows(10)), purpose="fine-tune")
        assert file.status is None
        model = "meta-llama/Llama-3.1-8B-Instruct"
        settings = {"lora": True, "learning_rate": 2e-5}
        job = client.fine_tuning.jobs.create(
            model=model, training_file=file.id, hyperparameters=settings
        )
        assert job.status == "running"
        assert job.trained_steps == 0
        client.fine_tuning.jobs.retrieve(job.id)
        events = client.fine_tuning.jobs.list_events(job.id).data
        assert not [event for event in events if event.data]
        points = client.fine_tuning.jobs.checkpoints.list(job.id).data
        assert points[0].metrics.train_loss > 0
        with pytest.raises(openai.UnprocessableEntityError):
            client.fine_tuning.jobs.create(
                model=model, training_file=file.id, hyperparameters={"learning_rate": 1.5}
            )
        assert service.problems == []
        client.fine_tuning.jobs.create(
            model=model, training_file=file.id, metadata={"a": "b"}, hyperparameters={"rank": 4}
        )
        assert service.problems == ["unknown field: metadata", "unknown hyperparameter: rank"]


def test_another_server_spells_otherwise():
    with FakeOther() as service, plain(service) as client:
        file = client.files.create(file=("t.jsonl", rows(10)), purpose="fine-tune")
        job = client.fine_tuning.jobs.create(model="acme-1", training_file=file.id)
        assert job.status == "VALIDATING"
        with pytest.raises(AttributeError):
            client.fine_tuning.jobs.list()


def test_a_fault_happens_as_often_as_it_is_ordered(openai_service):
    with strict(openai_service) as client:
        file = client.files.create(file=("t.jsonl", rows(10)), purpose="fine-tune")
        wanted = {"model": "gpt-4.1-2025-04-14", "training_file": file.id}
        jobs = client.fine_tuning.jobs
        for fault, error, count in (
            (fake_faults.server_error(), openai.InternalServerError, 0),
            (fake_faults.server_error(done=True), openai.InternalServerError, 1),
            (fake_faults.lost_answer(), openai.APIConnectionError, 2),
            (fake_faults.broken_before(), openai.APIConnectionError, 2),
            (fake_faults.hanging(done=True), openai.APITimeoutError, 3),
            (fake_faults.too_many(), openai.RateLimitError, 3),
            (fake_faults.not_available(), openai.PermissionDeniedError, 3),
            (fake_faults.truncated(), json.JSONDecodeError, 4),
            (fake_faults.broken_off(), openai.APIConnectionError, 5),
        ):
            openai_service.fail("POST", "/fine_tuning/jobs", fault)
            with pytest.raises(error):
                client.with_options(timeout=0.3).fine_tuning.jobs.create(**wanted)
            assert len(openai_service.jobs) == count
        jobs.create(**wanted)
        assert len(openai_service.jobs) == 6
        assert len(openai_service.sent("POST", "/fine_tuning/jobs")) == 10


def test_it_is_gone_when_it_has_ended():
    service = FakeOpenAI()
    with service, strict(service) as client:
        client.models.list()
        service.stop()
        with pytest.raises(openai.APIConnectionError):
            client.models.list()
