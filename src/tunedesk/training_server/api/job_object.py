"""A job as the API shows it."""

from typing import Any

from tunedesk.training_server.store.job_store import Job

ORGANIZATION = "org-local"
_PLAIN = ("batch_size", "learning_rate_multiplier", "n_epochs")


def job_object(job: Job, now: float) -> dict[str, Any]:
    """The job as the API shows it.

    Args:
        job: The job.
        now: The time, for the estimate of its end.
    """
    hyperparameters = job.hyperparameters
    return {
        "object": "fine_tuning.job",
        "id": job.id,
        "created_at": job.created_at,
        "finished_at": job.finished_at,
        "estimated_finish": estimated_finish(job, now),
        "model": job.model,
        "fine_tuned_model": job.model_name if job.status == "succeeded" else None,
        "organization_id": ORGANIZATION,
        "status": job.status,
        # OpenAI's document: returned for supervised jobs only.
        "hyperparameters": {
            name: hyperparameters[name] for name in _PLAIN if job.method == "supervised"
        },
        "method": {"type": job.method, job.method: {"hyperparameters": hyperparameters}},
        "training_file": job.training_file,
        "validation_file": job.validation_file,
        "result_files": [] if job.result_file is None else [job.result_file],
        "trained_tokens": job.trained_tokens,
        "error": job.error,
        "seed": job.seed,
        "integrations": job.integrations or [],
        "metadata": job.metadata,
        "user_provided_suffix": job.suffix,
    }


def estimated_finish(job: Job, now: float) -> int | None:
    """When it will be done if it goes on at its pace; None if nobody can tell."""
    if (
        job.status != "running"
        or job.started_at is None
        or job.last_step is None
        or job.total_steps is None
    ):
        return None
    done = job.last_step - (job.started_step or 0)
    if done < 1:
        return None
    pace = (now - job.started_at) / done
    return int(now + max(0, job.total_steps - job.last_step) * pace) + 1
