"""Checks the text of the open example in the background, the latest text first."""

import threading
from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QObject, Signal

from tunedesk.checks.checker import Checker
from tunedesk.checks.facts import Facts, unchecked
from tunedesk.examples.kinds.kind import preview_line
from tunedesk.gui.background import Background

LOAD_AFTER_MS = 250


class Checked(NamedTuple):
    """What the checks say of one revision of the text.

    Attributes:
        revision: Which one.
        text: The text that was checked.
        facts: Its facts and problems.
        message_tokens: The tokens of each message.
    """

    revision: int
    text: str
    facts: Facts
    message_tokens: list[int]


class LiveCheck(QObject):
    """Runs one check at a time; of the texts that came meanwhile only the latest is checked.

    Signals:
        checked: A `Checked`; the receiver compares its revision with its own.
    """

    checked = Signal(object)

    def __init__(
        self,
        make_checker: Callable[[], Checker],
        background: Background,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._make_checker = make_checker
        self._background = background
        self._checker: Checker | None = None
        # A checker keeps what it counted; two threads must not fill its memory at once.
        self._one_at_a_time = threading.Lock()
        self._running = False
        self._waiting: tuple[int, str] | None = None

    def request(self, revision: int, text: str) -> None:
        """Check a text; `checked` tells the outcome."""
        if self._running:
            self._waiting = (revision, text)
            return
        self._running = True
        self._background.run(
            self._check,
            revision,
            text,
            on_result=self.checked.emit,
            on_finished=self._start_waiting,
            # The first check loads the vocabularies; the page shows before that.
            delay_ms=0 if self._checker is not None else LOAD_AFTER_MS,
        )

    def check_now(self, revision: int, text: str) -> Checked:
        """Check a text here and now, for a write that cannot wait.

        A bug in the checks must not keep typing from the disk: such a text is written without
        facts. The check in the background, asked for at each change, reports the bug.
        """
        try:
            return self._check(revision, text)
        except Exception:
            return Checked(revision, text, unchecked(preview_line(text[:2000])), [])

    def forget_checker(self) -> None:
        """Make a new checker before the next check: the target or the encoding changed."""
        with self._one_at_a_time:
            self._checker = None

    def _check(self, revision: int, text: str) -> Checked:
        with self._one_at_a_time:
            if self._checker is None:
                self._checker = self._make_checker()
            record = text.encode("utf-8", "surrogatepass")
            facts = self._checker.check(record)
            return Checked(revision, text, facts, self._checker.message_tokens(record))

    def _start_waiting(self) -> None:
        self._running = False
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self.request(*waiting)
