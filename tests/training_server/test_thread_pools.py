"""Each kind of work has threads of its own, and what never ends is ended."""

import asyncio
import threading
import time

import pytest

from tunedesk.training_server.thread_pools import ThreadPool, call_within, run


def test_as_many_as_it_may_have_work_at_once():
    pool = ThreadPool("test", 3)
    gate = threading.Barrier(3)
    names = {pool.submit(lambda: (gate.wait(10), threading.current_thread())[1]) for _ in range(3)}
    threads = {each.result(10) for each in names}
    assert len(threads) == 3
    assert all(thread.daemon for thread in threads)
    blocked, let_go = threading.Event(), threading.Event()
    held = [pool.submit(lambda: (blocked.set(), let_go.wait(10))) for _ in range(3)]
    fourth = pool.submit(int, "4")
    assert blocked.wait(10)
    assert not fourth.done()
    assert pool.is_busy
    let_go.set()
    assert fourth.result(10) == 4
    assert all(each.result(10) for each in held)


def test_one_pool_does_not_wait_for_another():
    slow, quick = ThreadPool("slow", 1), ThreadPool("quick", 1)
    let_go = threading.Event()
    slow.submit(let_go.wait, 20)
    assert asyncio.run(run(quick, str, 5)) == "5"
    with pytest.raises(ValueError, match="invalid literal"):
        asyncio.run(run(quick, int, "x"))
    let_go.set()


def test_a_thread_is_used_again(monkeypatch):
    monkeypatch.setattr("tunedesk.training_server.thread_pools._IDLE_SECONDS", 0.5)
    pool = ThreadPool("test", 8)
    threads = {pool.submit(threading.get_ident).result(10)}
    for _number in range(20):
        while pool.is_busy:
            time.sleep(0.001)
        threads.add(pool.submit(threading.get_ident).result(10))
    assert len(threads) == 1


def test_what_never_ends_is_ended():
    def forever():
        while True:
            try:
                while True:
                    pass
            except Exception:
                continue

    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        call_within(0.2, forever)
    assert time.monotonic() - begun < 5


def test_what_ends_in_time_is_left_alone():
    assert call_within(5, sorted, [2, 1]) == [1, 2]
    with pytest.raises(ZeroDivisionError):
        call_within(5, lambda: 1 / 0)
    for _number in range(100):
        # Around the moment at which it is interrupted.
        try:
            call_within(0.002, time.sleep, 0.002)
        except TimeoutError:
            continue
