"""What to say of each problem: a title, a sentence and what to do, in plain words.

The sentences are made from code and parameters when they are shown, never stored. They are written
for people who know their subject and not programming.
"""

from functools import cache
from typing import Any

from tunedesk.checks.messages.content_messages import image_messages, text_messages
from tunedesk.checks.messages.example_messages import (
    conversation_messages,
    tool_messages,
)
from tunedesk.checks.messages.kind_messages import kind_messages
from tunedesk.checks.problem import Problem, ProblemMessage, SetProblem
from tunedesk.examples.kinds.registry import kind_named
from tunedesk.i18n import _


@cache
def file_messages() -> dict[str, ProblemMessage]:
    """The messages by code."""
    return {
        "encoding_guessed": ProblemMessage(
            _("The encoding was guessed"),
            _("The file does not say how its letters are stored; {encoding} was guessed."),
            _("Look at accented letters in a few rows. An export is written as UTF-8."),
        ),
        "encoding_not_utf8": ProblemMessage(
            _("Not UTF-8"),
            _("The file is stored as {encoding}; services expect UTF-8."),
            _("Nothing to do here: it was read rightly, and an export is written as UTF-8."),
        ),
        "byte_order_mark": ProblemMessage(
            _("Byte order mark"),
            _("The file begins with an invisible byte order mark, which some readers refuse."),
            _("Nothing to do here: an export is written without it."),
        ),
        "blank_line": ProblemMessage(
            _("Blank line"),
            _("A blank line stands between the rows."),
            _("Nothing to do here: an export is written without blank lines."),
        ),
        "line_ends": ProblemMessage(
            _("Line ends of another kind"),
            _("The lines end in another way than services expect."),
            _("Nothing to do here: an export is written with the usual line ends."),
        ),
        "comma_between_rows": ProblemMessage(
            _("Commas between rows"),
            _("A comma stands after the row; in this format rows have nothing between them."),
            _("Nothing to do here: an export is written without the commas."),
        ),
        "container_array": ProblemMessage(
            _("All rows in one list"),
            _("The rows stand in one list in brackets; services expect one row a line."),
            _("Nothing to do here: an export is written with one row a line."),
        ),
        "record_over_lines": ProblemMessage(
            _("Row spread over several lines"),
            _("The row is spread over several lines; services expect each row in one line."),
            _("Nothing to do here: an export is written with one row a line."),
        ),
        "record_too_long": ProblemMessage(
            _("Row that is too long"),
            _("The row has {megabytes} MB; rows of over {limit_megabytes} MB are not read."),
            _("It was left out. Split it, or look whether line ends are missing in the file."),
        ),
        "row_without_text": ProblemMessage(
            _("Row without a conversation"),
            _("The row has no text in the columns of the conversation."),
            _("It was left out. Fill it in, or choose other columns, and import the table again."),
        ),
        "quote_not_closed": ProblemMessage(
            _("Quotation mark that is not closed"),
            _("A quotation mark opens a cell and none closes it."),
            _("The rest was read as it stands: look at the rows from here on."),
        ),
        "messages_bare": ProblemMessage(
            _("Messages without their frame"),
            _("The row is a bare list of messages; “messages” around it is missing."),
            _("It was read as a conversation, and an export is written with the frame."),
        ),
        "bytes_not_text": ProblemMessage(
            _("Damaged text"),
            _("The row holds bytes that are not text."),
            _("Get the file again from where it came, or delete the row."),
        ),
        "not_json": ProblemMessage(
            _("Not readable as JSON"),
            _("The row cannot be read, from column {column} of its line {line}: it is not JSON."),
            _("Fix it in the Raw JSON tab, or leave it out of the export."),
            {
                "empty": _("The row is empty."),
                "unexpected_end": _(
                    "The row breaks off at column {column}: it was cut, or a bracket is missing."
                ),
                "unterminated_string": _(
                    "A text that begins at column {column} never ends: the row was cut off, or a "
                    "quotation mark is missing."
                ),
                "bad_escape": _(
                    "At column {column} a backslash stands before something it cannot stand before."
                ),
                "bad_number": _("At column {column} stands something that JSON does not know."),
                "python_literal": _(
                    "At column {column} stands True, False or None, as Python writes it; JSON has "
                    "true, false and null."
                ),
                "single_quotes": _(
                    "At column {column} stands a single quotation mark; JSON needs double ones."
                ),
                "bare_quote": _(
                    "At column {column} a quotation mark stands inside a text; it must be written "
                    '\\".'
                ),
                "bare_quote_further_down": _(
                    "At column {column} of its line {line} a quotation mark stands inside a text; "
                    'it must be written \\".'
                ),
                "missing_comma": _("At column {column} a comma is missing."),
                "curly_quotes": _(
                    "At column {column} stands a curly quotation mark; JSON needs straight ones."
                ),
                "expected_key": _("At column {column} a name in quotation marks is missing."),
                "expected_colon": _("At column {column} a colon is missing."),
                "expected_comma": _("At column {column} a comma or a closing bracket is missing."),
                "trailing_comma": _("At column {column} stands a comma before a closing bracket."),
                "extra_text": _("From column {column} on, something stands behind the row."),
            },
        ),
        "merge_marker": ProblemMessage(
            _("Marks of an unfinished merge"),
            _("A Git merge left its mark here: the rows around it are two versions; keep one."),
            _("Choose a version: the rows of the other one and the marks are deleted."),
            {
                "whole": _(
                    "A Git merge left its marks: lines {first} to {last} are two versions, parted "
                    "at line {middle}; keep one."
                ),
                "whole_of_three": _(
                    "A Git merge left its marks: lines {first} to {last} are three versions, the "
                    "middle one (lines {base} to {middle}) from before both; keep one."
                ),
            },
        ),
        "not_an_object": ProblemMessage(
            _("Not an example"),
            _("The row is {type}; an example is an object in braces."),
            _("Fix it in the Raw JSON tab, or leave it out of the export."),
        ),
        "not_a_number": ProblemMessage(
            _("NaN or Infinity"),
            _("At column {column} stands NaN or Infinity, which JSON does not know."),
            _("Replace it by a number or by null in the Raw JSON tab."),
        ),
        "control_character_raw": ProblemMessage(
            _("Raw tab or line break in a text"),
            _("At column {column} a tab, line break or the like stands raw inside a text."),
            _("Fix it to write the character in the way that JSON asks for."),
            {
                "line_break": _(
                    "From column {column} on, {count} line breaks stand raw inside texts; JSON "
                    "writes them \\n."
                ),
                "lines": _(
                    "A line break stands raw inside a text, lines {first} to {last}; JSON writes "
                    "it \\n."
                ),
                "one_line_break": _(
                    "At column {column} a line break stands raw inside a text; JSON writes it \\n."
                ),
            },
        ),
        "nested_too_deep": ProblemMessage(
            _("Nested too deep"),
            _("The row nests objects or lists over 512 levels deep."),
            _("Such a row is mostly a mistake: leave it out of the export."),
        ),
        "duplicate_key": ProblemMessage(
            _("A name stands twice"),
            _("“{key}” stands twice in one object; readers keep only one of the two."),
            _("Look at both in the Raw JSON tab and delete one."),
        ),
        "lone_surrogate": ProblemMessage(
            _("Half a character"),
            _("The text holds half a character, mostly of a broken emoji; readers fail on it."),
            _("Delete the broken character, or write it again."),
            {
                "message": _(
                    "Message {n} holds half a character, mostly of a broken emoji; readers fail "
                    "on it."
                )
            },
        ),
        "schema_mismatch": ProblemMessage(
            _("Not of the expected form"),
            _("The example does not have the form that services expect."),
            _("Look at the place in the Raw JSON tab."),
            {
                "type": _("“{at}” is {type}; services expect {expected}."),
                "required": _("“{at}” is missing; services expect it."),
                "additionalProperties": _("Services do not know “{at}”."),
                "enum": _("“{at}” is not one of the values that services know: {expected}."),
                "const": _("“{at}” is not what services expect: {expected}."),
                "minItems": _("“{at}” has too few entries: the least is {expected}."),
                "maxItems": _("“{at}” has too many entries: the most is {expected}."),
            },
        ),
    }


@cache
def set_messages() -> dict[str, ProblemMessage]:
    """The messages by code; that of too few examples for a service is the one of OpenAI."""
    return {
        "too_few_examples": ProblemMessage(
            _("Too few examples"),
            _("Training file has {count} example(s), but must have at least {limit} examples"),
            _("Write or import more examples."),
            {
                "here": _("There are {count} examples; at least {limit} are needed to train."),
                "here_one": _("There is 1 example; at least {limit} are needed to train."),
            },
        ),
        "few_examples": ProblemMessage(
            _("Few examples"),
            _("There are {count} examples; {limit} to 100 good ones are advised to begin with."),
            _("Write or import more examples."),
        ),
        "duplicate_examples": ProblemMessage(
            _("The same example more than once"),
            _("The same example stands here {count} times."),
            _("Keep one and delete the others."),
        ),
        "mostly_copies": ProblemMessage(
            _("Most examples are copies"),
            _("Distinct examples: {distinct} of {count}; the other {copies} are copies of them."),
            _("Keep one of each and delete the others."),
            {"one": _("Distinct examples: {distinct} of {count}; the other is a copy.")},
        ),
        "alike_examples": ProblemMessage(
            _("The same but for spelling"),
            _("{count} examples are the same but for accents, blanks or capitals."),
            _("Keep one and delete the others, unless the model shall learn such spellings."),
        ),
        "alike_not_searched": ProblemMessage(
            _("Not searched for copies in another spelling"),
            _(
                "In a project of over {limit} examples, those that are the same but for spelling "
                "are not looked for."
            ),
            _("Export them, and let “tunedesk check” look through the file."),
            {
                "pairs": _(
                    "In a project of over {limit} pairs, those that contradict each other are not "
                    "looked for."
                ),
            },
        ),
        "pairs_contradict": ProblemMessage(
            _("Preferred here, rejected there"),
            _("An answer is preferred in one of these {count} pairs and rejected in another."),
            _("Decide which answer is the better one, and keep the pairs that say so."),
        ),
        "pair_lengths": ProblemMessage(
            _("Preferred answers of another length"),
            _("The preferred answers are of another length than the others."),
            _("Models learn length first: have pairs in which the other length is preferred too."),
            {
                "longer": _("On average the preferred answers are {percent} % longer."),
                "shorter": _("On average the preferred answers are {percent} % shorter."),
            },
        ),
        "some_without_system": ProblemMessage(
            _("Some without a system message"),
            _("{without} of {count} examples lack a system message; the others have one."),
            _("Give them the system message of the others, if they are meant to be used alike."),
            {"one": _("One of {count} examples lacks a system message; the others have one.")},
        ),
        "same_question_different_answers": ProblemMessage(
            _("Same question, different answers"),
            _("The same question has {answers} different answers in {count} examples."),
            _("Keep the best answer, unless variety is what the model shall learn."),
        ),
        "similar_system_prompts": ProblemMessage(
            _("System prompts that are almost the same"),
            _("{count} system prompts are almost the same, such as “{first}” and “{second}”."),
            _("Use one system prompt for all if they are meant to be the same."),
        ),
    }


@cache
def _messages() -> dict[str, ProblemMessage]:
    tables = (
        file_messages(),
        conversation_messages(),
        kind_messages(),
        tool_messages(),
        text_messages(),
        image_messages(),
        set_messages(),
    )
    return {code: message for table in tables for code, message in table.items()}


def _message(code: str) -> ProblemMessage:
    """The message of a code; a general one for what only a newer Tunedesk knows."""
    return _messages().get(code) or ProblemMessage(
        _("Found by a newer Tunedesk ({code})").format(code=code[:60]),
        _("A newer Tunedesk found something here that this one does not know."),
        _("Install the newest version, or check all examples anew (F5) with this one."),
    )


def title(code: str) -> str:
    """A few words for the rule."""
    return _message(code).title


def advice(code: str) -> str:
    """What to do about problems of this code."""
    return _message(code).advice


def sentence(problem: Problem | SetProblem) -> str:
    """What is wrong, in one sentence."""
    message = _message(problem.code)
    parameters = problem.parameters
    template = message.variants.get(str(parameters.get("reason", parameters.get("where"))))
    try:
        return (template or message.sentence).format_map(_Values(problem))
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError):
        # The project file holds other parameters: it is damaged, or another Tunedesk's.
        return message.title


class _Values(dict[str, Any]):
    """The values for a sentence: the parameters in words, and what follows from the path."""

    def __init__(self, problem: Problem | SetProblem) -> None:
        super().__init__({name: _shown(name, value) for name, value in problem.parameters.items()})
        path = problem.path if isinstance(problem, Problem) else ()
        # In a pair the messages stand one level deeper: /input/messages/0.
        number = next((step + 1 for step in path[1:3] if isinstance(step, int)), 1)
        self["n"] = number
        self["before"] = number - 1
        self["tool_number"] = number
        parameters = problem.parameters
        if "bytes" in parameters and "limit" in parameters:
            self["megabytes"] = f"{parameters['bytes'] / 2**20:.1f}"
            self["limit_megabytes"] = f"{parameters['limit'] / 2**20:.0f}"
        # The type of a picture or a part is a name of the data, no type of JSON.
        named = parameters.get("type")
        self["media"] = self["type_name"] = named or _("unknown")

    def __missing__(self, name: str) -> str:
        return "…"


@cache
def _type_names() -> dict[str, str]:
    """The names of the types of JSON values."""
    return {
        "null": _("nothing (null)"),
        "boolean": _("true or false"),
        "number": _("a number"),
        "integer": _("a whole number"),
        "string": _("a text"),
        "array": _("a list"),
        "object": _("an object"),
    }


@cache
def _role_names() -> dict[str, str]:
    """The names of roles, as parts of a sentence."""
    return {
        "system": _("system"),
        "user": _("user"),
        "assistant": _("assistant"),
        "tool": _("tool"),
        "function": _("function"),
        "developer": _("developer"),
    }


def _shown_types(types: list[str]) -> str:
    """The types of which a value may have any: "a text or nothing (null)"."""
    names = [_type_names().get(each, each) for each in types]
    shown = names[-1] if names else "…"
    for name in reversed(names[:-1]):
        shown = _("{one} or {other}").format(one=name, other=shown)
    return shown


_POSITIONS = ("line", "column", "first", "middle", "last")


def _shown(name: str, value: Any) -> str:
    if name == "type" and isinstance(value, str):
        return _type_names().get(value, value)
    if name == "expected" and isinstance(value, list):
        return _shown_types([str(each) for each in value])
    if name == "at" and not value:
        return _("the whole")
    if name == "role" and isinstance(value, str):
        return _role_names().get(value, value)
    if name == "kind" and isinstance(value, str):
        return kind_named(value).title()
    if name in ("role", "tool") and not value:
        return _("unknown")
    if isinstance(value, bool) or value is None:
        return str(value).lower() if value is not None else "null"
    if isinstance(value, int) and name not in _POSITIONS:
        return f"{value:,}"
    return str(value)
