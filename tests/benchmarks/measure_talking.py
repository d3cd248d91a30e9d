"""The time to the first streamed token, and pages of the events of a job that has very many.

`measure_talking.py MODELS DATA EVENTS TIMES` prints both in seconds.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import openai
from benchmark_server import running_server

from tunedesk.training_server.store.job_store import NewJob
from tunedesk.training_server.store.stores import Stores


def write_events(data: Path, count: int) -> str:
    """A job with so many events, as a long training leaves them; its id."""
    data.mkdir(parents=True)
    stores = Stores.open(data)
    new = NewJob("benchmark", "supervised", {}, None, 1, None, None, "file-none", None)
    with stores.database.writing():
        job = stores.jobs.add(new, "ft:benchmark:local::events01")
        for step in range(1, count + 1):
            figures = {"step": step, "total_steps": count, "train_loss": 1 / step}
            text = f"Step {step}/{count}: training loss={1 / step:.2f}"
            stores.events.add(job.id, text, data=figures, once=f"step:{step}")
        stores.jobs.move(job.id, ("validating_files",), "cancelled")
    stores.database.close()
    return job.id


def first_token(client: openai.OpenAI) -> float:
    """Seconds until the first text of an answer is there.

    The weights are random: now and then the answer ends before it has a text, and is asked again.
    """
    for _attempt in range(20):
        began = time.perf_counter()
        with client.chat.completions.create(
            model="benchmark",
            messages=[{"role": "user", "content": "Which clause deals with the deposit?"}],
            stream=True,
            max_tokens=8,
        ) as stream:
            for chunk in stream:
                if chunk.choices and chunk.choices[0].delta.content:
                    return time.perf_counter() - began
    raise RuntimeError("No text came.")


def timed(work: Callable[[], object]) -> float:
    """Seconds that a work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    """Measure."""
    models, data = Path(sys.argv[1]), Path(sys.argv[2])
    count, times = int(sys.argv[3]), int(sys.argv[4])
    job_id = write_events(data, count)
    with running_server(data, models) as (client, _pid):
        listing = client.fine_tuning.jobs.list_events
        cold = first_token(client)
        warm = [first_token(client) for _time in range(times)]
        newest = [timed(lambda: listing(job_id, limit=100)) for _time in range(times)]
        page = listing(job_id, limit=1000)
        pages = 1
        began = time.perf_counter()
        deep = []
        while page.has_next_page() and len(deep) < 10 * times:
            page_began = time.perf_counter()
            page = page.get_next_page()
            deep.append(time.perf_counter() - page_began)
            pages += 1
        whole = time.perf_counter() - began
    found = {
        "cold": cold,
        "warm": statistics.median(warm),
        "newest": statistics.median(newest),
        "deep": deep[-1] if deep else 0.0,
        "pages": pages,
        "whole": whole,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
