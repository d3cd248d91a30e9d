"""instructor, in its modes for OpenAI."""

from typing import Annotated

import instructor
import openai
from checking import API_KEY, BASE_URL, MODEL, MOST_TOKENS, QUESTION, Visitor, check, run_checks
from pydantic import BaseModel, Field


class Visitors(BaseModel):
    """One or two visitors."""

    visitors: Annotated[list[Visitor], Field(min_length=1, max_length=2)]


MESSAGES = [{"role": "user", "content": QUESTION}]
OPTIONS = {
    "model": MODEL,
    "messages": MESSAGES,
    "response_model": Visitor,
    "max_retries": 1,
}


def client(mode):
    return instructor.from_openai(openai.OpenAI(base_url=BASE_URL, api_key=API_KEY), mode=mode)


def ask(mode, **options):
    given = {"max_tokens": MOST_TOKENS, **OPTIONS, **options}
    return client(mode).chat.completions.create(**given)


@check
def tools():
    """Mode.TOOLS"""
    assert isinstance(ask(instructor.Mode.TOOLS), Visitor)


@check
def strict_tools():
    """Mode.TOOLS_STRICT"""
    assert isinstance(ask(instructor.Mode.TOOLS_STRICT), Visitor)


@check
def schema():
    """Mode.JSON_SCHEMA"""
    assert isinstance(ask(instructor.Mode.JSON_SCHEMA), Visitor)


@check
def several():
    """a list of objects in one answer"""
    found = ask(instructor.Mode.TOOLS, response_model=Visitors)
    assert 1 <= len(found.visitors) <= 2


@check
def partial():
    """create_partial: an object that grows in a stream"""
    found = client(instructor.Mode.TOOLS).chat.completions.create_partial(
        **OPTIONS, max_tokens=MOST_TOKENS
    )
    last = list(found)[-1]
    assert isinstance(last.is_new, bool)


@check
def raw():
    """create_with_completion: the object and the answer it is from"""
    visitor, answer = client(instructor.Mode.TOOLS).chat.completions.create_with_completion(
        **OPTIONS, max_tokens=MOST_TOKENS
    )
    assert isinstance(visitor, Visitor)
    assert answer.usage.completion_tokens > 0


@check
def responses():
    """Mode.RESPONSES_TOOLS"""
    found = client(instructor.Mode.RESPONSES_TOOLS).responses.create(
        model=MODEL,
        input=QUESTION,
        response_model=Visitor,
        max_output_tokens=MOST_TOKENS,
        max_retries=1,
    )
    assert isinstance(found, Visitor)


run_checks()
