"""What the views are told when the project has changed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ProjectChange:
    """One change of the project: each view decides what to refresh.

    Attributes:
        kinds: What changed, any of "text", "facts", "state", "tags", "order", "added", "deleted",
            "set" (what the set holds, so counts and totals), "settings", "presets", "search",
            "work" (long work), and of runs "runs" (the list, or how a run stands), "metrics",
            "events", "checkpoints".
        ids: The examples concerned; None for many or all.
        actor: Who did it, as the history names them.
        name: The step as the menu names it ("Fix 214 empty names"); None for what is not a step.
        runs: The fine-tuning runs concerned.
        undone: The id of the change that this one took back; None where it is not an undo.
    """

    kinds: frozenset[str]
    ids: tuple[int, ...] | None = None
    actor: str = ""
    name: str | None = None
    runs: tuple[int, ...] = ()
    undone: int | None = None

    MANY = 500
    """With more ids than this, `ids` is None."""
