import itertools

import numpy as np
import pytest

from tunedesk.fine_tuning.chart_ink import chart_ink
from tunedesk.fine_tuning.charted_run import RUN_COLORS

# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB.
SIGHTS = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = np.array([0.9505, 1.0, 1.089])


def linear(color: str) -> np.ndarray:
    share = np.array([int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def lab(color: str, sight: str) -> np.ndarray:
    """The colour as it is seen, in CIELAB."""
    seen = np.clip(SIGHTS[sight] @ linear(color), 0, 1)
    part = (TO_XYZ @ seen) / WHITE
    root = np.where(part > 0.008856, np.cbrt(part), 7.787 * part + 16 / 116)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


def apart(one: str, other: str, sight: str) -> float:
    return float(np.linalg.norm(lab(one, sight) - lab(other, sight)))


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_tells_training_from_validation_and_both_from_the_ground(scheme, sight):
    ink = chart_ink(scheme)
    blue, orange, ground = ink["run_1"], ink["validation_curve"], ink["surface"]
    assert apart(blue, orange, sight) > 40
    assert apart(blue, ground, sight) > 40
    assert apart(orange, ground, sight) > 40


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_tells_the_runs_apart(scheme, sight):
    """A distance of 10 in CIELAB is seen at a glance; marks and names say the rest."""
    ink = chart_ink(scheme)
    runs = [ink[f"run_{number}"] for number in range(1, RUN_COLORS + 1)]
    close = {
        (runs.index(one) + 1, runs.index(other) + 1): round(apart(one, other, sight))
        for one, other in itertools.combinations(runs, 2)
        if apart(one, other, sight) < 10
    }
    assert close == {}
