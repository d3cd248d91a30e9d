"""Preference pairs, prompts with completions, and several processes, all through the API."""

import json
import time

import psutil
from tests.training_server.conftest import chat_lines, told, upload, wait_for

QUICK = {"n_epochs": 2, "batch_size": 10}


def lines(records):
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def test_preference_pairs_are_trained_on(client):
    pairs = [
        {
            "input": {"messages": [{"role": "user", "content": f"Question {number}?"}]},
            "preferred_output": [{"role": "assistant", "content": "Gladly."}],
            "non_preferred_output": [{"role": "assistant", "content": "No."}],
        }
        for number in range(10)
    ]
    method = {"type": "dpo", "dpo": {"hyperparameters": {**QUICK, "beta": 0.2}}}
    job = client.fine_tuning.jobs.create(
        model="tunedesk-starter", training_file=upload(client, lines(pairs)), method=method
    )
    assert job.method.dpo.hyperparameters.learning_rate_multiplier == "auto"
    job = wait_for(client, job.id, "succeeded", seconds=300)
    assert job.method.dpo.hyperparameters.beta == 0.2
    assert job.method.dpo.hyperparameters.learning_rate_multiplier == 1
    assert client.models.retrieve(job.fine_tuned_model)


def test_prompts_with_completions_are_trained_on(client):
    records = [{"prompt": f"{n} and 1 is", "completion": f" {n + 1}"} for n in range(10)]
    job = client.fine_tuning.jobs.create(
        model="tunedesk-starter",
        training_file=upload(client, lines(records)),
        hyperparameters=QUICK,
    )
    job = wait_for(client, job.id, "succeeded", seconds=300)
    answer = client.completions.create(
        model=job.fine_tuned_model, prompt="1 and 1 is", max_tokens=3
    )
    assert answer.choices[0].finish_reason in ("stop", "length")


def test_a_configuration_is_launched_by_accelerate(own_server, tmp_path):
    config = tmp_path / "one.yaml"
    config.write_text(
        "compute_environment: LOCAL_MACHINE\ndistributed_type: 'NO'\nuse_cpu: true\n"
        "num_machines: 1\nmachine_rank: 0\nnum_processes: 1\nmixed_precision: 'no'\n"
    )
    own_server.options = ("--accelerate-config", str(config))
    client = own_server.start()
    job = client.fine_tuning.jobs.create(
        model="tunedesk-starter",
        training_file=upload(client, chat_lines(10)),
        hyperparameters=QUICK,
    )
    commands, end = [], time.monotonic() + 100
    while len(commands) < 2 and time.monotonic() < end:
        commands = []
        for process in own_server.trainers():
            try:
                commands.append(process.cmdline())
            except (psutil.Error, OSError):
                continue
    launcher, trainer = sorted(commands, key=len, reverse=True)
    assert launcher[1:5] == ["-m", "accelerate.commands.launch", "--config_file", str(config)]
    assert "tunedesk.training_server.training.run" in trainer
    job = wait_for(client, job.id, "succeeded", seconds=300)
    assert "Training on the processor (CPU)." in [event.message for event in told(client, job.id)]


def test_two_processes_train_together(own_server, tmp_path):
    config = tmp_path / "two.yaml"
    config.write_text("use_cpu: true\nnum_processes: 2\ndistributed_type: MULTI_CPU\n")
    own_server.options = ("--accelerate-config", str(config))
    client = own_server.start()
    job = client.fine_tuning.jobs.create(
        model="tunedesk-starter",
        training_file=upload(client, chat_lines(10)),
        hyperparameters=QUICK,
    )
    ranks = set()
    end = time.monotonic() + 200
    while len(ranks) < 2 and time.monotonic() < end:
        for process in own_server.trainers():
            try:
                ranks.add(process.environ().get("RANK"))
            except (psutil.Error, OSError):
                continue
        ranks.discard(None)
    assert ranks == {"0", "1"}
    job = wait_for(client, job.id, "succeeded", seconds=300)
    steps = [event.data["step"] for event in told(client, job.id) if event.type == "metrics"]
    assert steps == [1, 2]
