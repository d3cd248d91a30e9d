"""Both schema libraries come to one verdict, and the rules name exactly what the schema refuses."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunedesk.catalogue.targets import target
from tunedesk.checks.conversation_rules import check_conversation
from tunedesk.checks.kinds.preference import check_pair
from tunedesk.checks.messages.sentences import sentence
from tunedesk.checks.parse_record import parse_carefully
from tunedesk.checks.schema import OwnSchema, SchemaError, is_valid, reasons
from tunedesk.examples.kinds.conversation import role_letters
from tunedesk.paths import resource

SCHEMAS = sorted(path.stem for path in resource("schemas").glob("*.json"))

# The codes of the rules that concern the shape, which is what a schema can say.
SHAPE = {
    "content_list_of_texts",
    "parts_under_value",
    "image_part_foreign",
    "single_message",
    "templated_row",
    "messages_missing",
    "messages_not_a_list",
    "messages_empty",
    "message_not_an_object",
    "key_misplaced",
    "parallel_tool_calls_invalid",
    "role_missing",
    "role_not_text",
    "role_unknown",
    "role_developer",
    "content_missing",
    "content_null",
    "content_not_text",
    "content_list_empty",
    "parts_where_text_required",
    "part_not_an_object",
    "part_type_unknown",
    "part_text_missing",
    "refusal_not_text",
    "name_not_text",
    "name_empty",
    "name_invalid",
    "weight_invalid",
    "weight_misplaced",
    "image_misplaced",
    "image_url_missing",
    "image_detail_invalid",
    "tools_not_a_list",
    "tool_invalid",
    "tool_name_invalid",
    "tool_calls_not_a_list",
    "tool_call_invalid",
    "arguments_not_text",
    "tool_call_id_missing",
    "function_call_invalid",
}

_odd = st.sampled_from([None, True, False, 0, 1, 1.0, 2, 0.5, "", "text", [], {}, ["x"], {"a": 1}])
_names = st.sampled_from(["anna", "a b", "", "x" * 65, "oven\n"]) | _odd
_call = st.fixed_dictionaries(
    {},
    optional={
        "id": st.just("c1") | _odd,
        "type": st.just("function") | _odd,
        "function": st.fixed_dictionaries(
            {}, optional={"name": st.just("oven") | _odd, "arguments": st.just("{}") | _odd}
        )
        | _odd,
    },
)
_good_call = st.just({"id": "c1", "type": "function", "function": {"name": "o", "arguments": "{}"}})
_part = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["text", "image_url", "audio"]) | _odd,
        "text": st.just("hello") | _odd,
        "image_url": st.fixed_dictionaries(
            {"url": st.just("https://example.org/a.png") | _odd},
            optional={"detail": st.just("low") | _odd},
        )
        | _odd,
    },
)
_content = st.just("Hello") | _odd | st.lists(_part, max_size=2)
_tool = st.fixed_dictionaries(
    {},
    optional={
        "type": st.just("function") | _odd,
        "function": st.fixed_dictionaries(
            {},
            optional={
                "name": _names,
                "description": _odd,
                "parameters": st.just({"type": "object"}) | _odd,
                "strict": _odd,
            },
        )
        | _odd,
    },
)
_message = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "user", "assistant", "tool", "function"])},
    optional={
        "content": _content,
        "name": _names,
        "weight": _odd,
        "refusal": _odd,
        "tool_calls": st.lists(_call | _good_call, max_size=2) | _odd,
        "function_call": st.just({"name": "o", "arguments": "{}"}) | _odd,
        "tool_call_id": st.just("c1") | _odd,
        "other": _odd,
    },
)
_half_good = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "user", "assistant"]), "content": _content},
    optional={"name": _names},
)
_wild = st.fixed_dictionaries({}, optional={"role": st.just("developer") | _odd, "content": _odd})
_record = st.fixed_dictionaries(
    {},
    optional={
        "messages": st.lists(_message | _half_good | _wild | _odd, max_size=2) | _odd,
        "tools": st.lists(_tool | _odd, max_size=2) | _odd,
        "parallel_tool_calls": _odd,
    },
)


@settings(max_examples=3000)
@given(_record)
def test_the_two_libraries_and_the_rules_agree(record):
    verdict = is_valid("chat", record)
    assert verdict == (reasons("chat", record) == [])
    messages = record.get("messages")
    roles = role_letters(messages) if isinstance(messages, list) else ""
    codes = {problem.code for problem in check_conversation(record, roles, target("openai"))}
    assert "schema_mismatch" not in codes
    assert verdict == (not codes & SHAPE), codes & SHAPE or reasons("chat", record)


_output = st.lists(_half_good, max_size=2) | _odd
_pair = st.fixed_dictionaries(
    {},
    optional={
        "input": st.fixed_dictionaries({}, optional={"messages": st.lists(_half_good) | _odd}),
        "preferred_output": _output,
        "non_preferred_output": _output,
        "prompt": st.just("Hello") | _odd,
        "completion": st.just("Hello") | _odd,
        "messages": st.lists(_half_good | _odd, max_size=3),
    },
)


@settings(max_examples=1000)
@given(_pair, st.sampled_from(SCHEMAS))
def test_the_two_libraries_agree_on_every_format(record, name):
    assert is_valid(name, record) == (reasons(name, record) == [])


def test_both_agree_on_the_samples(all_faults):
    for fault, text in all_faults:
        record = parse_carefully(text).record
        if record is not None and fault["code"] != "lone_surrogate":
            assert is_valid("chat", record) == (reasons("chat", record) == [])


def test_good_records_of_the_other_formats():
    answer = [{"role": "assistant", "content": "Yes."}]
    asked = {"messages": [{"role": "user", "content": "Open?"}]}
    pair = {"input": asked, "preferred_output": answer, "non_preferred_output": answer}
    assert is_valid("preference", pair)
    assert is_valid("reinforcement", {**asked, "reference_answer": "Yes."})
    assert is_valid("prompt_completion", {"prompt": "a", "completion": "b"})
    assert not is_valid("prompt_completion", {"prompt": "a"})


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "objekt"},
        {"properties": 5},
        {"pattern": "(("},
        {"$ref": "https://example.org/schema.json"},
        {"properties": {"a": {"$ref": "file:///etc/passwd"}}},
        {"$ref": "#/$defs/missing"},
    ],
)
def test_a_tool_schema_that_is_none_or_leads_outside_is_refused(schema):
    with pytest.raises(SchemaError):
        OwnSchema(schema)


def test_a_tool_schema_gives_reasons():
    schema = OwnSchema({"properties": {"degrees": {"type": "integer"}}, "required": ["degrees"]})
    assert schema.is_valid({"degrees": 180})
    (reason,) = schema.reasons({"degrees": "hot"})
    assert (reason.path, reason.keyword) == (("degrees",), "type")


def test_a_tool_schema_in_a_circle_ends():
    schema = OwnSchema({"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"})
    assert schema.reasons({}) == []


def test_half_a_character_in_a_key_stops_nothing():
    record = {"messages": [{"role": "user", "content": "a", "\ud800": 1}], "\udfff": 2}
    assert not is_valid("chat", {"messages": 5, **record, "tools": 5})
    assert is_valid("chat", record) == (reasons("chat", record) == [])
    schema = OwnSchema({"properties": {"degrees": {"type": "integer"}}})
    assert schema.is_valid({"\ud800": 1})
    assert [reason.path for reason in schema.reasons({"\ud800": 1, "degrees": "hot"})] == [
        ("degrees",)
    ]


def _words(schema, value):
    """What is said of arguments that do not fit a tool's parameters."""
    record = {
        "messages": [
            {"role": "user", "content": "How hot is it?"},
            {
                "role": "assistant",
                "tool_calls": [
                    {
                        "id": "x",
                        "type": "function",
                        "function": {"name": "f", "arguments": json.dumps(value)},
                    }
                ],
            },
        ],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": schema}}],
    }
    found = check_conversation(record, "ua", target("openai"))
    return [sentence(problem) for problem in found if problem.code == "arguments_do_not_fit"]


@pytest.mark.parametrize(
    ("schema", "value", "words"),
    [
        ({"type": "integer"}, None, "is nothing (null); its parameters ask for a whole number."),
        ({"type": ["string", "null"]}, True, "is true or false; its parameters ask for "),
        ({"enum": ["one", 2, None]}, "three", "allow: one, 2, null."),
        ({"const": "x"}, "y", "allow: x."),
        ({"minimum": 3}, 1, "is less than 3,"),
        ({"maximum": 3}, 4, "is more than 3,"),
        ({"minItems": 1}, [], "has too few entries: the least is 1."),
        ({"maxItems": 1}, [1, 2], "has too many entries: the most is 1."),
        ({"minLength": 1}, "", "is too short: the least is 1 characters."),
        ({"maxLength": 1}, "ab", "is too long: the most is 1 characters."),
        ({"pattern": "^z"}, "ab", "ask for: ^z."),
        ({"anyOf": [{"type": "string"}]}, 1, "has none of the forms"),
        ({"items": {"type": "string"}}, [1], "“a/0” of"),
        ({"required": ["b"]}, {}, "“a/b” of “f” in message 2 is missing."),
        ({"additionalProperties": False}, {"c": 1}, "know no argument “a/c”, which message 2"),
        ({"uniqueItems": True}, [1, 1], "do not fit its parameters."),
        (False, 1, "do not fit its parameters."),
    ],
)
def test_what_does_not_fit_is_said_in_words_of_ours(schema, value, words):
    (said,) = _words({"properties": {"a": schema}}, {"a": value})
    assert words in said


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"type": "strin"}, "“type” is something that a schema cannot have there."),
        ({"properties": {"a": {"minimum": "x"}}}, "“properties/a/minimum” is something"),
        ({"$ref": "https://example.org/a.json"}, "name a schema that does not stand in them"),
    ],
)
def test_what_is_not_a_schema_is_said_in_words_of_ours(parameters, words):
    record = {
        "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hi."}],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": parameters}}],
    }
    (found,) = check_conversation(record, "ua", target("openai"))
    assert found.code == "tool_parameters_invalid"
    assert words in sentence(found)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"role": "function", "name": "f", "content": "1"}, "“input/messages/0/role” is not one"),
        ({"role": "user", "content": [{"type": "text", "text": "Hi"}]}, "is a list; services"),
    ],
)
def test_a_pair_that_only_the_schema_refuses_is_said_in_words_of_ours(change, words):
    answers = [[{"role": "assistant", "content": text}] for text in ("Yes.", "No.")]
    record = {
        "input": {"messages": [change, {"role": "user", "content": "Open?"}]},
        "preferred_output": answers[0],
        "non_preferred_output": answers[1],
    }
    said = [sentence(problem) for problem in check_pair(record, target("local"))]
    assert any(words in each for each in said), said


def test_calls_in_what_is_asked_need_no_content():
    call = {"id": "x", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    asked = [
        {"role": "user", "content": "Open?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "x", "content": "yes"},
    ]
    record = {
        "input": {"messages": asked},
        "preferred_output": [{"role": "assistant", "content": "Yes."}],
        "non_preferred_output": [{"role": "assistant", "content": "No."}],
    }
    assert "schema_mismatch" not in {
        problem.code for problem in check_pair(record, target("openai"))
    }


@given(st.recursive(_odd, lambda inner: st.lists(inner, max_size=2), max_leaves=4))
def test_no_words_of_a_library_stand_in_a_sentence(value):
    record = {
        "input": {"messages": [{"role": "user", "content": "Open?"}]},
        "preferred_output": [{"role": "assistant", "content": "Yes."}],
        "non_preferred_output": [{"role": "assistant", "content": value, "weight": value}],
    }
    for problem in check_pair(record, target("openai")):
        said = sentence(problem)
        assert not re.search(r"None|True|False|is not of type|<class|'|\bdict\b", said), said
