"""The pool keeps the order, reads little ahead, and leaves no process behind."""

import multiprocessing
import operator
import re
import subprocess
import sys
import threading
from functools import partial

import pytest

from tunedesk.errors import Cancelled
from tunedesk.workers import WorkerPool


def test_results_come_in_the_order_of_the_jobs():
    with WorkerPool(2) as pool:
        assert list(pool.map_ordered(operator.neg, range(50))) == [-n for n in range(50)]
    assert not multiprocessing.active_children()


def test_jobs_are_read_only_a_little_ahead():
    read = []

    def jobs():
        for number in range(100):
            read.append(number)
            yield number

    with WorkerPool(1) as pool:
        results = pool.map_ordered(operator.neg, jobs(), ahead=4)
        assert next(results) == 0
        assert len(read) == 4
        results.close()


def test_an_error_of_a_job_reaches_the_caller():
    with WorkerPool(1) as pool, pytest.raises(ZeroDivisionError):
        list(pool.map_ordered(partial(operator.truediv, 1), [1, 0]))


def test_closing_twice_does_no_harm():
    pool = WorkerPool(1)
    pool.close()
    pool.close()


def test_a_job_that_never_ends_can_be_killed():
    with WorkerPool(1) as pool:
        assert next(pool.map_ordered(operator.neg, [1])) == -1
        timer = threading.Timer(0.2, pool.kill)
        timer.start()
        with pytest.raises(Cancelled):
            list(pool.map_ordered(partial(re.search, "(a+)+$"), ["a" * 60 + "!"]))
        timer.join()
        assert list(pool.map_ordered(operator.neg, [1, 2])) == [-1, -2]


PROGRAM = """
import operator, os, sys
from tunedesk.workers import WorkerPool
if __name__ == "__main__":
    pool = WorkerPool(1)
    print(*pool.map_ordered(operator.call, [os.getpid]), flush=True)
    sys.stdin.read()
"""


def test_workers_end_when_the_program_is_killed(tmp_path):
    script = tmp_path / "program.py"
    script.write_text(PROGRAM, encoding="utf-8")
    program = subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    worker = int(program.stdout.readline())
    assert worker != program.pid
    program.kill()
    # The worker holds the same pipe: it closes when the worker has ended too.
    program.communicate(timeout=30)
