"""LangChain's ChatOpenAI."""

import openai
from checking import API_KEY, BASE_URL, MODEL, MOST_TOKENS, QUESTION, Visitor, check, run_checks
from langchain_core.messages import HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI


def chat(**options):
    return ChatOpenAI(
        base_url=BASE_URL,
        api_key=API_KEY,
        model=MODEL,
        max_retries=0,
        **{"max_tokens": MOST_TOKENS, **options},
    )


@tool
def open_door(is_wide: bool) -> str:
    """Opens the door."""
    return f"open, wide: {is_wide}"


@check
def answers():
    """invoke, with a system message and the count of tokens"""
    said = chat(max_tokens=5).invoke([SystemMessage("Be brief."), HumanMessage(QUESTION)])
    assert said.content
    assert said.usage_metadata["output_tokens"] == 5
    assert said.response_metadata["finish_reason"] == "length"


@check
def streams():
    """stream"""
    chunks = list(chat(max_tokens=5, stream_usage=True).stream(QUESTION))
    assert "".join(chunk.content for chunk in chunks)
    assert any(chunk.usage_metadata for chunk in chunks)


@check
async def answers_async():
    """ainvoke and abatch"""
    assert (await chat(max_tokens=3).ainvoke(QUESTION)).content
    assert len(await chat(max_tokens=3).abatch([QUESTION, QUESTION])) == 2


@check
def structured_by_schema():
    """with_structured_output(method="json_schema")"""
    model = chat().with_structured_output(Visitor, method="json_schema", include_raw=True)
    assert isinstance(model.invoke(QUESTION)["parsed"], Visitor)
    strict = chat().with_structured_output(Visitor, method="json_schema", strict=True)
    assert isinstance(strict.invoke(QUESTION), Visitor)


@check
def structured_by_function():
    """with_structured_output(method="function_calling")"""
    model = chat().with_structured_output(Visitor, method="function_calling")
    assert isinstance(model.invoke(QUESTION), Visitor)


@check
def structured_by_json_object():
    """with_structured_output(method="json_mode") sends what is taken"""
    model = chat(max_tokens=30).with_structured_output(None, method="json_mode", include_raw=True)
    try:
        text = model.invoke(f"{QUESTION} Answer in JSON.")["raw"].content
    except openai.LengthFinishReasonError as error:
        # Any object may be long.
        text = error.completion.choices[0].message.content
    assert text.startswith("{")


@check
def streams_structured():
    """stream of with_structured_output"""
    assert isinstance(list(chat().with_structured_output(Visitor).stream(QUESTION))[-1], Visitor)


@check
def tools():
    """bind_tools with tool_choice, and the tool's answer sent back"""
    model = chat()
    for choice in ("open_door", "required", "any"):
        said = model.bind_tools([open_door], tool_choice=choice).invoke(QUESTION)
        assert said.tool_calls[0]["name"] == "open_door"
        assert not said.invalid_tool_calls
    single = model.bind_tools([open_door], tool_choice="any", parallel_tool_calls=False)
    said = single.invoke(QUESTION)
    (call,) = said.tool_calls
    result = open_door.invoke(call)
    assert isinstance(result, ToolMessage)
    more = (
        chat(max_tokens=4)
        .bind_tools([open_door], tool_choice="none")
        .invoke([HumanMessage(QUESTION), said, result])
    )
    assert more.content


@check
def streams_tools():
    """stream of a tool call"""
    model = chat().bind_tools([open_door], tool_choice="open_door")
    whole = None
    for chunk in model.stream(QUESTION):
        whole = chunk if whole is None else whole + chunk
    assert whole.tool_calls[0]["name"] == "open_door"


@check
def by_responses():
    """use_responses_api=True: invoke, stream, structured, tools"""
    model = chat(use_responses_api=True)
    assert chat(use_responses_api=True, max_tokens=4).invoke(QUESTION).text
    chunks = list(chat(use_responses_api=True, max_tokens=4).stream(QUESTION))
    assert "".join(chunk.text for chunk in chunks)
    assert isinstance(model.with_structured_output(Visitor).invoke(QUESTION), Visitor)
    said = model.bind_tools([open_door], tool_choice="open_door").invoke(QUESTION)
    result = open_door.invoke(said.tool_calls[0])
    small = chat(use_responses_api=True, max_tokens=4).bind_tools([open_door], tool_choice="none")
    assert small.invoke([HumanMessage(QUESTION), said, result]).text


@check
def agent():
    """create_agent with a structured answer"""
    from langchain.agents import create_agent
    from langchain.agents.structured_output import ProviderStrategy, ToolStrategy

    for strategy in (ProviderStrategy(Visitor), ToolStrategy(Visitor)):
        made = create_agent(chat(), tools=[], response_format=strategy)
        state = made.invoke({"messages": [HumanMessage(QUESTION)]})
        assert isinstance(state["structured_response"], Visitor)


run_checks()
