"""Launch settings come back from JSON as they were, whatever a stranger wrote beside them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.openai_document import REQUESTS

from tunedesk.errors import UserError
from tunedesk.fine_tuning.launch_settings import LaunchSettings, job_body
from tunedesk.project.query import ExampleQuery
from tunedesk.services.providers import provider_named

NUMBERS = st.none() | st.integers(1, 50)
SETTINGS = st.builds(
    LaunchSettings,
    provider=st.sampled_from(["local", "openai"]),
    base_model=st.text(),
    method=st.sampled_from(["supervised", "dpo"]),
    query=st.builds(
        ExampleQuery,
        states=st.lists(st.sampled_from(["draft", "approved"])).map(tuple),
        tokens=st.tuples(NUMBERS, NUMBERS),
        ids=st.none() | st.lists(st.integers()).map(tuple),
        search=st.text(),
    ),
    leave_out_errors=st.booleans(),
    validation_share=st.floats(0, 0.5),
    name=st.text(),
    epochs=NUMBERS,
    learning_rate=st.none() | st.floats(0.01, 10),
    metadata=st.dictionaries(st.text(), st.text()),
)


@given(SETTINGS)
def test_they_come_back(settings):
    assert LaunchSettings.from_json(json.loads(json.dumps(settings.to_json()))) == settings


@given(st.dictionaries(st.sampled_from([*LaunchSettings.__dataclass_fields__, "x"]), st.integers()))
def test_what_is_no_setting_is_left_out(stored):
    found = LaunchSettings.from_json(stored)
    assert isinstance(found.base_model, str)
    assert isinstance(found.query, ExampleQuery)


def body_for(place, /, validation_file="", mark=None, **chosen):
    settings = LaunchSettings(base_model="base", **chosen)
    return job_body(settings, provider_named(place), "file-1", validation_file, mark)


def test_what_is_not_chosen_is_left_out():
    assert body_for("openai") == {
        "model": "base",
        "training_file": "file-1",
        "method": {"type": "supervised", "supervised": {}},
    }


@pytest.mark.parametrize("name", ["openai", "local", "custom"])
def test_everything_fits_openais_document(name):
    body = body_for(
        name,
        validation_file="file-2",
        method="dpo",
        name="law",
        epochs=50,
        batch_size=256,
        learning_rate=0.1,
        beta=2.0,
        seed=2**31 - 1,
        mark={"tunedesk": "x" * 32},
        wandb_project="law" if name != "custom" else "",
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
    body = body_for("openai", beta=0.1)
    assert body["method"] == {"type": "supervised", "supervised": {}}


def test_nebius_has_its_own_form():
    assert body_for("nebius")["hyperparameters"] == {"lora": True}
    body = body_for("nebius", epochs=2, learning_rate=2e-5, lora_rank=16)
    assert body == {
        "model": "base",
        "training_file": "file-1",
        "hyperparameters": {"lora": True, "n_epochs": 2, "learning_rate": 2e-5, "lora_r": 16},
    }
    full = body_for("nebius", full=True, lora_rank=16)
    assert full["hyperparameters"] == {"lora": False}


def test_this_computer_trains_adapters_or_all():
    inner = body_for("local", lora_rank=8)["method"]["supervised"]
    assert inner == {"hyperparameters": {"rank": 8}}
    inner = body_for("local", full=True)["method"]["supervised"]
    assert inner == {"hyperparameters": {"full": True}}


def test_azures_presets_go_beside_the_rest():
    azure = provider_named("azure")
    body = body_for("azure", extra_body=dict(azure.presets[2].extra_body))
    assert body["extra_body"] == {"trainingType": "Developer"}
    assert REQUESTS.problems("POST /fine_tuning/jobs", body) == []


def test_what_stands_beside_never_replaces_what_was_chosen():
    body = body_for("custom", extra_body={"model": "other", "mine": 1})
    assert body["model"] == "base"
    assert body["extra_body"] == {"mine": 1}


@pytest.mark.parametrize(
    ("name", "more", "said"),
    [
        ("nebius", {"method": "dpo"}, "dpo"),
        ("openai", {"method": "reinforcement"}, "reinforcement"),
        ("openai", {"lora_rank": 8}, "lora_rank"),
        ("openai", {"full": True}, "full"),
        ("azure", {"name": "v1.2"}, "dots"),
        ("nebius", {"metadata": {"a": "b"}}, "metadata"),
        ("nebius", {"wandb_project": "x"}, "wandb"),
    ],
)
def test_nothing_is_dropped_in_silence(name, more, said):
    with pytest.raises(UserError, match=said):
        body_for(name, **more)
