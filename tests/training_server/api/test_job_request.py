"""Every parameter of a request to make a job, in OpenAI's ranges."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.training_server.api.jobs import read_job_request, suffix_in_name
from tunedesk.training_server.web.responses import ApiError

PLAIN = {"model": "tunedesk-starter", "training_file": "file-a"}


def refused(**more):
    with pytest.raises(ApiError) as refusal:
        read_job_request(PLAIN | more)
    assert refusal.value.status == 400
    assert refusal.value.message
    return refusal.value.param


def method(kind="supervised", **hyperparameters):
    return {"type": kind, kind: {"hyperparameters": hyperparameters}}


def test_what_is_not_said_is_automatic():
    job = read_job_request(PLAIN)
    assert job.method == "supervised"
    assert job.hyperparameters == {
        "batch_size": "auto",
        "learning_rate_multiplier": "auto",
        "n_epochs": "auto",
    }
    assert 0 <= job.seed < 2**31
    assert job.metadata is None
    assert read_job_request(PLAIN | {"method": method("dpo")}).hyperparameters["beta"] == "auto"


def test_the_older_place_of_the_hyperparameters_counts():
    job = read_job_request(PLAIN | {"hyperparameters": {"n_epochs": 3}})
    assert job.hyperparameters["n_epochs"] == 3
    assert refused(hyperparameters={"n_epochs": 3}, method=method(n_epochs=4)) == "hyperparameters"


def test_lora_keys_pass_through():
    job = read_job_request(PLAIN | {"method": method(rank=8, alpha=16, dropout=0.1)})
    assert {"rank": 8, "alpha": 16, "dropout": 0.1}.items() <= job.hyperparameters.items()
    assert refused(method=method(full=True, rank=8)) == "method.supervised.hyperparameters.full"


@pytest.mark.parametrize("key", ["model", "training_file"])
@pytest.mark.parametrize("value", [None, "", 3, ["a"], "x" * 600])
def test_what_is_required_is_a_text(key, value):
    assert refused(**{key: value}) == key


def test_reinforcement_is_refused_clearly():
    with pytest.raises(ApiError, match="reinforcement") as refusal:
        read_job_request(PLAIN | {"method": {"type": "reinforcement", "reinforcement": {}}})
    assert refusal.value.param == "method.type"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("method", "supervised"),
        ("method", {}),
        ("method", {"type": "sft"}),
        ("method", {"type": "supervised", "dpo": {}}),
        ("method", {"type": "supervised", "supervised": []}),
        ("method", {"type": "supervised", "supervised": {"hyperparameters": 3}}),
        ("method", method(n_epochs=0)),
        ("method", method(n_epochs=51)),
        ("method", method(n_epochs=True)),
        ("method", method(n_epochs=1.0)),
        ("method", method(batch_size=257)),
        ("method", method(batch_size="automatic")),
        ("method", method(learning_rate_multiplier=0)),
        ("method", method(beta=0.1)),
        ("method", method("dpo", beta=0)),
        ("method", method("dpo", beta=2.01)),
        ("method", method(rank=0)),
        ("method", method(dropout=1)),
        ("method", method(full="yes")),
        ("method", method(warmup=1)),
        ("hyperparameters", [1]),
        ("seed", -1),
        ("seed", 2**31),
        ("seed", 1.5),
        ("seed", True),
        ("suffix", ""),
        ("suffix", "x" * 65),
        ("suffix", 3),
        ("validation_file", 3),
        ("metadata", []),
        ("metadata", {"a": 1}),
        ("metadata", {"a" * 65: "b"}),
        ("metadata", {"": "b"}),
        ("metadata", {"a": "b" * 513}),
        ("metadata", {str(number): "" for number in range(17)}),
        ("integrations", {}),
        ("integrations", [{"type": "other"}]),
        ("integrations", [{"type": "wandb"}]),
        ("integrations", [{"type": "wandb", "wandb": {}}]),
        ("integrations", [{"type": "wandb", "wandb": {"project": "p", "tags": ["x" * 65]}}]),
        ("integrations", [{"type": "wandb", "wandb": {"project": "p", "tags": ["x"] * 51}}]),
        ("integrations", [{"type": "wandb", "wandb": {"project": "p", "key": "x"}}]),
        ("trainingType", "Standard"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(key, value):
    assert refused(**{key: value}).startswith(key)


whole = st.integers()
number = st.floats(allow_nan=False, allow_infinity=False) | whole


@given(batch=whole, epochs=whole, rate=number, beta=number, seed=whole)
def test_the_ranges_are_openais(batch, epochs, rate, beta, seed):
    asked = PLAIN | {
        "seed": seed,
        "method": method(
            "dpo", batch_size=batch, n_epochs=epochs, learning_rate_multiplier=rate, beta=beta
        ),
    }
    allowed = (
        1 <= batch <= 256
        and 1 <= epochs <= 50
        and 0 < rate <= 1e6
        and 0 < beta <= 2
        and 0 <= seed <= 2**31 - 1
    )
    job = None
    with contextlib.suppress(ApiError):
        job = read_job_request(asked)
    assert (job is not None) == allowed
    assert job is None or job.hyperparameters["beta"] == beta


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)
KEYS = (
    "model",
    "training_file",
    "validation_file",
    "suffix",
    "seed",
    "method",
    "hyperparameters",
    "integrations",
    "metadata",
    "other",
)


@given(st.dictionaries(st.sampled_from(KEYS), json_values))
def test_nothing_but_a_refusal_comes_of_nonsense(body):
    statuses = []
    try:
        read_job_request(body)
    except ApiError as error:
        statuses.append(error.status)
    assert statuses in ([], [400])


@given(st.text(min_size=1, max_size=64))
def test_a_suffix_in_a_name_means_nothing_there(suffix):
    name = suffix_in_name(suffix)
    assert not set(name) & set(':/\\ "%?#')
