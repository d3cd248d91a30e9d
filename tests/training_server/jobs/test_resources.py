"""What a job needs, and which row of its files decides."""

import json

import pytest

from tunedesk.training_server.job_folder import STARTER
from tunedesk.training_server.jobs.resources import job_need, largest_row


@pytest.mark.parametrize(
    ("training", "validation", "decides"),
    [
        ((50, 3), (20_000, 2), "Line 2 of the validation file decides: 20,000 tokens."),
        ((900, 3), (40, 2), "Line 3 of the training file decides: 900 tokens."),
        ((900, 3), None, "Line 3 of the training file decides: 900 tokens."),
    ],
)
def test_the_longest_row_of_both_files_counts(
    tmp_path, make_job, twelve, training, validation, decides
):
    folder = make_job(tmp_path / "job", twelve, twelve[:2], base_model=STARTER)
    files = {"training": training, "validation": validation or (0, 0)}
    counted = {
        word: {"longest": tokens, "longest_line": line} for word, (tokens, line) in files.items()
    }
    folder.tokens_summary.write_text(json.dumps({"files": counted}), encoding="utf-8")
    spec = folder.read_spec()
    assert largest_row(spec, folder, "cpu") == decides
    alone = job_need(spec, folder, "cpu", measures=False)
    assert (job_need(spec, folder, "cpu").memory > alone.memory) == ("validation" in decides)
