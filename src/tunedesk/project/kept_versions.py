"""What keeps a version of an example alive: the one place that says so.

Versions are dropped only where typing merges into a step; whatever points at versions for good
(a run, a snapshot) must be named here.
"""

from tunedesk.project.store import Store

_KEEPERS = (
    # It is the text of the example now.
    "SELECT 1 FROM example WHERE id = :example AND version_id = :version",
    # A step of the history leads to it or away from it.
    """SELECT 1 FROM change_item WHERE example_id = :example AND field = 'version_id'
        AND :version IN (before, after)""",
    # A run was trained on it.
    "SELECT 1 FROM run_example WHERE version_id = :version",
)


def drop_if_unused(store: Store, example_id: int, version_id: int) -> bool:
    """Forget a version that nothing refers to any more; inside the caller's transaction.

    Its words may stay in the search index: a hit of it leads to no example.

    Returns:
        Whether it was dropped.
    """
    names = {"example": example_id, "version": version_id}
    for keeper in _KEEPERS:
        if store.connection.execute(f"{keeper} LIMIT 1", names).fetchone() is not None:
            return False
    store.execute("DELETE FROM version WHERE id = ?", (version_id,))
    store.execute("DELETE FROM version_text WHERE id = ?", (version_id,))
    return True
