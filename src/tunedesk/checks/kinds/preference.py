"""The checks of preference pairs: no target trains them yet, but their length is known."""

from typing import Any

from tunedesk.checks.kinds.kind_checks import CheckSettings, UntrainedChecks
from tunedesk.checks.tokens import TokenCounts, count_example
from tunedesk.examples.kinds.preference import pair_messages


class PreferenceChecks(UntrainedChecks):
    """Counts the prompt and both answers, of which the answers are trained on."""

    def count(self, record: dict[str, Any], settings: CheckSettings) -> TokenCounts | None:
        """Count the tokens of a pair; the prompt once."""
        if settings.counter is None:
            return None
        asked, answers, tools = pair_messages(record)
        count, formula = settings.counter.count, settings.image_formula
        whole = count_example({"messages": [*asked, *answers], "tools": tools}, count, formula)
        trained = count_example({"messages": answers}, count, formula).trained
        return whole._replace(trained=trained)
