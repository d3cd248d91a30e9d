"""The checks of prompts with completions: no target trains them yet, but their length is known."""

from typing import Any

from tunedesk.checks.kinds.kind_checks import CheckSettings, UntrainedChecks
from tunedesk.checks.tokens import TokenCounts


class PromptCompletionChecks(UntrainedChecks):
    """Counts two plain texts, of which the completion is trained on."""

    def count(self, record: dict[str, Any], settings: CheckSettings) -> TokenCounts | None:
        """Count the tokens of both texts; nothing stands between or around them."""
        if settings.counter is None:
            return None
        prompt, completion = (
            settings.counter.count(text) if isinstance(text, str) else 0
            for text in (record["prompt"], record["completion"])
        )
        return TokenCounts((prompt, completion), 0, 0, completion, per_example=0)
