"""Whether a job fits into the memory and onto the disk, said in plain words before it starts."""

from tunedesk.checks.training_fit import Machine, Need, training_need, why_it_does_not_fit
from tunedesk.training_server.job_folder import STARTER, JobFolder, JobSpec
from tunedesk.training_server.model_size import size_of
from tunedesk.training_server.training.batch import share_batch

_BYTES_OF_A_TOKEN = 4


def why_job_does_not_fit(spec: JobSpec, folder: JobFolder, machine: Machine) -> str | None:
    """What stands against the start of a job; None if nothing does."""
    full = is_full(spec.base_model, spec.hyperparameters)
    return why_it_does_not_fit(job_need(spec, folder, machine), machine, full=full)


def job_need(spec: JobSpec, folder: JobFolder, machine: Machine) -> Need:
    """What a job needs. An estimate: the tokens are counted when it runs, by its own tokenizer."""
    with folder.training_file.open("rb") as records:
        longest = max((len(line) for line in records), default=0) // _BYTES_OF_A_TOKEN
    share = share_batch(
        int(spec.hyperparameters["batch_size"]), spec.processes, longest, machine.device
    )
    return training_need(
        size_of(spec.base_model),
        machine.device,
        full=is_full(spec.base_model, spec.hyperparameters),
        pairs=spec.method == "dpo",
        tokens=share.at_once * longest,
    )


def is_full(ref: str, hyperparameters: dict[str, object]) -> bool:
    """Whether all weights learn."""
    return ref == STARTER or bool(hyperparameters.get("full"))
