"""The results of a job as OpenAI's CSV."""

import csv
import io
from collections.abc import Iterable
from typing import Any

COLUMNS = {
    "step": "step",
    "train_loss": "train_loss",
    "train_accuracy": "train_mean_token_accuracy",
    "valid_loss": "valid_loss",
    "valid_mean_token_accuracy": "valid_mean_token_accuracy",
}
"""The columns of OpenAI's guide, and the figures of the events that they hold."""


def results_csv(steps: Iterable[dict[str, Any]]) -> bytes:
    """The figures of all steps; a figure that a step has not is left blank."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for figures in steps:
        writer.writerow([figures.get(name, "") for name in COLUMNS.values()])
    return text.getvalue().encode()
