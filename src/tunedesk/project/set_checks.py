"""The rules for the data set as a whole: the groups are made by SQL, judged by checks.set_rules."""

from tunedesk.checks.problem import SetProblem
from tunedesk.checks.set_rules import (
    SystemPrompt,
    almost_equal_prompts,
    check_size,
    different_answers,
    duplicates,
)
from tunedesk.examples.conversation import Conversation
from tunedesk.project.parts import ProjectParts
from tunedesk.project.project import Project
from tunedesk.project.store import Row

_MOST_PROMPTS = 2_000
_CURRENT = "example JOIN version ON version.id = example.version_id WHERE hidden = 0"


def set_problems(project: Project) -> list[SetProblem]:
    """All problems of the set; their members are ids of examples."""
    parts = project.parts
    store = parts.store
    with store.snapshot():
        examples = store.value(f"SELECT count(*) FROM {_CURRENT} AND kind != 'unreadable'")
        return [
            *check_size(examples, parts.target),
            *duplicates(_repeated(parts, "fingerprint", "fingerprint")),
            *different_answers(_repeated(parts, "question", "question, answer")),
            *_similar_prompts(parts),
        ]


def _repeated(parts: ProjectParts, column: str, wanted: str) -> list[Row]:
    """Examples whose hash occurs more than once, in their order."""
    return parts.store.rows(
        f"SELECT example.id, {wanted} FROM {_CURRENT} AND {column} IN"
        f" (SELECT {column} FROM {_CURRENT} AND {column} IS NOT NULL"
        f" GROUP BY {column} HAVING count(*) > 1) ORDER BY position"
    )


def _similar_prompts(parts: ProjectParts) -> list[SetProblem]:
    store = parts.store
    used = store.rows(
        f"SELECT system, min(version_id) FROM {_CURRENT} AND system IS NOT NULL"
        " GROUP BY system ORDER BY 2 LIMIT ?",
        (_MOST_PROMPTS,),
    )
    if len(used) < 2:
        return []
    # The prompts go by their hash at first: only for those that are alike the examples are sought.
    prompts = [SystemPrompt(_prompt(parts, version), (system,)) for system, version in used]
    return [
        problem._replace(members=_users(parts, problem.members))
        for problem in almost_equal_prompts(prompts)
    ]


def _prompt(parts: ProjectParts, version_id: int) -> str:
    text = parts.versions.text(version_id) or b""
    messages = Conversation.from_text(text.decode("utf-8", "replace")).messages
    return next((message.text for message in messages if message.role == "system"), "")


def _users(parts: ProjectParts, systems: tuple[int, ...]) -> tuple[int, ...]:
    rows = parts.store.rows(
        f"SELECT example.id FROM {_CURRENT} AND system IN (SELECT value FROM json_each(?))"
        " ORDER BY position",
        (f"[{','.join(map(str, systems))}]",),
    )
    return tuple(row[0] for row in rows)
