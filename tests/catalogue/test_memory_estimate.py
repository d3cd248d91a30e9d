"""Whether a model can be trained on a computer."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tunedesk.catalogue.memory_estimate import (
    Machine,
    ModelSize,
    training_need,
    why_it_does_not_fit,
)
from tunedesk.catalogue.models import Catalogue

SMOL_135M = ModelSize(134_515_008, 30, 576, 1536, 49_152)
SMOL_360M = ModelSize(361_821_120, 32, 960, 2560, 49_152)
QWEN_600M = ModelSize(596_049_920, 28, 1024, 3072, 151_936)

sizes = some.builds(
    ModelSize,
    parameters=some.integers(10**6, 10**11),
    layers=some.integers(1, 100),
    width=some.integers(64, 10_000),
    inner_width=some.integers(64, 40_000),
    vocabulary=some.integers(256, 300_000),
)
devices = some.sampled_from(["cpu", "cuda", "mps"])


@pytest.mark.parametrize(
    ("size", "full", "tokens", "seen"),
    [
        (SMOL_135M, False, 128, 1.69),
        (SMOL_135M, False, 1024, 5.54),
        (SMOL_135M, False, 2048, 9.91),
        (SMOL_135M, True, 128, 2.94),
        (SMOL_135M, True, 1024, 5.19),
        (SMOL_360M, False, 1024, 9.01),
        (QWEN_600M, False, 256, 5.32),
        (QWEN_600M, True, 64, 11.04),
    ],
)
def test_the_estimates_are_near_what_was_seen(size, full, tokens, seen):
    """Gigabytes that a training process of this server had at its most, on 2026-11-24."""
    estimate = training_need(size, "cpu", full=full, tokens=tokens).memory / 1e9
    assert estimate == pytest.approx(seen, rel=0.2)


@given(size=sizes, device=devices, tokens=some.integers(1, 100_000), pairs=some.booleans())
def test_more_of_anything_needs_no_less(size, device, tokens, pairs):
    lora = training_need(size, device, pairs=pairs, tokens=tokens)
    full = training_need(size, device, pairs=pairs, tokens=tokens, full=True)
    assert full.disk > lora.disk
    assert lora.memory > size.parameters * 2
    assert full.memory > size.parameters * 16
    longer = training_need(size, device, pairs=pairs, tokens=tokens * 2)
    assert longer.memory > lora.memory
    assert training_need(size, device, pairs=True, tokens=tokens).memory >= lora.memory
    fetched = training_need(size, device, pairs=pairs, tokens=tokens, download=10**9)
    assert fetched.disk == lora.disk + 10**9


def machine(memory_total=8e9, memory_free=6e9, disk_free=100e9):
    return Machine("cpu", "this computer", int(memory_total), int(memory_free), int(disk_free))


@given(size=sizes, tokens=some.integers(1, 10_000), full=some.booleans())
def test_a_reason_is_given_exactly_where_something_is_short(size, tokens, full):
    need = training_need(size, "cpu", full=full, tokens=tokens)
    enough = machine(need.memory, need.memory, need.disk)
    assert why_it_does_not_fit(need, enough, full=full) is None
    for short in (
        machine(need.memory, need.memory, need.disk - 1),
        machine(need.memory, need.memory - 1, need.disk),
        machine(need.memory - 1, need.memory - 1, need.disk),
    ):
        assert why_it_does_not_fit(need, short, full=full)


def test_the_reason_says_what_to_do():
    need = training_need(QWEN_600M, "cpu", full=True)
    assert why_it_does_not_fit(need, machine(), full=True) == (
        "This training needs about 12.8 GB of memory, and this computer has 8.0 GB. Take a "
        "smaller base model, or LoRA instead of all weights."
    )
    need = training_need(QWEN_600M, "cpu", tokens=256)
    assert why_it_does_not_fit(need, machine(memory_free=4e9), full=False) == (
        "This training needs about 5.3 GB of memory, and this computer has 4.0 GB free at the "
        "moment (of 8.0 GB). Close other programs, or take a smaller base model."
    )
    assert "make the longest examples shorter" in why_it_does_not_fit(
        need, machine(memory_total=4e9, memory_free=4e9), full=False
    )
    assert why_it_does_not_fit(need, machine(disk_free=1e8), full=False) == (
        "The disk has 0.1 GB left, and this training needs about 0.5 GB. Make room on it, or "
        "take a smaller base model."
    )


def test_the_catalogue_names_models_for_small_computers_and_for_large_ones():
    needs = [training_need(m.size, "cpu", tokens=256).memory for m in Catalogue.load().local_models]
    assert needs[0] < 2e9
    assert sum(need < 8e9 for need in needs) >= 5
    assert max(needs) < 32e9
