"""Both schema libraries come to one verdict, and the rules name exactly what the schema refuses."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunedesk.catalogue.targets import target
from tunedesk.checks.conversation_rules import check_conversation
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
