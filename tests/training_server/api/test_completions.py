"""Chats and completions, asked by the SDK of a running server."""

import openai
import pytest
from tests.openai_document import DOCUMENT


def ask(client, model, **options):
    messages = [{"role": "user", "content": "What is section 1?"}]
    return client.chat.completions.create(model=model, messages=messages, **options)


def test_a_stream_says_the_same_as_an_answer(client, trained):
    options = {"seed": 5, "temperature": 1.0, "max_tokens": 12, "n": 2}
    whole = ask(client, trained.fine_tuned_model, **options)
    stream = ask(
        client,
        trained.fine_tuned_model,
        stream=True,
        stream_options={"include_usage": True},
        **options,
    )
    texts, ends, usage = ["", ""], [None, None], None
    for chunk in stream:
        usage = chunk.usage or usage
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
            ends[choice.index] = choice.finish_reason or ends[choice.index]
    assert texts == [choice.message.content for choice in whole.choices]
    assert ends == [choice.finish_reason for choice in whole.choices]
    assert usage == whole.usage


def assistant(calls):
    """A message with calls of tools that are none."""
    return {"role": "assistant", "tool_calls": calls}


def properties(name):
    """The names of all properties of a schema of OpenAI's document."""
    schema = DOCUMENT["components"]["schemas"][name]
    found = set(schema.get("properties", ()))
    for part in schema.get("allOf", ()):
        inner = part.get("$ref", "").rpartition("/")[2]
        found |= properties(inner) if inner else set(part["properties"])
    return found


def test_every_parameter_of_openais_is_known(client):
    """Taken or refused by its name, but none is unknown and none dropped by mistake."""
    known = properties("CreateChatCompletionRequest")
    assert {"top_p", "verbosity", "tools"} <= known
    for name in known - {"model", "messages"}:
        with pytest.raises(openai.BadRequestError) as refusal:
            ask(client, "tunedesk-starter", extra_body={name: None, "unheard_of": 1})
        assert refusal.value.param == "unheard_of"


def test_logprobs_are_probabilities(client, trained):
    answer = ask(
        client, trained.fine_tuned_model, logprobs=True, top_logprobs=3, max_tokens=5, temperature=0
    )
    content = answer.choices[0].logprobs.content
    assert 1 <= len(content) <= 5
    for token in content:
        assert token.logprob <= 0
        assert len(token.top_logprobs) == 3
        # The likeliest is the one that is taken at temperature 0.
        assert token.logprob == pytest.approx(max(each.logprob for each in token.top_logprobs))


def test_stop_texts_end_an_answer(client, trained):
    whole = ask(client, trained.fine_tuned_model, temperature=0, max_tokens=20)
    text = whole.choices[0].message.content
    assert len(text) > 3
    stopped = ask(client, trained.fine_tuned_model, temperature=0, max_tokens=20, stop=text[2])
    assert stopped.choices[0].message.content == text[: text.index(text[2])]
    assert stopped.choices[0].finish_reason == "stop"


def test_completions_go_on_from_a_prompt(server, client, trained):
    answer = client.completions.create(
        model=trained.fine_tuned_model, prompt=["It is", "What"], max_tokens=4, logprobs=2
    )
    assert [choice.index for choice in answer.choices] == [0, 1]
    told_tokens = [len(choice.logprobs.tokens) for choice in answer.choices]
    assert sum(told_tokens) == answer.usage.completion_tokens
    assert max(told_tokens) <= 4
    # The SDK's type has no null as the finish_reason; OpenAI's chunks have it all the same.
    stream = server.client(strict=False).completions.create(
        model=trained.fine_tuned_model, prompt="It is", max_tokens=4, stream=True
    )
    assert [chunk.choices[0].finish_reason for chunk in stream][-1] in ("stop", "length")


@pytest.mark.parametrize(
    ("options", "param"),
    [
        ({"temperature": 3}, "temperature"),
        ({"top_p": -1}, "top_p"),
        ({"n": 0}, "n"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"stop": ["a"] * 5}, "stop"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"presence_penalty": 2.1}, "presence_penalty"),
        ({"frequency_penalty": -3}, "frequency_penalty"),
        ({"extra_body": {"temprature": 1}}, "temprature"),
        ({"extra_body": {"reasoning_effort": "low"}}, "reasoning_effort"),
        ({"extra_body": {"messages": [assistant("x")]}}, "messages[0].tool_calls"),
        ({"extra_body": {"messages": [assistant(["x"])]}}, "messages[0].tool_calls[0].function"),
        (
            {"extra_body": {"messages": [assistant([{"function": {"name": "a"}}])]}},
            "messages[0].tool_calls[0].function.arguments",
        ),
        (
            {"extra_body": {"messages": [{"role": "tool", "content": "5"}]}},
            "messages[0].tool_call_id",
        ),
        (
            {"extra_body": {"messages": [{"role": "user", "content": "a", "name": 3}]}},
            "messages[0].name",
        ),
        ({"extra_body": {"messages": []}}, "messages"),
        ({"extra_body": {"messages": [{"role": "pope"}]}}, "messages[0].role"),
        ({"extra_body": {"messages": [{"role": "user"}]}}, "messages[0].content"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_its_name(client, options, param):
    with pytest.raises(openai.BadRequestError) as refusal:
        ask(client, "tunedesk-starter", **options)
    assert refusal.value.param == param


def test_an_unknown_model_is_not_found(client):
    with pytest.raises(openai.NotFoundError) as refusal:
        ask(client, "ft:tunedesk-starter:local::absent12", stream=True)
    assert refusal.value.code == "model_not_found"


@pytest.mark.parametrize("temperature", [1e-39, 5e-324])
def test_a_temperature_that_32_bits_do_not_know_is_taken(client, temperature):
    answer = client.chat.completions.create(
        model="tunedesk-starter",
        messages=[{"role": "user", "content": "Hello"}],
        max_tokens=2,
        temperature=temperature,
    )
    assert answer.usage.completion_tokens <= 2
