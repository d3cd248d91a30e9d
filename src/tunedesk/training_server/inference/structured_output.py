"""Answers that keep to a JSON Schema, and calls of tools that are asked for, by masks over tokens.

llguidance reads a schema and says at each place which tokens may follow. It works on the bytes of
tokens, so it does for every tokenizer whose bytes `TokenBytes` knows. Schemas come from strangers:
what is built of one is bounded in size and in work, and nothing that one refers to is fetched.
"""

import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
from llguidance import LLMatcher, LLParserLimits, LLTokenizer, StructTag, TokenizerWrapper
from transformers import PreTrainedTokenizerBase

from tunedesk.training_server.inference.decoding import TokenBytes
from tunedesk.training_server.inference.inference_types import InferenceError, OutputFormat
from tunedesk.training_server.inference.tool_calls import TOOL_CALL, TOOL_CALL_END, CallForm
from tunedesk.training_server.thread_pools import ThreadPool

_COMPILE_SECONDS = 10.0
_MOST_CHARACTERS = 256_000
_DEEPEST = 100
"""Levels of lists and objects; the parser in llguidance takes 128, some of which we add."""

_COMPILING = ThreadPool("schemas", 4)
"""So that whoever asks can stop waiting; the bounds of the library end the work a little later."""

_MOST_CALLS = 16
"""Calls in one answer, where several may be made."""

_LIMITS = LLParserLimits(verbose_errors=False)
"""The library's own bounds of memory and work for each step; its errors without the schema."""

_WHITESPACE = r" ?|\r?\n[ \t]{0,60}"
"""One line, or lines that are indented: a model cannot write blanks for ever."""

_ESCAPES = '"\\bfnrt'
"""Without "u", which could write a known name so that it passes as an unknown one."""

_CONTROLS = re.compile(r"\\u00[01]|\x7f")
"""Letters in a schema that are written with "u" alone."""

_HEAD = '%llguidance {"no_forcing": true}\n'
"""The model chooses the tokens also where only one text is possible: it knows how it writes it."""

_NO_ARGUMENTS = {"type": "object", "properties": {}, "additionalProperties": False}


class TokenTable:
    """What a tokenizer's tokens write, as llguidance reads it; made when it is first needed."""

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, size: int, stops: frozenset[int]
    ) -> None:
        """Make it.

        Args:
            tokenizer: Knows the tokens.
            size: How many the model can choose from; some may be none of the tokenizer's.
            stops: Those that end an answer.
        """
        self._tokenizer = tokenizer
        self._size = size
        self._stops = sorted(stop for stop in stops if stop < size)
        self._lock = threading.Lock()

    @property
    def tokens(self) -> LLTokenizer:
        """The tokens for llguidance."""
        return self._made_once()[1]

    def prepare(self) -> None:
        """Make it now."""
        self._made_once()

    def of(self, token: int) -> bytes:
        """What a token writes; nothing for those that end an answer and the like."""
        return self._made_once()[0][token]

    def _made_once(self) -> tuple[list[bytes], LLTokenizer]:
        with self._lock:
            return self._made

    @cached_property
    def _made(self) -> tuple[list[bytes], LLTokenizer]:
        table = TokenBytes(self._tokenizer).table(min(len(self._tokenizer), self._size))
        table += [b""] * (self._size - len(table))
        marks = (TOOL_CALL.encode(), TOOL_CALL_END.encode())
        special = {
            token
            for token in {*self._tokenizer.all_special_ids, *self._stops}
            if token < self._size and table[token] not in marks
        }
        stops = self._stops or sorted(special)[:1]
        source = _TokenSource(table, sorted(special), stops[0])
        tokens = LLTokenizer(
            TokenizerWrapper(source),
            n_vocab=self._size,
            eos_token=stops,
            slices=LLTokenizer.json_slices(),
        )
        written = [b"" if token in special else own for token, own in enumerate(table)]
        return written, tokens


@dataclass(frozen=True)
class _TokenSource:
    """The tokens in the form that `TokenizerWrapper` asks for."""

    tokens: list[bytes]
    special_token_ids: list[int]
    eos_token_id: int
    bos_token_id: None = None

    def __call__(self, _text: bytes) -> list[int]:
        """The tokens of a text; asked only to hurry over forced text, which is not done here."""
        return []


class Constraint:
    """Says of one answer which tokens may come next."""

    def __init__(self, matcher: LLMatcher, table: TokenTable) -> None:
        self._matcher = matcher
        self._table = table

    @property
    def is_complete(self) -> bool:
        """Whether nothing can follow any more."""
        return self._matcher.is_stopped()

    def mask(self) -> npt.NDArray[np.bool_]:
        """For each token whether it may come next.

        Raises:
            InferenceError: None may, or the schema takes too much work here.
        """
        # One byte a token: 0, or another number where it may come.
        mask: npt.NDArray[np.bool_]
        mask = np.frombuffer(self._matcher.compute_logit_bias(), dtype=np.uint8) != 0
        if self._matcher.is_error() or not mask.any():
            self._refuse()
        return mask

    def accept(self, token: int) -> None:
        """Go on by a token that was chosen.

        Raises:
            InferenceError: The schema takes too much work here.
        """
        if not self._matcher.consume_token(token):
            self._refuse()

    def bytes_of(self, token: int) -> bytes:
        """What a token writes."""
        return self._table.of(token)

    def _refuse(self) -> NoReturn:
        said = _short(self._matcher.get_error())
        if not said or "NoExtension" in said:
            said = "the model has no token that fits here"
        raise InferenceError(
            f"The answer cannot go on within the schema: {said}.",
            "invalid_json_schema",
            is_question=True,
        )


def constraint_for(
    output: OutputFormat,
    tools: Sequence[Mapping[str, Any]],
    form: Callable[[], CallForm],
    table: TokenTable,
) -> Constraint | None:
    """What holds an answer to what was asked for; None if it is free.

    Args:
        output: What was asked for.
        tools: The tools that may be called.
        form: Gives the form in which the model calls them.
        table: The tokens of the model.

    Raises:
        InferenceError: A schema cannot be kept to, or takes too long to read.
    """
    is_free = output.json_schema is None and not output.must_call
    if is_free and not (any(map(_is_strict, tools)) and form().is_marked):
        return None

    def compiled() -> Constraint:
        grammar = _grammar(output, tools, form, table)
        matcher = LLMatcher(table.tokens, grammar, limits=_LIMITS, log_level=0)
        reason = _reason_against(matcher)
        if reason is not None:
            raise _unusable("what is asked for", reason, output.param)
        return Constraint(matcher, table)

    # Not within the time: it is the model's, once and for all that ask for something.
    table.prepare()
    try:
        return _COMPILING.submit(compiled).result(_COMPILE_SECONDS)
    except TimeoutError as error:
        reason = f"it takes longer than {_COMPILE_SECONDS:.0f} seconds to read"
        raise _unusable("what is asked for", reason, output.param) from error


def _grammar(
    output: OutputFormat,
    tools: Sequence[Mapping[str, Any]],
    form: Callable[[], CallForm],
    table: TokenTable,
) -> str:
    """What may be written, in llguidance's variant of Lark's grammars."""
    callable_tools = {
        _name(tool): _arguments(place, tool, table)
        for place, tool in enumerate(tools)
        if output.function in (None, _name(tool))
    }
    most = _MOST_CALLS if output.is_parallel and output.function is None else 1
    if output.must_call:
        return f"{_HEAD}start: calls\n{_calls(callable_tools, form(), most)}"
    if output.json_schema is None:
        return _calls_in_text(callable_tools, form())
    what = f"response_format '{output.name}'"
    schema = _usable(output.json_schema, output.is_strict, table, what, output.param)
    answer = f"answer: %json {schema}\n"
    if not callable_tools:
        return f"{_HEAD}start: answer\n{answer}"
    return f"{_HEAD}start: calls | answer\n{answer}{_calls(callable_tools, form(), most)}"


def _calls(tools: Mapping[str, str], form: CallForm, most: int) -> str:
    """The rule `calls`: calls of tools, by their names and the schemas of their arguments."""
    more = "" if most < 2 or not form.is_marked else f' ("\\n" call){{0,{most - 1}}}'
    rules = [f"calls: call{more}", "call: " + " | ".join(f"call_{n}" for n in range(len(tools)))]
    for number, (name, schema) in enumerate(tools.items()):
        before = json.dumps(f"{form.before}{json.dumps(name)}{form.between}")
        rules.append(f"call_{number}: {before} %json {schema} {json.dumps(form.after)}")
    return "\n".join(rules) + "\n"


def _calls_in_text(tools: Mapping[str, str], form: CallForm) -> str:
    """Any text, in which a call is one of a tool that there is."""
    tags = [
        StructTag(
            trigger=TOOL_CALL,
            begin=f"{form.before}{json.dumps(name)}{form.between}",
            grammar=schema,
            end=form.after,
        )
        for name, schema in tools.items()
    ]
    grammar = StructTag.to_grammar(tags, assume_special=False)
    return _HEAD + grammar.partition("\n")[2]


def _name(tool: Mapping[str, Any]) -> str:
    return str(tool["function"]["name"])


def _is_strict(tool: Mapping[str, Any]) -> bool:
    return tool["function"].get("strict") is True


def _arguments(place: int, tool: Mapping[str, Any], table: TokenTable) -> str:
    """The schema of the arguments of a tool."""
    given = tool["function"].get("parameters")
    schema = given if isinstance(given, Mapping) else _NO_ARGUMENTS
    if not schema.keys() & {"type", "$ref", "anyOf", "oneOf", "allOf"}:
        schema = {**schema, "type": "object"}
    param, what = f"tools[{place}].function.parameters", f"function '{_name(tool)}'"
    if schema.get("type", "object") != "object":
        raise _unusable(what, "arguments are an object, so its type must be 'object'", param)
    return _usable(schema, _is_strict(tool), table, what, param)


def _usable(
    schema: Mapping[str, Any], is_strict: bool, table: TokenTable, what: str, param: str
) -> str:
    """A schema as llguidance takes it.

    What it cannot hold an answer to is passed over where that was not asked for in earnest: so
    OpenAI does with schemas that are not strict.

    Raises:
        InferenceError: It cannot be kept to.
    """
    if _is_too_deep(schema):
        raise _unusable(what, f"it is nested deeper than {_DEEPEST} levels", param)
    known = _without_unknown_formats(schema)
    escapes = _ESCAPES
    if _CONTROLS.search(json.dumps(known, ensure_ascii=False)):
        escapes += "u"
    ways = [(known, False)]
    if not _is_composed(known):
        # What is closed where it could be open is valid all the same.
        ways.insert(0, (_closed(known), False))
    if not is_strict:
        ways.append((known, True))
    reason = ""
    for variant, is_lenient in ways:
        options = {
            "whitespace_pattern": _WHITESPACE,
            "json_allowed_escapes": escapes,
            "lenient": is_lenient,
            "coerce_one_of": is_lenient,
        }
        text = json.dumps({**variant, "x-guidance": options})
        if len(text) > _MOST_CHARACTERS:
            raise _unusable(what, f"it has more than {_MOST_CHARACTERS:,} characters", param)
        grammar = f"{_HEAD}start: %json {text}\n"
        matcher = LLMatcher(table.tokens, grammar, limits=_LIMITS, log_level=0)
        found = _reason_against(matcher)
        if found is None:
            return text
        if variant is known and not is_lenient:
            reason = found
    raise _unusable(what, reason, param)


def _reason_against(matcher: LLMatcher) -> str | None:
    """Why nothing can be written by a grammar; None if something can."""
    if not matcher.is_error():
        # What is true of no value shows only where the first token is looked for.
        matcher.compute_logit_bias()
    if not matcher.is_error():
        is_dead = matcher.is_stopped() and not matcher.is_accepting()
        return "no value can be valid" if is_dead else None
    error = matcher.get_error()
    if "NoExtension" in error:
        return "no value can be valid"
    # Without where in the grammar it is, and the grammar.
    said = _PLACE.sub("", error)
    return said.replace("Unimplemented keys:", "an answer cannot be held to the keywords")


_PLACE = re.compile(
    r"\Aat \d+\(\d+\): (failed to compile JSON schema: )?|\s*\n\s*1 \| .*", re.DOTALL
)


def _is_too_deep(schema: Mapping[str, Any]) -> bool:
    level: list[Any] = [schema]
    for _depth in range(_DEEPEST):
        level = [
            inner
            for value in level
            for inner in (value.values() if isinstance(value, Mapping) else value)
            if isinstance(inner, Mapping | list)
        ]
        if not level:
            return False
    return True


_FORMATS = frozenset(
    {
        "date",
        "date-time",
        "duration",
        "email",
        "hostname",
        "ipv4",
        "ipv6",
        "time",
        "uri",
        "uuid",
    }
)
_VALUES = frozenset({"const", "default", "enum", "examples"})
_NAMED = frozenset({"$defs", "definitions", "dependentSchemas", "patternProperties", "properties"})


def _mapped(schema: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """The schema with all schemas in it changed, the inner ones first."""
    if isinstance(schema, list):
        return [_mapped(each, change) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    made: dict[str, Any] = {}
    for key, value in schema.items():
        if key in _VALUES:
            made[key] = value
        elif key in _NAMED and isinstance(value, Mapping):
            made[key] = {name: _mapped(each, change) for name, each in value.items()}
        else:
            made[key] = _mapped(value, change)
    return change(made)


def _without_unknown_formats(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema without the formats that llguidance refuses for it does not know them.

    A format that is not known is a remark (JSON Schema 2020-12, Validation, 7.2.1).
    """

    def change(inner: dict[str, Any]) -> dict[str, Any]:
        form = inner.get("format")
        if isinstance(form, str) and form not in _FORMATS:
            del inner["format"]
        return inner

    changed: dict[str, Any] = _mapped(schema, change)
    return changed


def _closed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema in which an object that names properties has no others, if it does not say so.

    Small models would make up names without end, which OpenAI's never do.
    """

    def change(inner: dict[str, Any]) -> dict[str, Any]:
        if inner.get("properties") and not inner.keys() & _ABOUT_OTHERS:
            inner["additionalProperties"] = False
        return inner

    changed: dict[str, Any] = _mapped(schema, change)
    return changed


_ABOUT_OTHERS = frozenset({"additionalProperties", "minProperties", "patternProperties"})
_COMPOSING = frozenset({"allOf", "anyOf", "oneOf", "$ref", "if", "not"})


def _is_composed(schema: Mapping[str, Any]) -> bool:
    """Whether one object may have to be valid by several schemas, each with names of its own."""
    found = False

    def look(inner: dict[str, Any]) -> dict[str, Any]:
        nonlocal found
        keys = inner.keys()
        is_mixed = "properties" in keys and bool(keys & _COMPOSING)
        found = found or is_mixed or bool(keys & {"allOf", "if", "not", "dependentSchemas"})
        return inner

    _mapped(schema, look)
    return found


def _unusable(what: str, reason: str, param: str) -> InferenceError:
    return InferenceError(
        f"Invalid schema for {what}: {_short(reason).rstrip('.')}.",
        "invalid_json_schema" if not param.startswith("tools") else "invalid_function_parameters",
        is_question=True,
        param=param,
    )


def _short(text: str) -> str:
    return " ".join(text.split())[:300]
