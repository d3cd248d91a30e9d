"""Samples for the rules: `samples/FAMILY.jsonl` gives the code, place and severity of each."""

import json
from pathlib import Path

import pytest
from hypothesis import settings

# The first example of a test may load a vocabulary, and machines that test are busy.
settings.register_profile("checks", deadline=None)
settings.load_profile("checks")

SAMPLES = Path(__file__).parent / "samples"


def load_samples(family):
    lines = (SAMPLES / f"{family}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def sample_text(sample):
    """The exact bytes of a sample's record."""
    if "text" in sample:
        return sample["text"].encode()
    return json.dumps(sample["record"], ensure_ascii=False).encode()


def pytest_generate_tests(metafunc):
    """Give `fault` each sample of the families that the module names in FAMILIES."""
    if "fault" in metafunc.fixturenames and hasattr(metafunc.module, "FAMILIES"):
        faults = [fault for family in metafunc.module.FAMILIES for fault in load_samples(family)]
        names = [f"{number}-{fault.get('code', '')}" for number, fault in enumerate(faults)]
        metafunc.parametrize("fault", faults, ids=names)


@pytest.fixture
def fault_text(fault):
    return sample_text(fault)


@pytest.fixture(scope="session")
def all_faults():
    """Every sample of a fault with its exact bytes."""
    families = sorted(path.stem for path in SAMPLES.glob("*.jsonl") if path.stem != "good")
    return [(fault, sample_text(fault)) for family in families for fault in load_samples(family)]
