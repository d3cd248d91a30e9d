"""The rule for length: what is over the limit is cut from the end, and the end is the answer."""

from tunedesk.checks.problem import Problem
from tunedesk.checks.tokens import TokenCounts


def check_length(counts: TokenCounts, limit: int) -> tuple[Problem, ...]:
    """The problem of an example with more tokens than the limit.

    "Examples longer than the default are truncated to the maximum context length, which removes
    tokens from the end" (OpenAI best practices 2026, facts 2.1): the problem stands at the message
    in which the cut falls.
    """
    if counts.total <= limit:
        return ()
    passed = counts.tools
    cut_at = max(0, len(counts.per_message) - 1)
    for number, tokens in enumerate(counts.per_message):
        passed += tokens
        if passed > limit:
            cut_at = number
            break
    parameters = {
        "tokens": counts.total,
        "limit": limit,
        "message": cut_at + 1,
        "messages": len(counts.per_message),
    }
    return (Problem("over_token_limit", ("messages", cut_at), parameters),)
