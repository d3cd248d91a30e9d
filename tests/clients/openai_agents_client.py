"""The OpenAI Agents SDK; /v1/responses is its default."""

from agents import (
    Agent,
    ModelSettings,
    OpenAIChatCompletionsModel,
    OpenAIResponsesModel,
    Runner,
    function_tool,
    handoff,
    set_tracing_disabled,
)
from checking import API_KEY, BASE_URL, MODEL, MOST_TOKENS, QUESTION, Visitor, check, run_checks
from openai import AsyncOpenAI

set_tracing_disabled(True)
LONG = ModelSettings(max_tokens=MOST_TOKENS, temperature=0)
CALL = ModelSettings(
    max_tokens=MOST_TOKENS, temperature=0, tool_choice="required", parallel_tool_calls=False
)
ASKED = []


@function_tool
def open_door(is_wide: bool) -> str:
    """Opens the door."""
    ASKED.append(is_wide)
    return f"open, wide: {is_wide}"


def model(kind=OpenAIResponsesModel):
    return kind(model=MODEL, openai_client=AsyncOpenAI(base_url=BASE_URL, api_key=API_KEY))


def agent(settings, kind=OpenAIResponsesModel, **options):
    made = model(kind)
    return Agent(
        name="Door", instructions="Be brief.", model=made, model_settings=settings, **options
    )


@check
async def answers():
    """Runner.run, and a second turn with to_input_list"""
    first = await Runner.run(agent(LONG), QUESTION)
    assert first.final_output
    said = [*first.to_input_list(), {"role": "user", "content": "And then?"}]
    assert (await Runner.run(agent(LONG), said)).final_output
    assert first.context_wrapper.usage.output_tokens > 0


@check
async def streams():
    """Runner.run_streamed"""
    running = Runner.run_streamed(agent(LONG), QUESTION)
    kinds = [
        event.data.type
        async for event in running.stream_events()
        if event.type == "raw_response_event"
    ]
    assert "response.output_text.delta" in kinds
    assert running.final_output


@check
async def structured():
    """output_type"""
    assert isinstance(
        (await Runner.run(agent(LONG, output_type=Visitor), QUESTION)).final_output, Visitor
    )


@check
async def calls():
    """a tool is called, answered, and its answer goes on"""
    ASKED.clear()
    made = agent(CALL, tools=[open_door], output_type=Visitor)
    found = await Runner.run(made, QUESTION, max_turns=4)
    assert len(ASKED) >= 1
    assert isinstance(found.final_output, Visitor)


@check
async def calls_by_itself():
    """a tool that the model calls by itself"""
    ASKED.clear()
    made = Agent(name="Door", model=model(), tools=[open_door], model_settings=LONG)
    found = await Runner.run(made, QUESTION)
    assert ASKED == [True]
    assert found.final_output


@check
async def ends_with_tool():
    """tool_use_behavior="stop_on_first_tool" in a stream"""
    made = agent(CALL, tools=[open_door], tool_use_behavior="stop_on_first_tool")
    running = Runner.run_streamed(made, QUESTION)
    async for _event in running.stream_events():
        pass
    assert str(running.final_output).startswith("open")


@check
async def hands_off():
    """a handoff to another agent"""
    other = agent(LONG, output_type=Visitor)
    made = agent(CALL, handoffs=[handoff(other, tool_name_override="go_on")])
    found = await Runner.run(made, QUESTION, max_turns=3)
    assert isinstance(found.final_output, Visitor)


@check
async def by_chat():
    """the same by OpenAIChatCompletionsModel"""
    kind = OpenAIChatCompletionsModel
    assert (await Runner.run(agent(LONG, kind), QUESTION)).final_output
    ASKED.clear()
    made = agent(CALL, kind, tools=[open_door], output_type=Visitor)
    assert isinstance((await Runner.run(made, QUESTION, max_turns=4)).final_output, Visitor)
    assert ASKED
    running = Runner.run_streamed(agent(LONG, kind, output_type=Visitor), QUESTION)
    async for _event in running.stream_events():
        pass
    assert isinstance(running.final_output, Visitor)


run_checks()
