"""What each fix does to the text of a record, where only one reading is possible."""

import ast
import base64
import io
import json
import re
from collections.abc import Callable
from typing import Any

from tunedesk.checks.chat_templates import (
    THOUGHT_TAG,
    find_loose_tag,
    read_templated,
    read_transcript,
    split_thoughts,
    with_thoughts,
)
from tunedesk.checks.conversation_rules import ROLES, only_text
from tunedesk.checks.images import image_place, read_image_url
from tunedesk.checks.parse_record import (
    escape_controls,
    find_bare_quotes,
    with_missing_commas,
    with_straight_quotes,
)
from tunedesk.checks.problem import Problem
from tunedesk.checks.text_rules import without_code, without_end_marks
from tunedesk.checks.tool_rules import STANDS_FOR_NOTHING
from tunedesk.examples.json_edit import (
    SpelledJson,
    move_item,
    remove,
    remove_occurrence,
    rename_key,
    replace_value,
    set_member,
    spelled_string,
)
from tunedesk.examples.json_text import JsonSyntaxError, parse
from tunedesk.examples.kinds.kind import says_nothing
from tunedesk.examples.kinds.preference import PAIR_PARTS, answer_messages, pair_messages
from tunedesk.lazy_imports import importing

_LONGEST_PYTHON = 1_000_000
_MOST_COMMAS = 100
_MOST_WRAPPINGS = 4


def escape_control_characters(text: str, problem: Problem) -> str | None:
    """Spell the raw control characters inside of strings as escapes."""
    del problem
    return escape_controls(text)


def fix_json(text: str, problem: Problem) -> str | None:
    """Take out commas before closing brackets; write in JSON what is a Python dictionary."""
    reason = problem.parameters.get("reason")
    if reason == "trailing_comma":
        return _without_trailing_commas(text)
    if reason in ("single_quotes", "python_literal"):
        return _from_python(text)
    if reason in ("bare_quote", "bare_quote_further_down"):
        bare = find_bare_quotes(text)
        return None if bare is None else bare.escaped
    if reason == "missing_comma":
        return with_missing_commas(text)
    return with_straight_quotes(text) if reason == "curly_quotes" else None


def drop_equal_duplicate(text: str, problem: Problem) -> str | None:
    """Take out a key that stands twice, if both say the same."""
    node = parse(text).find(problem.path[:-1])
    if node is None:
        return None
    values = [child.value for name, _, child in node.members if name == problem.path[-1]]
    if len(values) < 2 or any(_sorted_json(value) != _sorted_json(values[0]) for value in values):
        return None
    for _ in values[1:]:
        text = remove_occurrence(text, problem.path, 1)
    return text


def _without_trailing_commas(text: str) -> str | None:
    for _number in range(_MOST_COMMAS):
        try:
            parse(text)
        except JsonSyntaxError as error:
            if error.reason_code != "trailing_comma":
                return text
            text = text[: error.offset] + text[error.offset + 1 :]
        else:
            return text
    return None


def _from_python(text: str) -> str | None:
    if len(text) > _LONGEST_PYTHON:
        return None
    try:
        # literal_eval reads values only: nothing is run.
        value = ast.literal_eval(text.strip())
        if not isinstance(value, dict) or not _is_json(value):
            return None
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return None


def _is_json(value: Any) -> bool:
    """Whether a Python value has a JSON form that says the same."""
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_json(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(_is_json, value))
    return value is None or isinstance(value, (str, int, float, bool))


def _sorted_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


_ROLE_OF = {
    "human": "user",
    "customer": "user",
    "client": "user",
    "prompter": "user",
    "gpt": "assistant",
    "bot": "assistant",
    "ai": "assistant",
    "model": "assistant",
    "chatbot": "assistant",
    "chatgpt": "assistant",
    "agent": "assistant",
    "assistent": "assistant",
    "sys": "system",
    "instruction": "system",
}
_FORBIDDEN = re.compile(r"[^a-zA-Z0-9_-]+")


def known_role(text: str, problem: Problem) -> str | None:
    """Write a role by the name that services know: Human is user, bot is assistant."""
    value = _value(text, problem)
    if not isinstance(value, str):
        return None
    name = value.strip().casefold()
    if name == "developer":
        name = "system"
    role = name if name in ROLES else _ROLE_OF.get(name)
    return None if role is None else replace_value(text, problem.path, role)


def developer_to_system(text: str, problem: Problem) -> str | None:
    """Make a developer message a system message."""
    return replace_value(text, problem.path, "system")


def number_to_text(text: str, problem: Problem) -> str | None:
    """Make a text of a number, spelled as it is, or of a part that holds nothing else."""
    node = parse(text).find(problem.path)
    if node is None or node.kind not in ("number", "object"):
        return None
    if node.kind == "number":
        return replace_value(text, problem.path, text[node.start : node.end])
    # A part by itself, or the parts of an export of ChatGPT's.
    parts = node.value["parts"] if node.value.keys() == {"parts"} else [node.value]
    texts = [only_text(part) for part in parts] if isinstance(parts, list) else []
    if not texts or None in texts:
        return None
    return replace_value(text, problem.path, "\n".join(filter(None, texts)))


def join_parts(text: str, problem: Problem) -> str | None:
    """Make one text of a list of text parts, each in its own line."""
    parts = _value(text, problem)
    if not isinstance(parts, list) or not parts:
        return None
    texts = [only_text(part) for part in parts]
    if None in texts:
        return None
    return replace_value(text, problem.path, "\n".join(filter(None, texts)))


def from_value_parts(text: str, problem: Problem) -> str | None:
    """Make of LLaMA-Factory's parts a plain text, and of its thoughts the message's reasoning."""
    parts = _value(text, problem)
    message = parse(text).find(problem.path[:-1])
    if not isinstance(parts, list) or message is None or message.kind != "object":
        return None
    said: dict[str, list[str]] = {"text": [], "reasoning": []}
    for part in parts:
        value = part.get("value", part.get("text")) if isinstance(part, dict) else None
        if not isinstance(value, str) or part.get("type") not in said:
            return None
        said[part["type"]].append(value)
    if said["reasoning"] and "reasoning_content" in message.value:
        return None
    text = replace_value(text, problem.path, "\n".join(said["text"]))
    if not said["reasoning"]:
        return text
    thoughts = "\n".join(said["reasoning"])
    return set_member(text, problem.path[:-1], "reasoning_content", thoughts, after="content")


def image_url_part(text: str, problem: Problem) -> str | None:
    """Write a picture in Qwen's form as an image_url, where it is embedded or on the web."""
    part = _value(text, problem)
    if not isinstance(part, dict) or part.keys() != {"type", "image"}:
        return None
    if image_place(part["image"]) == "disk":
        return None
    return replace_value(
        text, problem.path, {"type": "image_url", "image_url": {"url": part["image"]}}
    )


def unwrap_list(text: str, problem: Problem) -> str | None:
    """Take a list out of the text that spells it; take out a text that stands for nothing."""
    node = parse(text).find(problem.path)
    if node is None or node.kind not in ("string", "object"):
        return None
    value = node.value
    spelled = value if isinstance(value, str) else text[node.start : node.end]
    for _wrapping in range(_MOST_WRAPPINGS):
        spelled = spelled.strip()
        if spelled in STANDS_FOR_NOTHING:
            return remove(text, problem.path)
        inner = parse(spelled).value
        if not isinstance(inner, str):
            break
        spelled = inner
    if isinstance(inner, dict) and isinstance(inner.get("name", inner.get("function")), str | dict):
        spelled, inner = f"[{spelled}]", [inner]
    if not isinstance(inner, list) or not all(isinstance(item, dict) for item in inner):
        return None
    return replace_value(text, problem.path, SpelledJson(spelled))


def messages_of_template(text: str, problem: Problem) -> str | None:
    """Make messages of a text that went through a chat template; what stands beside it stays."""
    node = parse(text).find(problem.path)
    templated = None if node is None or node.kind != "string" else read_templated(node.value)
    if templated is None or "messages" in parse(text).value:
        return None
    messages = [turn.message() for turn in templated.turns]
    return rename_key(replace_value(text, problem.path, messages), problem.path, "messages")


def open_thoughts(text: str, problem: Problem) -> str | None:
    """Put the opening tag of thoughts at the beginning, where the prompt had it."""
    tag = str(problem.parameters.get("tag", ""))
    node = parse(text).find(problem.path)
    if node is None or node.kind != "string" or tag not in node.value:
        return None
    opening = tag.replace("/", "", 1).replace("|end_", "|begin_").replace("|END_", "|START_")
    opened = opening + "\n" + node.value
    if find_loose_tag(without_code(opened)) is not None:
        return None  # another tag is loose as well, and more than one reading is possible
    return replace_value(text, problem.path, opened)


def thoughts_to_field(text: str, problem: Problem) -> str | None:
    """Move the thoughts that a text begins with into the message's `reasoning_content`."""
    message = parse(text).find(problem.path[:-1])
    if message is None or message.kind != "object" or "reasoning_content" in message.value:
        return None
    content = message.value.get("content")
    thoughtful = split_thoughts(content) if isinstance(content, str) else None
    if thoughtful is None or not (thoughtful.answer or message.value.get("tool_calls")):
        return None
    text = replace_value(text, problem.path, thoughtful.answer)
    return set_member(
        text, problem.path[:-1], "reasoning_content", thoughtful.thoughts, after="content"
    )


def thoughts_to_text(text: str, problem: Problem) -> str | None:
    """Move the thoughts of a field into the message's text, in the tags that most models have."""
    path = problem.path[:-1]
    message = parse(text).find(path)
    thoughts = _value(text, problem)
    if message is None or message.kind != "object" or not isinstance(thoughts, str):
        return None
    content = message.value.get("content") or ""
    if not isinstance(content, str) or THOUGHT_TAG.search(without_code(content)):
        return None
    if says_nothing(thoughts):
        return remove(text, problem.path)
    said = with_thoughts(thoughts, content)
    if "content" in message.value:
        text = replace_value(text, (*path, "content"), said)
    else:
        text = set_member(text, path, "content", said, after="role")
    return remove(text, problem.path)


def messages_of_transcript(text: str, problem: Problem) -> str | None:
    """Make messages of a transcript in which names begin the turns."""
    value = _value(text, problem)
    transcript = read_transcript(value) if isinstance(value, str) else None
    if transcript is None:
        return None
    messages = [turn.message() for turn in transcript.turns]
    return replace_value(text, problem.path, messages)


def openai_pair(text: str, problem: Problem) -> str | None:
    """Write a pair of open tools' as OpenAI's API takes it; what stands beside it stays."""
    del problem
    record = parse(text).value
    if not {"chosen", "rejected"} <= record.keys() or "input" in record:
        return None
    asked, answers, _tools = pair_messages(record)
    if "prompt" not in record:
        shared = 0
        first, second = answer_messages(record["chosen"]), answer_messages(record["rejected"])
        while shared < min(len(first), len(second)) and first[shared] == second[shared]:
            shared += 1
        asked, answers = first[:shared], [*first[shared:], *second[shared:]]
    roles = [answer.get("role") if isinstance(answer, dict) else None for answer in answers]
    if not asked or roles != ["assistant", "assistant"]:
        return None
    for key, new, value in (
        ("prompt", "input", {"messages": asked}),
        ("chosen", "preferred_output", [answers[0]]),
        ("rejected", "non_preferred_output", [answers[1]]),
    ):
        if key in record:
            text = rename_key(replace_value(text, (key,), value), (key,), new)
        else:
            text = set_member(text, (), new, value)
    return text


def take_out(text: str, problem: Problem) -> str | None:
    """Take out the member at the path of the problem."""
    return remove(text, problem.path)


def take_out_system(text: str, problem: Problem) -> str | None:
    """Take out a system message that says nothing, if nothing else stands in it."""
    path = problem.path[:-1] if problem.path[-1] == "content" else problem.path
    message = parse(text).find(path)
    if message is None or message.kind != "object" or not message.value.keys() <= _SAYS_NOTHING:
        return None
    return remove(text, path) if message.value.get("role") == "system" else None


_SAYS_NOTHING = frozenset({"role", "content"})


def take_out_nothing(text: str, problem: Problem) -> str | None:
    """Take out a member that holds nothing: null, or an empty list, object or text."""
    value = _value(text, problem)
    return remove(text, problem.path) if value in (None, "", [], {}) else None


def valid_name(text: str, problem: Problem) -> str | None:
    """Put _ for what a name may not hold."""
    value = _value(text, problem)
    if not isinstance(value, str):
        return None
    name = _FORBIDDEN.sub("_", value.strip()).strip("_")[:64]
    return replace_value(text, problem.path, name) if name else None


def whole_weight(text: str, problem: Problem) -> str | None:
    """Write a weight that can only mean 0 or 1 so; take out one that is null."""
    value = _value(text, problem)
    if value is None:
        return remove(text, problem.path)
    meant = {"true": 1, "1": 1, "1.0": 1, "false": 0, "0": 0, "0.0": 0}
    weight = meant.get(str(value).strip().lower())
    return None if weight is None else replace_value(text, problem.path, weight)


def move_to_beginning(text: str, problem: Problem) -> str | None:
    """Move the message to the beginning of the conversation."""
    number = problem.path[1]
    return move_item(text, ("messages",), number, 0) if isinstance(number, int) else None


def strip_blanks(text: str, problem: Problem) -> str | None:
    """Take the blanks around a text away, but not what alone tells the answers of a pair apart."""
    return _unless_answers_become_equal(_strip(text, problem), problem)


def take_off_end_marks(text: str, problem: Problem) -> str | None:
    """Take the marks of a template off the end of a text, as `strip_blanks` does with blanks."""
    return _unless_answers_become_equal(_without_end_marks(text, problem), problem)


def _unless_answers_become_equal(changed: str | None, problem: Problem) -> str | None:
    """A changed record; None if it is a pair whose answers are the same now."""
    if changed is None or problem.path[0] == "messages":
        return changed
    parts = [keys for part, keys in PAIR_PARTS.items() if part != "asked"]
    if not any(problem.path[0] in keys for keys in parts):
        return changed
    record = parse(changed).value
    preferred, other = (
        next((record[key] for key in keys if key in record), None) for keys in parts
    )
    return None if preferred == other else changed


def edit_text(change: Callable[[str], str]) -> Callable[[str, Problem], str | None]:
    """Make a fix that changes the text at the path of the problem."""

    def fix(text: str, problem: Problem) -> str | None:
        node = parse(text).find(problem.path)
        if node is None or node.kind != "string":
            return None
        changed = change(node.value)
        if changed == node.value:
            return None
        spelled = spelled_string(changed, text[node.start : node.end])
        return text[: node.start] + spelled + text[node.end :]

    return fix


_strip = edit_text(str.strip)
_without_end_marks = edit_text(without_end_marks)


def _value(text: str, problem: Problem) -> Any:
    node = parse(text).find(problem.path)
    return None if node is None else node.value


def right_media_type(text: str, problem: Problem) -> str | None:
    """Name the media type that an embedded picture has."""
    node = parse(text).find(problem.path)
    if node is None or node.kind != "string":
        return None
    seen = read_image_url(node.value)
    rest = node.value[node.value.index(";") :]
    return replace_value(text, problem.path, f"data:{seen.media_type}{rest}")


def turn_upright(text: str, problem: Problem) -> str | None:
    """Store a JPEG as it is to be shown, in place of a note that says how to turn it."""
    node = parse(text).find(problem.path)
    if node is None or node.kind != "string":
        return None
    head, _comma, encoded = node.value.partition(",")
    # Few pictures lie on their side, and it takes long to load.
    with importing("PIL", "PIL.Image", "PIL.ImageOps"):
        from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(base64.b64decode(encoded)), formats=("JPEG",)) as picture:
            upright = ImageOps.exif_transpose(picture)
            turned = io.BytesIO()
            upright.save(turned, "JPEG", quality=_QUALITY, subsampling=0)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return replace_value(
        text, problem.path, f"{head},{base64.b64encode(turned.getvalue()).decode('ascii')}"
    )


_QUALITY = 95
"""Of the JPEG that is written anew: no loss is seen."""


def auto_detail(text: str, problem: Problem) -> str | None:
    """Let the service choose the detail of an image."""
    return replace_value(text, problem.path, "auto")
