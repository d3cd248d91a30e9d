"""Losses and accuracies as people read them."""

import math


def loss_words(value: float) -> str:
    """A loss: two decimals, more where it is small ("1.12", "0.034")."""
    if not math.isfinite(value):
        return "∞" if value > 0 else "–"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.2g}"


def accuracy_words(value: float) -> str:
    """An accuracy of 0 to 1: "87 %", with a decimal near the ends."""
    percent = value * 100
    return f"{percent:.1f} %" if percent > 99 or 0 < percent < 1 else f"{percent:.0f} %"
