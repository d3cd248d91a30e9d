"""Garbage is collected in the GUI thread, however much the threads of the background make."""

import gc
import threading
import weakref

import pytest

from tunedesk.gui.garbage import GarbageInGui


class _Cycle:
    """Something that only the collector takes away; it notes in which thread."""

    ended_in: list[threading.Thread] = []  # noqa: RUF012  emptied by the fixture

    def __init__(self):
        self.me = self

    def __del__(self):
        self.ended_in.append(threading.current_thread())


@pytest.fixture
def garbage(qapp):
    _Cycle.ended_in.clear()
    gc.enable()
    garbage = GarbageInGui()
    yield garbage
    garbage.close()
    assert gc.isenabled()


def test_cycles_end_in_the_gui_thread(garbage, background, qtbot):
    watched = weakref.ref(_Cycle())

    def work():
        # What stays alive is what the automatic collector counts.
        return [[[]] for _number in range(100_000)]

    kept = []
    background.run(work, on_result=kept.append)
    qtbot.waitUntil(lambda: watched() is None)
    assert _Cycle.ended_in == [threading.current_thread()]
