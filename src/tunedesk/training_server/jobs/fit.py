"""What a job needs of the memory and the disk, reckoned before it starts."""

from tunedesk.catalogue.memory_estimate import Device, Need, training_need
from tunedesk.training_server.job_folder import STARTER, JobFolder, JobSpec
from tunedesk.training_server.model_size import size_of
from tunedesk.training_server.training.batch import share_batch

_BYTES_OF_A_TOKEN = 4


def job_need(spec: JobSpec, folder: JobFolder, device: Device) -> Need:
    """What each process of a job needs.

    An estimate: the tokens are counted when it runs, by its own tokenizer.
    """
    with folder.training_file.open("rb") as records:
        longest = max((len(line) for line in records), default=0) // _BYTES_OF_A_TOKEN
    share = share_batch(int(spec.hyperparameters["batch_size"]), spec.processes, longest, device)
    return training_need(
        size_of(spec.base_model),
        device,
        full=is_full(spec.base_model, spec.hyperparameters),
        pairs=spec.method == "dpo",
        tokens=share.at_once * longest,
    )


def is_full(ref: str, hyperparameters: dict[str, object]) -> bool:
    """Whether all weights learn."""
    return ref == STARTER or bool(hyperparameters.get("full"))
