"""`python -m tunedesk.training_server.as_trained_process --data-dir DIR [--models DIR]`.

The process beside the window that shows examples as a base model is trained on them
(`training/as_trained.py`): a line of JSON comes in for each question, one goes out for each answer.
It loads no weights and no torch, and ends with its standard input.
"""

import json
import os
import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from tunedesk.training_server.job_folder import STARTER
from tunedesk.training_server.jobs.validation_process import do_without_torch
from tunedesk.training_server.models import BaseModels
from tunedesk.training_server.settings import ServerSettings
from tunedesk.training_server.thread_pools import call_within

_SECONDS = 10.0


def answer(request: Mapping[str, Any], models: BaseModels) -> dict[str, Any]:
    """What is said to a question.

    Args:
        request: {"model": its name, "text": the example, as in its file}, or {} for the models.
        models: The base models of this computer.

    Returns:
        {"models": their names}, {"example": an `ExampleAsTrained`, as a dict} or {"refused": why}.
    """
    from tunedesk.training_server.training.as_trained import as_trained, example_reader
    from tunedesk.training_server.training.failures import JobFailedError
    from tunedesk.training_server.training.sequences import REFUSALS

    if "text" not in request:
        return {"models": [model.name for model in models.list()]}
    model = models.find(str(request["model"]))
    if model is None or not model.ref:
        return {"refused": f"The model {request['model']} is not on this computer."}
    try:
        record, reader = json.loads(request["text"]), example_reader(model.ref)
        # A template is a stranger's program: it may never end.
        made = asdict(call_within(_SECONDS, as_trained, record, reader))
    except TimeoutError:
        return {"refused": "The chat template of the model takes too long for the example."}
    except JobFailedError as error:
        return {"refused": error.message}
    except REFUSALS as error:
        said = " ".join(str(error).split())[:300]
        return {"refused": f"The chat template of the model refuses the example: {said}"}
    if model.ref == STARTER:
        for text in made["texts"]:
            text.update(ends=[], learnt=[], special=[])
    return {"example": made}


def serve(questions: TextIO, answers: TextIO, models: BaseModels) -> None:
    """Answer questions until there are no more."""
    for line in questions:
        request = json.loads(line)
        said = {"number": request.get("number"), **answer(request, models)}
        answers.write(json.dumps(said) + "\n")
        answers.flush()


def main(arguments: Sequence[str]) -> int:
    """Answer what comes from the standard input; returns the exit status."""
    parser = ArgumentParser(prog="python -m tunedesk.training_server.as_trained_process")
    parser.add_argument("--data-dir", type=Path, required=True, help="the server's folder")
    parser.add_argument("--models", type=Path, help="a folder with model folders")
    options = parser.parse_args(arguments)
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    do_without_torch()
    settings = ServerSettings(options.data_dir, "", models_dir=options.models)
    # What libraries print must not stand among the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    with open(sys.stdin.fileno(), encoding="utf-8", closefd=False) as questions:
        serve(questions, answers, BaseModels(settings, 0))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
