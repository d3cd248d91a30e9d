"""The figures of runs as CSV, with the names that OpenAI's result files use."""

import csv
import io
import math
from collections.abc import Sequence

from tunedesk.fine_tuning.charted_run import ChartedRun

COLUMNS = {
    "train_loss": "train_loss",
    "train_mean_token_accuracy": "train_accuracy",
    "valid_loss": "valid_loss",
    "valid_mean_token_accuracy": "valid_accuracy",
    "full_valid_loss": "full_valid_loss",
    "full_valid_mean_token_accuracy": "full_valid_accuracy",
}
"""The names of the columns, and of the curves that they hold."""


def curves_csv(runs: Sequence[ChartedRun]) -> str:
    """All figures as they were measured, one step a line; the run first where there are several."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    several = len(runs) > 1
    writer.writerow([*(["run"] if several else []), "step", *COLUMNS])
    for run in runs:
        columns = [getattr(run.curves, name).tolist() for name in COLUMNS.values()]
        for step, *figures in zip(run.curves.steps.tolist(), *columns, strict=True):
            cells = ["" if math.isnan(figure) else repr(figure) for figure in figures]
            writer.writerow([*([run.name] if several else []), step, *cells])
    return text.getvalue()
