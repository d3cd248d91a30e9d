"""How the command line tells of jobs: a line for people, or an object a line for scripts."""

import datetime
import json
from collections.abc import Iterable
from typing import Any

from tunedesk.fine_tuning.job_reading import JobState
from tunedesk.fine_tuning.plain_errors import why_it_failed
from tunedesk.project.run_records import Metric, Run, RunError, RunEvent


def print_event(event: RunEvent, as_json: bool) -> None:
    """Print a line of a job's log."""
    if as_json:
        line = {"event": event.id, "time": event.time / 1000, "level": event.level}
        _print_object({**line, "message": event.message, "data": dict(event.data)})
    else:
        mark = "" if event.level == "info" else f"{event.level}: "
        print(f"{_clock(event.time)}  {mark}{event.message}", flush=True)


def print_run(run: Run, as_json: bool) -> None:
    """Print how a run stands."""
    if as_json:
        _print_object(
            {
                "run": run.id,
                "key": run.key,
                "job": run.job_id,
                "name": run.name,
                "provider": run.provider,
                "base_model": run.base_model,
                "stage": run.stage,
                "status": run.status,
                "step": run.step,
                "total_steps": run.total_steps,
                "fine_tuned_model": run.fine_tuned_model or None,
                "trained_tokens": run.trained_tokens,
                "training_examples": run.training.examples if run.training else None,
                "validation_examples": run.validation.examples if run.validation else 0,
                "error": {"code": run.error.code, "message": run.error.message}
                if run.error
                else None,
            }
        )
        return
    print(f"{run.name}: {run.status or run.stage}, job {run.job_id or '(none yet)'}")
    if run.fine_tuned_model:
        print(f"  model: {run.fine_tuned_model}")
    if run.error:
        _print_error(run.error, run.provider)


def print_job(state: JobState, provider_name: str, as_json: bool) -> None:
    """Print a job as its service tells of it."""
    if as_json:
        _print_object(
            {
                "job": state.id,
                "status": state.status,
                "model": state.model,
                "fine_tuned_model": state.fine_tuned_model or None,
                "created_at": None if state.created_at is None else state.created_at / 1000,
                "finished_at": None if state.finished_at is None else state.finished_at / 1000,
                "trained_tokens": state.trained_tokens,
                "method": state.method,
                "hyperparameters": state.hyperparameters,
                "metadata": state.metadata,
                "error": {"code": state.error.code, "message": state.error.message}
                if state.error
                else None,
            }
        )
        return
    made = "" if state.created_at is None else f"{_day(state.created_at)}  "
    tuned = f"  {state.fine_tuned_model}" if state.fine_tuned_model else ""
    print(f"{state.id}  {made}{state.status:<16}  {state.model}{tuned}")
    if state.error and state.status == "failed":
        _print_error(state.error, provider_name)


def print_metrics(metrics: Iterable[Metric], as_json: bool) -> None:
    """Print the figures of the steps, as a table separated by tabs or an object a line."""
    names = [name for name in Metric._fields if name != "time"]
    if not as_json:
        print("\t".join(names))
    for metric in metrics:
        values: dict[str, Any] = {name: getattr(metric, name) for name in names}
        if as_json:
            _print_object({name: value for name, value in values.items() if value is not None})
        else:
            print("\t".join("" if value is None else f"{value:g}" for value in values.values()))


def _print_error(error: RunError, provider_name: str) -> None:
    why = why_it_failed(error, provider_name)
    print(f"  {' '.join(part for part in (why.sentence, why.advice) if part)}")
    if error.message and error.message not in (why.sentence, why.advice):
        print(f"  {error.message}")


def _print_object(value: dict[str, Any]) -> None:
    print(json.dumps(value, ensure_ascii=False), flush=True)


def _clock(time: int) -> str:
    return datetime.datetime.fromtimestamp(time / 1000).strftime("%H:%M:%S")


def _day(time: int) -> str:
    return datetime.datetime.fromtimestamp(time / 1000).strftime("%Y-%m-%d %H:%M")
