"""What the command that tries settings computes beside the training itself."""

import json
from dataclasses import asdict

import pytest
import torch
from tests.benchmarks.training_settings import Setting, Source, answer_ends, split, table
from transformers import get_linear_schedule_with_warmup

USUAL = Setting(2.5, 3, 1, 16, 0.05, 0.0, 16)


@pytest.mark.parametrize("warm_up", [0.0, 0.05, 0.5])
def test_the_rate_is_that_of_the_servers_schedule(warm_up):
    setting, steps = Setting(1.0, 1, 1, 16, warm_up, 0.0, 16), 40
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = get_linear_schedule_with_warmup(optimizer, int(warm_up * steps), steps)
    for step in range(steps):
        assert setting.share_of_rate(step, steps) == pytest.approx(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()


def test_answers_are_told_apart():
    assert answer_ends({"labels": [-100, -100, 5, 6, -100, 7, 8, 9, -100, 4]}) == [2, 5]
    assert answer_ends({"labels": [-100, 5, 6]}) == []


def test_what_is_held_back_is_the_same_for_each_size_and_never_learnt():
    examples = [[{"number": n}] for n in range(50)]
    few, held = split(examples, 1, 10, 60)
    every, same = split(examples, 1, None, 60)
    assert held == same
    assert few == every[:10]
    assert len(every) == 40
    assert sorted(row["number"] for row in every + held) == list(range(50))
    assert split(examples, 2, None, 60)[1] != held


def test_columns_make_an_example_and_lists_are_read(tmp_path):
    file = tmp_path / "kinds.json"
    file.write_text(json.dumps([{"what": "A whale?", "kind": "animal"}]), encoding="utf-8")
    source = Source.read(f"{file},what,kind")
    assert source.name == "kinds (kind)"
    (example,) = source.records()
    assert [message["content"] for message in example["messages"]] == ["A whale?", "animal"]


def lines(seed, losses, epochs=3):
    for epoch, loss in enumerate(losses, 1):
        figures = {"loss": loss, "right": loss / 10, "exact": 0.5}
        before = {"loss": 4.0, "right": 0.1, "exact": 0.0}
        about = {"set": "sample", "rows": 36, "seed": seed, "epoch": epoch, "before": before}
        yield about | asdict(USUAL) | {"epochs": epochs, "cpu_seconds": 20.0} | figures


def test_a_row_is_the_mean_of_the_seeds_each_at_its_best_epoch():
    rows = list(table([*lines(1, [3.0, 2.0, 2.5]), *lines(2, [2.2, 2.4, 2.9])]))
    assert len(rows) == 3
    assert rows[2] == (
        "| sample | 36 | 2.5 | 3 | 1 | 16 | 0.05 | 0 | 16 | 2 | 4.000 | 2.100 | 2, 1 | 2.700 | "
        "10.0% | 21.0% | 0.0% | 50.0% | 20 |"
    )


def test_a_training_that_was_broken_off_is_no_row():
    assert len(list(table(lines(1, [3.0, 2.0])))) == 2
