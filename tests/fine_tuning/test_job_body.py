import pytest
from tests.openai_document import REQUESTS

from tunedesk.errors import UserError
from tunedesk.fine_tuning.job_body import JobWishes, job_body
from tunedesk.fine_tuning.providers import provider

LEAST = JobWishes("base", "file-1")


def wishes(**more):
    return JobWishes("base", "file-1", **more)


def test_what_is_not_wished_is_left_out():
    assert job_body(LEAST, provider("openai")) == {
        "model": "base",
        "training_file": "file-1",
        "method": {"type": "supervised", "supervised": {}},
    }


@pytest.mark.parametrize("name", ["openai", "local", "custom"])
def test_everything_fits_openais_document(name):
    body = job_body(
        wishes(
            validation_file="file-2",
            method="dpo",
            suffix="law",
            epochs=50,
            batch_size=256,
            learning_rate=0.1,
            beta=2.0,
            seed=2**31 - 1,
            metadata={"tunedesk": "x" * 32},
            wandb_project="law" if name != "custom" else "",
        ),
        provider(name),
    )
    assert REQUESTS.problems("POST /fine_tuning/jobs", body) == []
    assert set(body) <= REQUESTS.names("CreateFineTuningJobRequest")
    chosen = {
        "n_epochs": 50,
        "batch_size": 256,
        "learning_rate_multiplier": 0.1,
        "beta": 2.0,
    }
    assert body["method"] == {"type": "dpo", "dpo": {"hyperparameters": chosen}}


def test_beta_is_of_dpo_alone():
    body = job_body(wishes(beta=0.1), provider("openai"))
    assert body["method"] == {"type": "supervised", "supervised": {}}


def test_nebius_has_its_own_form():
    nebius = provider("nebius")
    assert job_body(LEAST, nebius)["hyperparameters"] == {"lora": True}
    body = job_body(wishes(epochs=2, learning_rate=2e-5, lora_rank=16), nebius)
    assert body == {
        "model": "base",
        "training_file": "file-1",
        "hyperparameters": {"lora": True, "n_epochs": 2, "learning_rate": 2e-5, "lora_r": 16},
    }
    full = job_body(wishes(full=True, lora_rank=16), nebius)
    assert full["hyperparameters"] == {"lora": False}


def test_this_computer_trains_adapters_or_all():
    local = provider("local")
    inner = job_body(wishes(lora_rank=8), local)["method"]["supervised"]
    assert inner == {"hyperparameters": {"rank": 8}}
    inner = job_body(wishes(full=True), local)["method"]["supervised"]
    assert inner == {"hyperparameters": {"full": True}}


def test_azures_presets_go_beside_the_rest():
    azure = provider("azure")
    body = job_body(wishes(extra_body=dict(azure.presets[2].extra_body)), azure)
    assert body["extra_body"] == {"trainingType": "Developer"}
    assert REQUESTS.problems("POST /fine_tuning/jobs", body) == []


def test_what_stands_beside_never_replaces_what_was_chosen():
    body = job_body(wishes(extra_body={"model": "other", "mine": 1}), provider("custom"))
    assert body["model"] == "base"
    assert body["extra_body"] == {"mine": 1}


@pytest.mark.parametrize(
    ("name", "more", "said"),
    [
        ("nebius", {"method": "dpo"}, "dpo"),
        ("openai", {"method": "reinforcement"}, "reinforcement"),
        ("openai", {"lora_rank": 8}, "lora_rank"),
        ("openai", {"full": True}, "full"),
        ("azure", {"suffix": "v1.2"}, "dots"),
        ("nebius", {"metadata": {"a": "b"}}, "metadata"),
        ("nebius", {"wandb_project": "x"}, "wandb"),
    ],
)
def test_nothing_is_dropped_in_silence(name, more, said):
    with pytest.raises(UserError, match=said):
        job_body(wishes(**more), provider(name))
