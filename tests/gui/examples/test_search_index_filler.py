"""The search index is filled in idle time, behind whoever moves about in the window."""

import math

import pytest

from tunedesk.errors import Cancelled
from tunedesk.gui.examples.search_index_filler import Pause, fill
from tunedesk.project.search import filled_to


@pytest.fixture
def endless():
    pause = Pause()
    pause.start()
    assert pause.lasts
    pause._until = math.inf
    return pause


def test_nothing_is_filled_while_the_user_moves_about(project, add, endless):
    add("One?", "Two?")
    looks = []

    def cancel_at_the_third(done, total):
        looks.append(done)
        if len(looks) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        fill(project, endless, cancel_at_the_third)
    assert filled_to(project.context.store) == 0


def test_it_goes_on_when_it_is_quiet(project, add, endless):
    add("One?", "Two?")

    def end_the_pause(done, total):
        endless._until = 0.0

    fill(project, endless, end_the_pause)
    assert filled_to(project.context.store) == 2
