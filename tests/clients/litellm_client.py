"""LiteLLM, with the provider openai at another address."""

import json

import litellm
from checking import API_KEY, BASE_URL, MODEL, MOST_TOKENS, QUESTION, Visitor, check, run_checks

litellm.telemetry = False
PLACE = {"model": f"openai/{MODEL}", "api_base": BASE_URL, "api_key": API_KEY, "num_retries": 0}
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "open_door",
            "description": "Opens the door.",
            "parameters": {
                "type": "object",
                "properties": {"is_wide": {"type": "boolean"}},
                "required": ["is_wide"],
                "additionalProperties": False,
            },
        },
    }
]


def ask(**options):
    messages = [{"role": "user", "content": QUESTION}]
    return litellm.completion(
        **{**PLACE, "messages": messages, "max_tokens": MOST_TOKENS, **options}
    )


@check
def answers():
    """completion, with the count of tokens"""
    answer = ask(max_tokens=5, seed=1, frequency_penalty=0.5, presence_penalty=0.5)
    assert answer.choices[0].message.content
    assert answer.usage.completion_tokens == 5
    assert answer.choices[0].finish_reason == "length"


@check
def streams():
    """completion(stream=True), put together again"""
    chunks = list(ask(max_tokens=5, stream=True, stream_options={"include_usage": True}))
    whole = litellm.stream_chunk_builder(chunks)
    assert whole.choices[0].message.content
    assert whole.usage.completion_tokens == 5


@check
async def answers_async():
    """acompletion"""
    messages = [{"role": "user", "content": QUESTION}]
    answer = await litellm.acompletion(**PLACE, messages=messages, max_tokens=3)
    assert answer.choices[0].message.content


@check
def structured():
    """response_format: a class, and a JSON object"""
    answer = ask(response_format=Visitor)
    assert Visitor.model_validate_json(answer.choices[0].message.content)
    answer = ask(response_format={"type": "json_object"}, max_tokens=4)
    assert answer.choices[0].message.content.startswith("{")


@check
def tools():
    """tools and tool_choice, streamed and not, and the tool's answer sent back"""
    named = {"type": "function", "function": {"name": "open_door"}}
    for choice in ("required", named):
        answer = ask(tools=TOOLS, tool_choice=choice, parallel_tool_calls=False)
        message = answer.choices[0].message
        (call,) = message.tool_calls
        assert list(json.loads(call.function.arguments)) == ["is_wide"]
        chunks = list(ask(tools=TOOLS, tool_choice=choice, stream=True))
        whole = litellm.stream_chunk_builder(chunks)
        assert whole.choices[0].message.tool_calls[0].function.name == "open_door"
    said = [
        {"role": "user", "content": QUESTION},
        message.model_dump(),
        {"role": "tool", "tool_call_id": call.id, "content": "open"},
    ]
    assert (
        ask(messages=said, tools=TOOLS, tool_choice="none", max_tokens=4).choices[0].message.content
    )


@check
def text():
    """text_completion"""
    answer = litellm.text_completion(
        **{**PLACE, "model": f"text-completion-openai/{MODEL}"}, prompt="The door", max_tokens=4
    )
    assert answer.choices[0].text


@check
def responses():
    """responses, streamed and not"""
    answer = litellm.responses(**PLACE, input=QUESTION, max_output_tokens=4)
    assert answer.output[0].content[0].text
    events = litellm.responses(**PLACE, input=QUESTION, max_output_tokens=4, stream=True)
    assert [str(event.type) for event in events]


@check
def errors():
    """what is wrong is told as litellm's BadRequestError and NotFoundError"""
    for options, kind in (
        ({"temperature": 9}, litellm.BadRequestError),
        ({"model": "openai/absent"}, litellm.NotFoundError),
    ):
        try:
            ask(**options)
        except kind:
            continue
        raise AssertionError(f"no {kind.__name__}")


run_checks()
