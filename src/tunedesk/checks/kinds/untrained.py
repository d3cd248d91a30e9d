"""The checks of kinds that no target trains yet: such a record is kept, and said to be one."""

from typing import Any

from tunedesk.checks.kinds.kind_checks import Checked, CheckSettings, KindChecks
from tunedesk.checks.problem import Problem
from tunedesk.checks.tokens import TokenCounts
from tunedesk.examples.kinds.kind import Kind


class UntrainedChecks(KindChecks):
    """Names the kind as the one thing that is wrong, and counts nothing."""

    def __init__(self, kind: Kind) -> None:
        self._problem = Problem("not_a_chat_example", (), {"kind": kind.name})

    def check(self, record: dict[str, Any], settings: CheckSettings) -> Checked:
        """Name the problems of a record and count its tokens."""
        return Checked("", (self._problem,), self.count(record, settings))

    def count(self, record: dict[str, Any], settings: CheckSettings) -> TokenCounts | None:
        """Count the tokens of a record."""
        del record, settings
        return None
