"""Answers that were asked for by a schema, and calls that were asked for."""

import json
import random
import re
import time

import jsonschema
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.training_server.conftest import TOOLS
from tokenizers import Tokenizer, decoders, models
from transformers import PreTrainedTokenizerFast

from tunedesk.training_server.inference.inference_engine import InferenceEngine
from tunedesk.training_server.inference.inference_types import (
    FREE,
    InferenceError,
    OutputFormat,
    SamplingParams,
)
from tunedesk.training_server.inference.structured_output import TokenTable, constraint_for
from tunedesk.training_server.inference.tool_calls import CallForm, call_form
from tunedesk.training_server.job_folder import STARTER
from tunedesk.training_server.training.chat_template import ChatTemplate
from tunedesk.training_server.training.starter import train_tokenizer

HELLO = [{"role": "user", "content": "Hello"}]


PERSON = {
    "type": "object",
    "properties": {
        "age": {"type": "integer", "minimum": 0, "maximum": 150},
        "kind": {"enum": ["guest", "member", None]},
    },
    "required": ["age", "kind"],
    "additionalProperties": False,
}


NODE = {
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "v": {"type": "boolean"},
                "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
            },
            "required": ["v", "next"],
            "additionalProperties": False,
        }
    },
    "$ref": "#/$defs/node",
}


SCHEMAS = [
    PERSON,
    NODE,
    {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
    {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 4},
    {"type": "string", "minLength": 2, "maxLength": 5},
    {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{4}$"},
    {"type": "string", "format": "date-time"},
    {"type": "string", "format": "made-up"},
    {"type": ["integer", "null"], "multipleOf": 7, "minimum": -70, "maximum": 70},
    {"type": "number", "exclusiveMinimum": 0, "maximum": 1.5},
    {"anyOf": [{"type": "boolean"}, {"const": {"a": [1, "é \\"]}}]},
    {"allOf": [{"type": "string", "maxLength": 3}, {"pattern": "^é"}]},
    {"type": "object", "additionalProperties": {"type": "boolean"}, "maxProperties": 2},
    {"type": "object", "patternProperties": {"^x": {"type": "null"}}, "minProperties": 1},
    {"type": "array", "prefixItems": [{"const": 1}, {"const": "2"}], "minItems": 2},
    {"enum": ["a\x1f", {"\x7f": "\u2028"}]},
    {"$schema": "http://json-schema.org/draft-07/schema#", "type": "boolean", "title": "Yes?"},
    {"type": "object", "properties": {"format": {"type": "string", "const": "zz"}}},
    {"type": "object", "x-guidance": {"lenient": True}, "properties": {"a": {"type": "null"}}},
]


def byte_fallback():
    """As those of Llama 2 and Gemma: blanks are marked, unknown letters are bytes."""
    letters = [chr(code) for code in range(33, 127)] + ["▁", "é"]
    words = ["<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *letters, '":', '▁"', "}▁"]
    core = Tokenizer(
        models.BPE({word: at for at, word in enumerate(words)}, [], byte_fallback=True)
    )
    parts = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    core.decoder = decoders.Sequence([*parts, decoders.Strip(" ", 1, 0)])
    return PreTrainedTokenizerFast(tokenizer_object=core, bos_token="<s>", eos_token="</s>")


def word_pieces():
    """As that of BERT: the beginnings of words are tokens apart."""
    letters = [chr(code) for code in range(33, 127)] + ["é"]
    words = ["[UNK]", "[SEP]", *letters, *(f"##{letter}" for letter in letters), "true", "##lse"]
    core = Tokenizer(
        models.WordPiece({word: at for at, word in enumerate(words)}, unk_token="[UNK]")
    )
    core.decoder = decoders.WordPiece()
    return PreTrainedTokenizerFast(tokenizer_object=core, unk_token="[UNK]", eos_token="[SEP]")


def whole_words():
    """One that has no more than a few words."""
    words = ["<unk>", "</s>", "{", "}", '"', "age", ":", ",", *"0123456789"]
    core = Tokenizer(models.WordLevel({word: at for at, word in enumerate(words)}, "<unk>"))
    return PreTrainedTokenizerFast(tokenizer_object=core, unk_token="<unk>", eos_token="</s>")


def table_of(tokenizer):
    # More than the tokenizer has, as in models whose number of tokens was rounded up.
    return TokenTable(tokenizer, len(tokenizer) + 5, frozenset([tokenizer.eos_token_id]))


TABLES = {
    "starter": table_of(train_tokenizer(['{"age": 12, "kind": "guest"}', "Grüße, été"])),
    "byte fallback": table_of(byte_fallback()),
    "word pieces": table_of(word_pieces()),
}


def held(schema, table, is_strict=True):
    output = OutputFormat(json_schema=schema, name="test", is_strict=is_strict)
    return constraint_for(output, (), lambda: None, table)


def written(constraint, seed, most=600):
    """What chance writes within a constraint; None if it comes to no end."""
    chance = random.Random(seed)
    text = b""
    for _step in range(most):
        if constraint.is_complete:
            return text.decode()
        allowed = constraint.mask().nonzero()[0].tolist()
        ends = [token for token in allowed if constraint.bytes_of(token) in (b"", b'"', b"}", b"]")]
        token = chance.choice(ends if ends and chance.random() < 0.4 else allowed)
        if constraint.bytes_of(token) == b"":
            return text.decode()
        constraint.accept(token)
        text += constraint.bytes_of(token)
    return None


@pytest.mark.parametrize("tokens", TABLES)
@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: json.dumps(schema)[:50])
def test_what_is_written_is_valid(schema, tokens):
    if tokens == "word pieces" and ("é " in str(schema) or "x7f" in str(schema)):
        # It has no blank, and no such letters.
        schema = {"const": ["é"]}
    ended = 0
    for seed in range(10):
        text = written(held(schema, TABLES[tokens]), seed)
        if text is not None:
            ended += 1
            jsonschema.validate(json.loads(text), schema)
    assert ended >= 5


NAMES = st.sampled_from(["a", "b", "é", 'q"', "long name", "\\"])


LEAVES = st.one_of(
    st.just({"type": "boolean"}),
    st.just({"type": "null"}),
    st.just({"type": ["string", "integer"]}),
    st.just({"type": "number"}),
    st.builds(
        lambda low, more: {"type": "integer", "minimum": low, "maximum": low + more},
        st.integers(-1000, 1000),
        st.integers(0, 500),
    ),
    st.builds(
        lambda low, more: {"type": "string", "minLength": low, "maxLength": low + more},
        st.integers(0, 5),
        st.integers(0, 5),
    ),
    st.sampled_from(["^a+b?$", "[0-9]{2}", "^(x|yy)*$"]).map(
        lambda pattern: {"type": "string", "pattern": pattern}
    ),
    st.lists(
        st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=4),
        min_size=1,
        max_size=4,
    ).map(lambda values: {"enum": values}),
)


def nested(inner):
    properties = st.dictionaries(NAMES, inner, max_size=3)
    objects = st.builds(
        lambda values, count, is_open: {
            "type": "object",
            "properties": values,
            "required": list(values)[:count],
            "additionalProperties": is_open,
        },
        properties,
        st.integers(0, 3),
        st.booleans(),
    )
    arrays = st.builds(
        lambda item, low, more: {
            "type": "array",
            "items": item,
            "minItems": low,
            "maxItems": low + more,
        },
        inner,
        st.integers(0, 2),
        st.integers(0, 2),
    )
    return objects | arrays | st.lists(inner, min_size=1, max_size=3).map(lambda of: {"anyOf": of})


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.recursive(LEAVES, nested, max_leaves=5), st.sampled_from(["starter", "byte fallback"]))
def test_every_schema_is_held_to(schema, tokens):
    text = written(held(schema, TABLES[tokens]), 1)
    if text is not None:
        jsonschema.validate(json.loads(text), schema)


@pytest.fixture(scope="module")
def engine():
    torch.set_num_threads(1)
    return InferenceEngine("cpu")


def ask(engine, output, tools=None, model=STARTER, **options):
    parameters = SamplingParams(**{"max_tokens": 400, "seed": 1, **options})
    tokens = list(engine.generate(model, HELLO, tools, parameters, output))
    text = "".join(token.text for token in tokens)
    calls = [call["function"] for token in tokens for call in token.tool_calls]
    return text, calls, tokens[-1].finish_reason


@pytest.mark.parametrize("family", [None, "llama", "qwen3", "gemma3", "plain"])
def test_models_answer_by_a_schema(engine, base_folder, family):
    model = STARTER if family is None else str(base_folder(family))
    output = OutputFormat(json_schema=PERSON, name="person", is_strict=True)
    said = set()
    for options in ({"temperature": 0}, {"seed": 1}, {"seed": 1}, {"seed": 2, "top_p": 0.5}):
        text, calls, reason = ask(engine, output, model=model, **options)
        assert (calls, reason) == ([], "stop")
        jsonschema.validate(json.loads(text), PERSON)
        said.add((options.get("seed"), text))
    assert len(said) == 3


def test_an_answer_that_is_cut_off_says_so(engine):
    output = OutputFormat(json_schema=PERSON)
    whole, _calls, _reason = ask(engine, output)
    text, _calls, reason = ask(engine, output, max_tokens=5)
    assert reason == "length"
    assert whole.startswith(text)
    assert len(text) == 5
    text, _calls, reason = ask(engine, output, stop=('"',))
    assert (text.strip(), reason) == ("{", "stop")


def test_an_object_that_names_its_properties_gets_no_others(engine):
    """Valid all the same; where several schemas are about one object, others have to be taken."""
    inner = {"type": "object", "properties": {"b": {"type": "boolean"}}, "required": ["b"]}
    schema = {"type": "object", "properties": {"a": {"$ref": "#/$defs/i"}}, "required": ["a"]}
    schema["$defs"] = {"i": inner}
    for seed in range(6):
        text, _calls, reason = ask(engine, OutputFormat(json_schema=schema), seed=seed)
        assert reason == "stop"
        assert re.sub(r"\s", "", text) in ('{"a":{"b":true}}', '{"a":{"b":false}}')
    other = {"type": "object", "properties": {"c": {"type": "null"}}, "required": ["c"]}
    both = {"allOf": [inner, other]}
    text = next(filter(None, (written(held(both, TABLES["starter"]), seed) for seed in range(20))))
    jsonschema.validate(json.loads(text), both)
    assert {"b", "c"} <= json.loads(text).keys()
    for open_schema in ({**inner, "minProperties": 2}, {**inner, "additionalProperties": True}):
        texts = [written(held(open_schema, TABLES["starter"]), seed) for seed in range(20)]
        assert any(len(json.loads(text)) > 1 for text in texts if text)


def test_any_object(engine):
    output = OutputFormat(json_schema={"type": "object"})
    texts = [ask(engine, output, seed=seed, max_tokens=300) for seed in range(12)]
    ended = [text for text, _calls, reason in texts if reason == "stop"]
    assert all(isinstance(json.loads(text), dict) for text in ended)
    assert all(text.startswith("{") for text, _calls, _reason in texts)


KINDS = [
    *TOOLS,
    {"type": "function", "function": {"name": "greet", "parameters": PERSON, "strict": True}},
    {"type": "function", "function": {"name": "stop"}},
]


@pytest.mark.parametrize("family", [None, "qwen3"])
def test_a_call_that_is_asked_for_is_made(engine, base_folder, family):
    model = STARTER if family is None else str(base_folder(family))
    for name, schema in (("greet", PERSON), ("stop", {"type": "object", "maxProperties": 0})):
        output = OutputFormat(must_call=True, function=name)
        text, calls, reason = ask(engine, output, KINDS, model)
        assert (text, reason) == ("", "tool_calls")
        assert [call["name"] for call in calls] == [name]
        jsonschema.validate(json.loads(calls[0]["arguments"]), schema)
    counts = set()
    for is_parallel in (True, False):
        for seed in range(4):
            output = OutputFormat(must_call=True, is_parallel=is_parallel)
            text, calls, reason = ask(engine, output, KINDS[1:], model, seed=seed, max_tokens=900)
            assert text == ""
            assert {call["name"] for call in calls} <= {"greet", "stop"}
            counts.add((is_parallel, len(calls)))
            assert reason == "tool_calls"
    assert [number for is_parallel, number in counts if not is_parallel] == [1]
    # The starter that has learnt nothing writes no line break, which would stand between two.
    assert (max(number for _is_parallel, number in counts) > 1) == (family is not None)
    output = OutputFormat(must_call=True, function="greet")
    for most in (1, 7, 30):
        assert ask(engine, output, KINDS, model, max_tokens=most) == ("", [], "length")


def test_an_answer_by_a_schema_beside_tools_is_a_call_or_fits(engine):
    output = OutputFormat(json_schema={**PERSON, "title": "x"}, is_parallel=False)
    kinds = set()
    for seed in range(8):
        text, calls, reason = ask(engine, output, KINDS[1:2], seed=seed)
        kinds.add(reason)
        assert bool(text) != bool(calls)
        jsonschema.validate(json.loads(text or calls[0]["arguments"]), PERSON)
    assert kinds == {"stop", "tool_calls"}


def test_strict_tools_are_kept_to_where_the_model_calls_by_itself():
    tools = [KINDS[1], TOOLS[0]]
    form = call_form(ChatTemplate(train_tokenizer(())))
    table = TABLES["starter"]

    def fits(text):
        constraint = constraint_for(FREE, tools, lambda: form, table)
        for letter in text:
            token = next(number for number in range(300) if table.of(number) == letter.encode())
            if not constraint.mask()[token]:
                return False
            constraint.accept(token)
        return True

    call = '<tool_call>\n{"name": "%s", "arguments": %s}\n</tool_call>'
    assert fits("Well, <tool> 1 < 2. " + call % ("greet", '{"age": 7, "kind": null}') + "\nDone")
    assert fits(call % ("find_order", '{"number": 3}'))
    assert not fits(call % ("greet", '{"age": "7"'))
    assert not fits(call % ("other", "{}"))
    assert constraint_for(FREE, TOOLS, lambda: form, table) is None
    unmarked = CallForm('{"name": ', ', "parameters": ', "}")
    assert constraint_for(FREE, tools, lambda: unmarked, table) is None


REFUSED = {
    "not": {"not": {"type": "string"}},
    "look-ahead": {"type": "string", "pattern": "(?=a)b"},
    "far reference": {"$ref": "https://example.com/schema.json"},
    "file": {"$ref": "file:///etc/hostname"},
    "no such part": {"$ref": "#/$defs/none"},
    "unknown type": {"type": "text"},
    "of no value": {"enum": []},
    "of itself": {"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"},
    "contradiction": {"allOf": [{"type": "string"}, {"type": "integer"}]},
    "open oneOf": {"oneOf": [{"type": "integer"}, {"type": "number"}]},
    "unique": {"type": "array", "uniqueItems": True},
    "not a schema": {"type": "object", "properties": []},
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_held_to_is_refused_in_a_sentence(case):
    with pytest.raises(InferenceError, match=r"^Invalid schema for response_format 'test': ") as no:
        held(REFUSED[case], TABLES["starter"])
    assert (no.value.code, no.value.param) == ("invalid_json_schema", "response_format")
    assert no.value.is_question
    assert len(str(no.value)) < 400
    assert "x-guidance" not in str(no.value)


@pytest.mark.parametrize("case", ["not", "open oneOf", "unique"])
def test_without_strict_what_can_be_held_to_is(case):
    text = written(held(REFUSED[case], TABLES["starter"], is_strict=False), 1)
    if text is not None:
        json.loads(text)


def chain(word, length=40):
    parts = {f"p{at}": {word: [{"$ref": f"#/$defs/p{at + 1}"}] * 2} for at in range(length)}
    return {"$defs": {**parts, f"p{length}": {"type": "null"}}, "$ref": "#/$defs/p0"}


def deep(levels):
    schema = {"type": "null"}
    for _level in range(levels):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


HARD = {
    "allOf": chain("allOf"),
    "anyOf": chain("anyOf"),
    "product": {
        "allOf": [
            {"anyOf": [{"properties": {f"{a}{b}": {"type": "null"}}} for b in range(9)]}
            for a in range(9)
        ]
    },
    "powers": {"type": "string", "pattern": "(((((a{30}){30}){30}){30}){30})"},
    "automaton": {"type": "string", "pattern": "^(a|b)*a(a|b){200}$"},
    "intersection": {
        "allOf": [{"type": "string", "pattern": f"^(.*a.{{{at}}})$"} for at in range(10, 30)]
    },
    "long text": {"type": "string", "minLength": 10**6, "maxLength": 10**9},
    "long list": {"type": "array", "minItems": 10**7, "items": {"type": "null"}},
    "numbers": {"type": "integer", "minimum": -(10**300), "maximum": 10**300},
    "multiple": {"type": "integer", "multipleOf": 99991},
    "properties": {"properties": {f"p{at}": {"type": "string"} for at in range(20000)}},
    "large": {"enum": [f"item {at}" * 5 for at in range(20000)]},
    "deep": deep(45),
    "deeper": deep(60),
    "deepest": deep(400),
}


@pytest.mark.parametrize("case", HARD)
def test_hard_schemas_end_in_time(case):
    """Held to or refused, each step of it within bounds."""
    begun = time.monotonic()
    said = ""
    try:
        written(held(HARD[case], TABLES["starter"]), 1, most=30)
    except InferenceError as error:
        said = str(error)
    assert len(said) < 400
    if case in ("properties", "large", "deeper", "deepest"):
        assert said.startswith("Invalid schema for response_format 'test': it ")
    # The library's bounds; so slow only where others compute beside it.
    assert time.monotonic() - begun < 25


def test_a_model_without_the_letters_says_so():
    table = table_of(whole_words())
    # Words are written without blanks between them here.
    schema = {"properties": {"age": {"type": "integer"}}, "required": ["age"], "type": "object"}
    schema["additionalProperties"] = False
    text = written(held(schema, table), 3)
    jsonschema.validate(json.loads(text), schema)
    with pytest.raises(InferenceError, match=r"no token that fits|no value can be"):
        written(held({"const": "xyz"}, table), 1)


def test_tools_with_schemas_that_cannot_be_held_to_are_named(engine):
    bad = {"name": "bad", "strict": True, "parameters": {"not": {}, "type": "object"}}
    tools = [*TOOLS, {"type": "function", "function": bad}]
    with pytest.raises(InferenceError, match="Invalid schema for function 'bad'") as no:
        ask(engine, OutputFormat(must_call=True), tools)
    assert no.value.code == "invalid_function_parameters"
    assert no.value.param == "tools[1].function.parameters"
    bad["parameters"] = {"type": "string"}
    with pytest.raises(InferenceError, match="its type must be 'object'"):
        ask(engine, OutputFormat(must_call=True), tools)
