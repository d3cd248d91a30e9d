"""What the columns of a table become: rows as examples.

A mapping is the same for files, the clipboard and the command line. It is proposed from the names
of the columns and the first rows (`propose`), changed by people, and applied (`mapped_batches`).
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple, get_args

from tunedesk.checks.problem import Problem
from tunedesk.errors import UserError
from tunedesk.formats.record_batch import RecordBatch
from tunedesk.formats.table import Table, TableRow, plain_name, role_of_name
from tunedesk.i18n import _

Role = Literal[
    "system",
    "user",
    "assistant",
    "reasoning",
    "chosen",
    "rejected",
    "reference",
    "tag",
    "language",
    "note",
    "group",
    "leave_out",
]
"""What a column becomes.

`reasoning` is the thought before the answer, `chosen` and `rejected` are the two answers of a
preference pair, `reference` is what a grader compares with, `note` stays with the example as a
field of its `metadata`, and rows with the same text under `group` are one conversation.
"""

ROLES: tuple[Role, ...] = get_args(Role)
_TURNS: tuple[Role, ...] = ("user", "assistant")
_ONCE: frozenset[Role] = frozenset({"system", "chosen", "rejected", "group", "reasoning"})
LONGEST_TAG = 60
"""Characters; a column with a longer text is not proposed for tags."""
_MOST_TAGS = 50
"""So many different texts in the first rows at most are proposed for tags."""
_BATCH = 500
_PLACE = re.compile(r"\{([^{}\n]+)\}")

_OTHER_NAMES: dict[Role, frozenset[str]] = {
    "chosen": frozenset({"chosen", "preferred", "preferred answer", "preferred output", "better"}),
    "rejected": frozenset(
        {"rejected", "not preferred", "non preferred output", "dispreferred", "worse"}
    ),
    "reference": frozenset({"reference", "reference answer", "ground truth", "expected", "gold"}),
    "reasoning": frozenset({"think", "thinking", "thought", "reasoning", "reasoning content"}),
    "tag": frozenset(
        {"tag", "tags", "label", "labels", "topic", "category", "thema", "schlagwort"}
    ),
    "language": frozenset({"language", "lang", "sprache", "idioma", "langue", "lingua"}),
    "group": frozenset({"conversation", "conversation id", "thread", "thread id", "dialog id"}),
}


@dataclass(frozen=True)
class Mapping:
    """What each column becomes.

    Attributes:
        columns: The role of each column by its name, in the order of the table. Several columns
            may be users and assistants: they are turns, in their order.
        system: A system prompt for all rows without one, with columns in it: "{Topic}".
        templates: The text of a turn with columns in it, by the column that it is made for:
            "Question: {Question}".
    """

    columns: dict[str, Role]
    system: str = ""
    templates: dict[str, str] = field(default_factory=dict)

    def with_role(self, column: str, role: Role) -> "Mapping":
        """The mapping with another role for a column; one that can be had once leaves the other."""
        columns = dict(self.columns)
        if role in _ONCE:
            columns = {
                name: "leave_out" if held == role else held for name, held in columns.items()
            }
        columns[column] = role
        return replace(self, columns=columns)

    def of(self, role: Role) -> list[str]:
        """The columns of a role, in their order."""
        return [name for name, held in self.columns.items() if held == role]

    @property
    def lacks(self) -> Role | None:
        """The role without which no example can be made; None if there is nothing amiss."""
        if self.of("chosen") or self.of("rejected"):
            for role in ("user", "chosen", "rejected"):
                if not self.of(role):
                    return role
            return None
        if not self.of("user"):
            return "user"
        return None if self.of("assistant") or self.of("reference") else "assistant"


def propose(columns: Sequence[str], rows: Sequence[TableRow]) -> Mapping:
    """What the columns become by their names and their first rows.

    Args:
        columns: The names.
        rows: The first rows.
    """
    texts = [
        [row.cells[number].strip() for row in rows if number < len(row.cells)]
        for number in range(len(columns))
    ]
    roles: list[Role] = []
    for name, found in zip(columns, texts, strict=True):
        role = _proposed(name, found)
        roles.append("note" if role in _ONCE and role in roles else role)
    if {"chosen", "rejected"} <= set(roles):
        roles = ["note" if role == "assistant" else role for role in roles]
    elif "user" not in roles and "assistant" not in roles:
        roles = _by_place(roles)
    if "user" not in roles and "system" in roles and "assistant" in roles:
        roles[roles.index("system")] = "user"  # an instruction and what came of it
    return Mapping(dict(zip(columns, roles, strict=True)))


def _proposed(name: str, texts: Sequence[str]) -> Role:
    plain = plain_name(name)
    for other, names in _OTHER_NAMES.items():
        if plain in names:
            return other
    role = role_of_name(name)
    for turn in ("system", *_TURNS):
        if role == turn:
            return turn
    filled = [text for text in texts if text]
    if not filled or _counts(texts):
        return "leave_out"
    different = len(set(filled))
    short = max(map(len, filled)) <= LONGEST_TAG and not any("\n" in text for text in filled)
    return "tag" if short and different <= min(_MOST_TAGS, len(filled) // 2) else "note"


def _counts(texts: Sequence[str]) -> bool:
    """Whether a column only counts its rows: 0, 1, 2."""
    if not texts or not all(text.isdecimal() and len(text) < 10 for text in texts):
        return False
    numbers = list(map(int, texts))
    return numbers == list(range(numbers[0], numbers[0] + len(numbers))) and numbers[0] in (0, 1)


def _by_place(roles: Sequence[Role]) -> list[Role]:
    """Two columns are question and answer; of three the first is the system prompt."""
    in_use = [number for number, role in enumerate(roles) if role != "leave_out"]
    wanted: tuple[Role, ...] = ("system", "user", "assistant")
    found = list(roles)
    if len(in_use) in (2, 3):
        for number, role in zip(in_use, wanted[-len(in_use) :], strict=True):
            found[number] = role
    return found


def parse_mapping(text: str, columns: Sequence[str]) -> Mapping:
    """Read a mapping as the command line has it: "Question=user,Answer=assistant".

    Columns that are not named are left out.

    Args:
        text: The mapping.
        columns: The columns of the table.

    Raises:
        UserError: It names a column that is not there, or a role that nobody knows.
    """
    mapping = Mapping(dict.fromkeys(columns, "leave_out"))
    for part in text.split(","):
        name, equals, role = part.rpartition("=")
        column = _column_named(name.strip(), columns)
        if not equals or column is None:
            raise UserError(
                _("There is no column “{name}”.").format(name=(name if equals else part).strip()),
                _("The columns are: {names}.").format(names=", ".join(columns)),
            )
        known = role.strip().casefold().replace(" ", "_").replace("-", "_")
        if known not in ROLES:
            raise UserError(
                _("A column cannot become “{role}”.").format(role=role.strip()),
                _("It can become: {names}.").format(names=", ".join(ROLES)),
            )
        mapping = mapping.with_role(column, known)
    return mapping


def _column_named(name: str, columns: Sequence[str]) -> str | None:
    if name in columns:
        return name
    return next((column for column in columns if plain_name(column) == plain_name(name)), None)


class MappedExample(NamedTuple):
    """An example that a row became, or the reason why it became none.

    Attributes:
        row: The row; the first of several that are one conversation.
        record: The record, as JSON; None if none could be made.
        tags: Its tags.
        problems: What to know of it, or why there is no record.
    """

    row: TableRow
    record: str | None
    tags: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def mapped_examples(table: Table, mapping: Mapping) -> Iterator[MappedExample]:
    """What the rows of a table become, as they are read.

    Raises:
        UserError: The file cannot be read on.
    """
    make = _Maker(table.columns, mapping)
    group = mapping.of("group")
    if not group:
        for row in table.rows():
            yield make.example([row])
        return
    # Rows of one conversation may stand apart, so all of them are read first.
    number = table.columns.index(group[0])
    groups: dict[str, list[TableRow]] = defaultdict(list)
    for row in table.rows():
        key = row.cells[number].strip() if number < len(row.cells) else ""
        groups[key or f"\0{row.number}"].append(row)
    for rows in groups.values():
        yield make.example(rows)


class _Maker:
    """Makes examples of rows."""

    def __init__(self, columns: Sequence[str], mapping: Mapping) -> None:
        self._mapping = mapping
        self._number = {name: number for number, name in enumerate(columns)}
        self._turns = [(name, role) for name, role in mapping.columns.items() if role in _TURNS]
        self._pair = bool(mapping.of("chosen") or mapping.of("rejected"))

    def example(self, rows: Sequence[TableRow]) -> MappedExample:
        first = rows[0]
        remarks = tuple(remark for row in rows for remark in row.remarks)
        messages = [message for row in rows for message in self._messages(row)]
        if not any(message["content"].strip() for message in messages):
            return MappedExample(
                first, None, problems=(*remarks, Problem("row_without_text", (), {}))
            )
        system = self._system(first)
        if system:
            messages.insert(0, {"role": "system", "content": system})
        record = self._record(first, messages)
        notes = {
            name: cell for name in self._mapping.of("note") if (cell := self._cell(first, name))
        }
        if notes:
            record["metadata"] = notes
        tags = self._tags(first)
        return MappedExample(first, json.dumps(record, ensure_ascii=False), tags, remarks)

    def _cell(self, row: TableRow, column: str) -> str:
        number = self._number[column]
        return row.cells[number] if number < len(row.cells) else ""

    def _filled(self, template: str, row: TableRow) -> str:
        return _PLACE.sub(
            lambda found: (
                self._cell(row, found[1]).strip() if found[1] in self._number else found[0]
            ),
            template,
        )

    def _text(self, row: TableRow, column: str) -> str:
        template = self._mapping.templates.get(column)
        return self._cell(row, column) if template is None else self._filled(template, row)

    def _messages(self, row: TableRow) -> list[dict[str, Any]]:
        """The turns of a row; one that is empty is left out unless it is its role's only one."""
        messages: list[dict[str, Any]] = []
        of_role = {role: len(self._mapping.of(role)) for role in _TURNS}
        for name, role in self._turns:
            text = self._text(row, name)
            if text.strip() or of_role[role] == 1:
                messages.append({"role": role, "content": text})
        thought = self._mapping.of("reasoning")
        if thought and (text := self._cell(row, thought[0])):
            answer = next((each for each in messages if each["role"] == "assistant"), None)
            if answer is not None:
                answer["reasoning_content"] = text
        return messages

    def _system(self, row: TableRow) -> str:
        columns = self._mapping.of("system")
        text = self._text(row, columns[0]) if columns else ""
        return text if text.strip() else self._filled(self._mapping.system, row)

    def _record(self, row: TableRow, messages: list[dict[str, Any]]) -> dict[str, Any]:
        if self._pair:
            chosen, rejected = (
                self._cell(row, self._mapping.of(role)[0]) if self._mapping.of(role) else ""
                for role in ("chosen", "rejected")
            )
            return {
                "input": {"messages": messages},
                "preferred_output": [{"role": "assistant", "content": chosen}],
                "non_preferred_output": [{"role": "assistant", "content": rejected}],
            }
        record: dict[str, Any] = {"messages": messages}
        if not self._mapping.of("assistant"):
            for name in self._mapping.of("reference"):
                record[re.sub(r"\W+", "_", name.strip()).strip("_").lower() or "reference"] = (
                    self._cell(row, name)
                )
        return record

    def _tags(self, row: TableRow) -> tuple[str, ...]:
        tags: list[str] = []
        for role in ("tag", "language"):
            for name in self._mapping.of("tag" if role == "tag" else "language"):
                cell = " ".join(self._cell(row, name).split())
                tags += [tag.strip() for tag in cell.split(",") if tag.strip()]
        return tuple(dict.fromkeys(tags))


def mapped_batches(table: Table, mapping: Mapping) -> Iterator[RecordBatch]:
    """What the rows of a table become, in batches; the lines are the numbers of the rows.

    What became no example is named by the problems of the batch.

    Raises:
        UserError: The file cannot be read on.
    """
    lines: list[int] = []
    texts: list[bytes] = []
    tags: list[tuple[str, ...]] = []
    problems: list[tuple[int | None, Problem]] = [(None, remark) for remark in table.remarks]
    for example in mapped_examples(table, mapping):
        number = example.row.number
        problems += [(number, problem) for problem in example.problems]
        if example.record is not None:
            lines.append(number)
            texts.append(example.record.encode("utf-8", "replace"))
            tags.append(example.tags)
        if len(lines) >= _BATCH:
            yield RecordBatch(lines, texts, problems, table.bytes_read, tags)
            lines, texts, tags, problems = [], [], [], []
    if lines or problems:
        yield RecordBatch(lines, texts, problems, table.bytes_read, tags)
