"""Examples in a pasted text: JSON in lines or spread over lines, or rows of a spreadsheet.

Columns of a spreadsheet go by the names in its first row. Two without names are question and
answer, three a system prompt before these. A column of another name becomes tags.
"""

import csv
import io
import json
import re
from collections.abc import Sequence
from typing import NamedTuple

from tunedesk.examples.json_text import JsonSyntaxError, parse
from tunedesk.i18n import _, ngettext

LONGEST_TAG = 60
"""Characters; a column with a longer text is not taken for tags."""
_SHOWN = 40
"""So many characters of what could not be read are shown."""


class PastedExample(NamedTuple):
    """An example to be added.

    Attributes:
        record: Its record.
        tags: Its tags.
    """

    record: str
    tags: tuple[str, ...] = ()


class Pasted(NamedTuple):
    """What a text holds.

    Attributes:
        examples: The examples.
        left_out: What could not be read, a sentence each.
    """

    examples: list[PastedExample]
    left_out: list[str]


def read_pasted(text: str) -> Pasted:
    """Read JSON, or a spreadsheet's rows as conversations; nothing is left out in silence."""
    begin = text.lstrip("\ufeff \t\r\n")
    if begin.startswith("{") or (begin.startswith("[") and _is_list(begin)):
        return _json_records(text.lstrip("\ufeff"))
    return _spreadsheet(text.lstrip("\ufeff"))


# JSON


def _json_records(text: str) -> Pasted:
    """Each record of the text, spelled as it is.

    One record a line, as JSONL has it, is tried first; then the text as one value: an array of
    records, or one record over several lines; then records that begin and end on lines of their
    own. A line that has the braces of a record is one, even where it is broken: it can be put
    right in the program.
    """
    # Not `splitlines`: it also breaks at U+0085, U+2028 and others, which may stand in a string.
    lines = _LINE_END.split(text)
    if all(_is_object(line.strip()) for line in lines if line.strip()):
        return Pasted([PastedExample(line.strip()) for line in lines if line.strip()], [])
    try:
        value = parse(text)
    except JsonSyntaxError:
        return _objects_in_lines(lines)
    if value.kind == "object":
        return Pasted([PastedExample(text[value.start : value.end])], [])
    items = value.items if value.kind == "array" else []
    found = [PastedExample(text[item.start : item.end]) for item in items if item.kind == "object"]
    others = len(items) - len(found)
    if not others:
        return Pasted(found, [])
    left_out = ngettext(
        "{n} entry of the list is not a JSON object.",
        "{n} entries of the list are not JSON objects.",
        others,
    )
    return Pasted(found, [left_out.format(n=f"{others:,}")])


_LINE_END = re.compile(r"\r\n|\n|\r")
_LIST = re.compile(r"\[\s*(?:\{|\]?\s*\Z)")


def _is_list(text: str) -> bool:
    """Whether a text is a list of JSON, be it broken, and not a cell such as “[1] Who pays?”."""
    if _LIST.match(text):
        return True
    try:
        parse(text)
    except JsonSyntaxError:
        return False
    return True


def _is_object(line: str) -> bool:
    return line.startswith("{") and line.endswith("}")


def _objects_in_lines(lines: list[str]) -> Pasted:
    """Records that begin and end on lines of their own; the lines between them are left out."""
    examples: list[PastedExample] = []
    left: list[tuple[int, str]] = []
    number = 0
    # Each line that opens an object may look at all that follow: of a text that opens thousands and
    # closes none, this is not done for ever.
    budget = _LOOKED_AT_TIMES * sum(map(len, lines))
    while number < len(lines):
        end = None
        if budget > 0:
            end, looked_at = _end_of_object(lines, number)
            budget -= looked_at
        if end is None:
            line = lines[number].strip().rstrip(",")
            if _is_object(line):
                examples.append(PastedExample(line))
            elif line:
                left.append((number + 1, line))
            number += 1
        else:
            examples.append(PastedExample("\n".join(lines[number:end]).strip()))
            number = end
    return Pasted(examples, [_lines_left_out(left)] if left else [])


_LOOKED_AT_TIMES = 8


def _end_of_object(lines: list[str], start: int) -> tuple[int | None, int]:
    """The line behind an object that begins in a line, or None, and how many letters were read."""
    looked_at = 0
    if not lines[start].lstrip().startswith("{"):
        return None, looked_at
    depth, in_string, escaped = 0, False, False
    for number in range(start, len(lines)):
        looked_at += len(lines[number])
        for letter in lines[number]:
            if escaped:
                escaped = False
            elif in_string:
                escaped, in_string = letter == "\\", letter != '"'
            elif letter == '"':
                in_string = True
            elif letter in "{[":
                depth += 1
            elif letter in "}]":
                depth -= 1
        if in_string:
            break  # a string does not go on in the next line
        if depth <= 0:
            text = "\n".join(lines[start : number + 1]).strip()
            return (number + 1 if _parses(text) else None), looked_at
    return None, looked_at


def _parses(text: str) -> bool:
    try:
        return parse(text).kind == "object"
    except JsonSyntaxError:
        return False


def _lines_left_out(left: Sequence[tuple[int, str]]) -> str:
    number, line = left[0]
    text = ngettext(
        "{n} line could not be read: line {line}, “{text}”.",
        "{n} lines could not be read, the first is line {line}, “{text}”.",
        len(left),
    )
    return text.format(n=f"{len(left):,}", line=f"{number:,}", text=_short(line))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN].rstrip()}…"


# Spreadsheets

_ROLES = {
    "system": {"system", "system prompt", "instruction", "instructions", "persona", "role"},
    "user": {
        *("user", "question", "prompt", "input", "request", "query", "message", "customer"),
        *("frage", "pregunta", "domanda", "pergunta", "вопрос", "问题", "質問"),
    },
    "assistant": {
        *("assistant", "answer", "response", "completion", "output", "reply", "ideal"),
        *("antwort", "respuesta", "réponse", "risposta", "resposta", "ответ", "回答", "答案"),
    },
}
_TAGS = {"tag", "tags", "label", "labels", "schlagwort", "schlagwörter"}
"""Columns of these names hold tags, several with commas between them."""
_IN_ORDER = {2: ("user", "assistant"), 3: ("system", "user", "assistant")}


def _spreadsheet(text: str) -> Pasted:
    """Rows of cells: with tabs as spreadsheets copy them, or a CSV text with names in its head."""
    rows = _cells(text)
    if rows is None:
        return Pasted([], [])
    names = [" ".join(cell.lower().replace("_", " ").split()) for cell in rows[0]]
    roles = [next((role for role in _ROLES if name in _ROLES[role]), "") for name in names]
    named = _is_header(roles, len(names))
    if not named:
        width = max(map(len, rows))
        if width not in _IN_ORDER:
            advice = _(
                "The first row has to name the columns, as User, Assistant and, if there is one, "
                "System: of {n} columns nothing tells which is the question."
            )
            return Pasted([], [advice.format(n=width)])
        roles, names = list(_IN_ORDER[width]), [""] * width
    tag_columns, left_out = _tag_columns(rows, roles) if named else ([], [])
    if not named and len(roles) > 2:
        left_out.append(
            _(
                "The columns were read as system, user and assistant: for another order, name them "
                "in the first row."
            )
        )
    titles = [cell.strip() for cell in rows[0]]
    examples = []
    too_long = 0
    for row in rows[1:] if named else rows:
        texts = {role: row[n] for n, role in enumerate(roles) if role and n < len(row)}
        too_long += any(row[len(roles) :])
        if not any(texts.values()):
            continue
        tags = tuple(
            tag
            for n in tag_columns
            if n < len(row)
            for tag in _tags_of(titles[n], names[n], row[n])
        )
        examples.append(PastedExample(_conversation(texts), tags))
    if too_long:
        sentence = ngettext(
            "{n} row has more cells than there are columns; what is beyond was left out.",
            "{n} rows have more cells than there are columns; what is beyond was left out.",
            too_long,
        )
        left_out.append(sentence.format(n=f"{too_long:,}"))
    return Pasted(examples, left_out)


def _is_header(roles: list[str], width: int) -> bool:
    """Whether the first row names a question and an answer, each role once."""
    known = [role for role in roles if role]
    once = len(known) == len(set(known))
    return once and ({"user", "assistant"} <= set(known) or (width < 3 and len(known) == width))


def _cells(text: str) -> list[list[str]] | None:
    """The rows that are not empty; None if the text is not a table."""
    if "\t" in text:
        rows = _read(text, "\t")
        if any("\t" in cell for row in rows for cell in row):
            # A quotation mark that belongs to the text has swallowed what comes after it.
            rows = _read(text, "\t", quoted=False)
        return rows or None
    for delimiter in ",;":
        rows = _read(text, delimiter)
        if rows and len(rows) > 1:
            names = [" ".join(cell.lower().split()) for cell in rows[0]]
            if any(n in _ROLES["user"] for n in names) and any(
                n in _ROLES["assistant"] for n in names
            ):
                return rows
    return None


def _read(text: str, delimiter: str, *, quoted: bool = True) -> list[list[str]]:
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
    )
    return [row for row in reader if any(cell.strip() for cell in row)]


def _tag_columns(rows: list[list[str]], roles: list[str]) -> tuple[list[int], list[str]]:
    """The other columns whose texts can be tags, and what to say of those that cannot."""
    columns, left_out = [], []
    for number, role in enumerate(roles):
        if role:
            continue
        cells = [row[number].strip() for row in rows[1:] if number < len(row)]
        title = rows[0][number].strip()
        if all(len(cell) + len(title) + 2 <= LONGEST_TAG and "\n" not in cell for cell in cells):
            columns.append(number)
        else:
            sentence = _("The column “{name}” was left out: its texts are too long for tags.")
            left_out.append(sentence.format(name=_short(title)))
    return columns, left_out


def _tags_of(title: str, name: str, cell: str) -> list[str]:
    """The tags that a cell stands for: "Topic: law"; of a column of tags its own words."""
    cell = " ".join(cell.split())
    if not cell:
        return []
    if name in _TAGS or not title:
        return [tag.strip() for tag in cell.split(",") if tag.strip()]
    return [f"{title}: {cell}"]


def _conversation(texts: dict[str, str]) -> str:
    messages = [("user", texts.get("user", "")), ("assistant", texts.get("assistant", ""))]
    if texts.get("system"):
        messages.insert(0, ("system", texts["system"]))
    spelled = ", ".join(
        json.dumps({"role": role, "content": content}, ensure_ascii=False)
        for role, content in messages
    )
    return f'{{"messages": [{spelled}]}}'
