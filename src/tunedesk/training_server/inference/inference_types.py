"""What the server asks of a model, and what comes back: the border to `generation`.

`InferenceEngine` (in `inference/inference_engine.py`) has:

    generate(model_ref, messages, tools, parameters, output) -> Iterator[Token]
        messages: the conversation in OpenAI's form; tools: OpenAI's list or None.
    complete(model_ref, prompt, parameters) -> Iterator[Token]
        the text that goes on from a prompt, without a chat template.
    forget(model_ref) -> None
        lets go of a model that was deleted, after the answers that it is giving.
    relieve() -> bool
        called now and then: lets go of what was deleted, and of all models if memory is short.
    unload() -> None
        lets go of all models; the answers under way end with a `ModelsUnloaded`.

A `model_ref` is `job_folder.STARTER`, or the absolute path of a model folder: a base model, a
tuned model, or a checkpoint. Several threads call at once; each closes its iterator when it wants
no more. Closing it frees what the answer holds. Why a model does not answer is an `InferenceError`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tunedesk.errors import UserError

FinishReason = Literal["stop", "length", "tool_calls"]


class InferenceError(UserError):
    """A model does not answer.

    Attributes:
        code: What it is, for programs.
        is_question: Whether what was asked is at fault; otherwise the model, or its place.
        is_passing: Whether the same may be answered later.
        param: The parameter that is at fault, where it is neither the question nor the model.
    """

    def __init__(
        self,
        sentence: str,
        code: str,
        *,
        is_question: bool = False,
        is_passing: bool = False,
        param: str | None = None,
    ) -> None:
        super().__init__(sentence)
        self.code = code
        self.is_question = is_question
        self.is_passing = is_passing
        self.param = param


@dataclass(frozen=True)
class SamplingParams:
    """How to choose the tokens.

    Attributes:
        temperature: 0 takes the likeliest token each time.
        top_p: The share of the probability to choose from.
        max_tokens: How many tokens at most; None: as many as the context holds.
        stop: Texts at which it ends; they are not part of the answer.
        seed: Of the choice; None: another one each time.
        top_logprobs: How many likely tokens to name beside each; None: no logprobs at all.
        frequency_penalty: Taken from the logit of a token for each time that it was chosen.
        presence_penalty: Taken from the logit of a token once it was chosen.
        logit_bias: What is added to the logits of tokens, by their numbers.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    top_logprobs: int | None = None
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    logit_bias: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True)
class OutputFormat:
    """What an answer must be.

    Attributes:
        json_schema: The schema that it is valid by; None: it is free.
        name: The name of that schema.
        is_strict: Whether a schema that cannot be held in full is refused.
        must_call: Whether it must be a call of a tool.
        function: The tool to call; None: any.
        is_parallel: Whether it may make several calls.
        param: The parameter of the request that holds the schema.
    """

    json_schema: Mapping[str, Any] | None = None
    name: str = ""
    is_strict: bool = False
    must_call: bool = False
    function: str | None = None
    is_parallel: bool = True
    param: str = "response_format"


FREE = OutputFormat()
"""An answer may be anything."""


@dataclass(frozen=True)
class Token:
    """A piece of an answer: usually the text of one token.

    Attributes:
        text: The text to tell; empty where a letter is not complete yet, where it may begin a text
            to stop at, and for the end.
        own: The bytes of the token itself, where log probabilities were asked for; a letter may
            be divided among several tokens.
        logprob: Its log probability; None where none was asked for.
        top_logprobs: The likeliest tokens of this place, as bytes, with theirs.
        finish_reason: Why the answer ends here; None if it goes on. The last one always has it.
        is_mere_end: Whether it only ends the answer, and is not part of it.
        tool_calls: At the end, the calls found in the text, in OpenAI's form; their text is then
            left out of what was given as text.
        prompt_tokens: On the first one, how many tokens the model read.
    """

    text: str
    own: bytes = b""
    logprob: float | None = None
    top_logprobs: tuple[tuple[bytes, float], ...] = ()
    finish_reason: FinishReason | None = None
    is_mere_end: bool = False
    tool_calls: tuple[dict[str, object], ...] = ()
    prompt_tokens: int | None = None
