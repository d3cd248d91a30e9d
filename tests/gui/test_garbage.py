"""Cycles are collected in the GUI thread, whatever other threads make."""

import gc
import threading
import weakref

from PySide6.QtCore import QObject, QTimer

from tunedesk.gui.garbage import GarbageCollection


class Knot(QObject):
    """Holds itself, and a timer that Qt serves."""

    def __init__(self, died_in):
        super().__init__()
        self.myself = self
        self.timer = QTimer(self)
        self.timer.start(1)
        weakref.finalize(self, lambda: died_in.append(threading.current_thread()))


def test_qt_objects_in_cycles_die_in_their_own_thread(qtbot):
    collection = GarbageCollection()
    died_in = []
    for _number in range(50):
        Knot(died_in)
    made = []
    thread = threading.Thread(target=lambda: made.extend([] for _number in range(200_000)))
    thread.start()
    thread.join()
    assert died_in == []
    qtbot.waitUntil(lambda: len(died_in) == 50)
    collection.close()
    assert set(died_in) == {threading.main_thread()}
    assert made


def test_the_collector_is_given_back():
    assert gc.isenabled()
    collection = GarbageCollection()
    assert not gc.isenabled()
    collection.close()
    assert gc.isenabled()
