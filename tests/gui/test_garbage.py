"""The collector of garbage: only in the thread of the window, and in time."""

import gc
import threading
import weakref

from PySide6.QtWidgets import QWidget


class Knot(QWidget):
    """A widget in a circle of references, as closed dialogs are."""

    def __init__(self) -> None:
        super().__init__()
        self.circle = self


def allocate():
    """More objects than it takes to set the collector off."""
    return [[number] for number in range(20 * gc.get_threshold()[0])]


def test_a_thread_collects_no_widget(qapp, garbage):
    gc.collect()
    knot = weakref.ref(Knot())
    thread = threading.Thread(target=allocate)
    thread.start()
    thread.join()
    assert knot() is not None
    kept = allocate()
    garbage.look()
    assert knot() is None
    assert kept
