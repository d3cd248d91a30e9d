"""Safe fixes: what can be put right without knowing what was meant.

A fix changes the span of what is wrong and leaves every other character of the record as it is.
"""

from collections.abc import Callable, Collection, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tunedesk.catalogue.targets import DEFAULT_TARGET
from tunedesk.checks import record_fixes, tool_fixes
from tunedesk.checks.checker import Checker
from tunedesk.checks.facts import Facts
from tunedesk.checks.mojibake import repair_mojibake
from tunedesk.checks.picture_files import embed_pictures, picture_folder
from tunedesk.checks.problem import Problem, severity
from tunedesk.checks.text_rules import windows_letters
from tunedesk.examples.json_text import JsonSyntaxError

Fix = Callable[[str, Problem], str | None]

_FIXES: dict[str, Fix] = {
    "control_character_raw": record_fixes.escape_control_characters,
    "not_json": record_fixes.fix_json,
    "duplicate_key": record_fixes.drop_equal_duplicate,
    "role_unknown": record_fixes.known_role,
    "role_developer": record_fixes.developer_to_system,
    "content_not_text": record_fixes.number_to_text,
    "content_list_of_texts": record_fixes.join_parts,
    "parts_under_value": record_fixes.from_value_parts,
    "image_part_foreign": record_fixes.image_url_part,
    "system_empty": record_fixes.take_out_system,
    "content_null": record_fixes.take_out_system,
    "content_missing": record_fixes.take_out_system,
    "content_list_empty": record_fixes.take_out_system,
    "templated_row": record_fixes.messages_of_template,
    "pair_spelling": record_fixes.openai_pair,
    "pair_transcript": record_fixes.messages_of_transcript,
    "tools_not_a_list": record_fixes.unwrap_list,
    "tool_calls_not_a_list": record_fixes.unwrap_list,
    "thoughts_never_opened": record_fixes.open_thoughts,
    "thoughts_in_text": record_fixes.thoughts_to_field,
    "reasoning_field": record_fixes.thoughts_to_text,
    "special_token_text": record_fixes.take_off_end_marks,
    "parts_where_text_required": record_fixes.join_parts,
    "parts_only_text": record_fixes.join_parts,
    "name_empty": record_fixes.take_out,
    "name_invalid": record_fixes.valid_name,
    "weight_invalid": record_fixes.whole_weight,
    "weight_misplaced": record_fixes.take_out,
    "key_misplaced": record_fixes.take_out_nothing,
    "system_not_first": record_fixes.move_to_beginning,
    "tool_calls_empty": record_fixes.take_out,
    "tool_invalid": tool_fixes.add_type,
    "tool_repeated": tool_fixes.drop_equal_tool,
    "tool_call_invalid": tool_fixes.give_ids,
    "tool_call_id_missing": tool_fixes.give_ids,
    "arguments_not_text": tool_fixes.arguments_to_text,
    "arguments_double_encoded": tool_fixes.unwrap_arguments,
    "function_call_legacy": tool_fixes.modern_calls,
    "image_type_differs": record_fixes.right_media_type,
    "image_turned": record_fixes.turn_upright,
    "image_detail_invalid": record_fixes.auto_detail,
    "mojibake": record_fixes.edit_text(repair_mojibake),
    "control_character": record_fixes.edit_text(windows_letters),
    "blanks_around": record_fixes.strip_blanks,
}
# After one of these the other problems have other paths: they have to be found again.
_MOVING = frozenset(
    {
        "control_character_raw",
        "not_json",
        "duplicate_key",
        "system_empty",
        "content_null",
        "content_missing",
        "content_list_empty",
        "templated_row",
        "pair_spelling",
        "pair_transcript",
        "parts_under_value",
        "tools_not_a_list",
        "tool_calls_not_a_list",
        "tool_call_invalid",
        "tool_call_id_missing",
        "system_not_first",
        "tool_repeated",
        "function_call_legacy",
    }
)
BY_CHOICE = frozenset({"thoughts_in_text", "reasoning_field"})
"""Codes whose fix is made only where it is named: both forms are right, each for some models, and
each fix undoes the other."""
_MOST_ROUNDS = 1_000


def fixable(code: str) -> bool:
    """Whether there is a fix for problems of this code; for some of them it may give None."""
    return code in _FIXES


_CERTAIN = frozenset(
    {
        "role_developer",
        "name_empty",
        "weight_misplaced",
        "tool_calls_empty",
        "image_type_differs",
        "image_detail_invalid",
        "image_turned",
        "mojibake",
    }
)
"""Codes whose fix never gives None: nobody need try."""


def can_fix(text: bytes, problem: Problem) -> bool:
    """Whether this very problem of this text has a fix that changes something."""
    if problem.code in _CERTAIN or problem.code not in _FIXES:
        return problem.code in _FIXES
    if problem.code == "blanks_around" and problem.path[:1] == ("messages",):
        return True  # in a pair, blanks may be all that tells the answers apart
    try:
        return fix(text.decode("utf-8"), problem) is not None
    except UnicodeDecodeError:
        return False


def fix(text: str, problem: Problem) -> str | None:
    """The record with the problem put right; None if that cannot be done safely.

    Args:
        text: The record.
        problem: A problem that the checker found in exactly this text.
    """
    make = _FIXES.get(problem.code)
    if make is None:
        return None
    try:
        fixed = make(text, problem)
    except (JsonSyntaxError, KeyError, IndexError):
        # The text has changed since it was checked: there is nothing to fix at that path.
        return None
    return fixed if fixed != text else None


def fix_all(
    text: str,
    codes: Collection[str] | None = None,
    target: str = DEFAULT_TARGET,
    known: Sequence[Problem] | None = None,
) -> tuple[str, int]:
    """The record with every problem of these codes put right, and how many were.

    Args:
        text: The record.
        codes: The codes to fix; without, all that can be, but those that are a matter of choice.
        target: The target whose rules apply.
        known: The problems of exactly this text, if they are known: that saves a check.
    """
    fixed = fix_record(text, codes, target, known)
    return fixed.text, fixed.fixes


class FixedRecord(NamedTuple):
    """A record in which what can be was put right.

    Attributes:
        text: The record.
        fixes: How many problems were put right.
        left: The problems that it still has.
        facts: What is known of the record as it is now; None if it was not looked at anew.
    """

    text: str
    fixes: int
    left: Sequence[Problem]
    facts: Facts | None = None


def fix_record(
    text: str,
    codes: Collection[str] | None = None,
    target: str = DEFAULT_TARGET,
    known: Sequence[Problem] | None = None,
    checker: Checker | None = None,
) -> FixedRecord:
    """Put every problem of these codes right; as `fix_all`, which says less.

    Args:
        text: The record.
        codes: The codes to fix; all that can be without.
        target: The target whose rules apply.
        known: The problems of exactly this text, if they are known.
        checker: Looks at the record anew after a fix; without, one that counts no tokens.
    """
    checker = checker or _checker(target)
    if codes is None:
        codes = _FIXES.keys() - BY_CHOICE
    elif BY_CHOICE.issubset(codes):
        codes = frozenset(codes) - {"reasoning_field"}
    facts: Facts | None = None
    count = 0
    problems = known
    for _round in range(_MOST_ROUNDS):
        before = count
        if problems is None:
            facts = checker.check(_bytes(text))
            problems = facts.problems
        for problem in problems:
            if problem.code in codes:
                fixed = fix(text, problem)
                if fixed is not None:
                    text, count = fixed, count + 1
                    if problem.code in _MOVING:
                        break
        if count == before:
            break
        problems = facts = None
    return FixedRecord(text, count, problems or (), facts)


class FixJob(NamedTuple):
    """What a worker process is given to fix.

    Attributes:
        texts: The records.
        codes: The codes to fix; all that can be if None.
        target: The target whose rules apply.
        pictures: A folder whose pictures are embedded where records name them by a path.
    """

    texts: Sequence[bytes]
    codes: frozenset[str] | None = None
    target: str = DEFAULT_TARGET
    pictures: Path | None = None


class FixedText(NamedTuple):
    """A record of a job.

    Attributes:
        text: The record, as it was where nothing was put right.
        fixes: How many problems were put right.
        errors: How many errors are left.
        embedded: How many pictures were embedded.
        missing: The paths of pictures that were not found; then none of the record is embedded.
    """

    text: bytes
    fixes: int
    errors: int
    embedded: int = 0
    missing: tuple[str, ...] = ()


def fix_texts(job: FixJob) -> list[FixedText]:
    """Fix the records of a job."""
    fixed = []
    folder = None if job.pictures is None else picture_folder(job.pictures)
    for text in job.texts:
        try:
            letters = text.decode("utf-8")
        except UnicodeDecodeError:
            fixed.append(FixedText(text, 0, 1))
            continue
        embedded = 0
        missing: tuple[str, ...] = ()
        if folder is not None:
            letters, embedded, missing = embed_pictures(letters, folder)
        changed, count, left, _facts = fix_record(letters, job.codes, job.target)
        errors = sum(
            severity(problem.code, job.target) == "error" and not _is_told_before(problem)
            for problem in left
        )
        data = _bytes(changed) if count or embedded else text
        fixed.append(FixedText(data, count, errors, embedded, missing))
    return fixed


def _is_told_before(problem: Problem) -> bool:
    """Whether it is a mark of a merge whose first mark is told: together they are one error."""
    sides = ("base", "parted", "theirs")
    return problem.code == "merge_marker" and problem.parameters.get("reason") in sides


@cache
def _checker(target: str) -> Checker:
    """A checker that counts no tokens: no fix depends on them."""
    return Checker(target, encoding=None)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
