"""Asks models: loaded when first needed, several answers at once, each token told as it comes.

The answers take turns token by token, so that a long one does not hold up a short one.
"""

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any

import torch
from transformers import DynamicCache

from tunedesk.training_server.inference.decoding import (
    BytePieces,
    Choice,
    Sampler,
    StopTexts,
    TextPieces,
    TokenBytes,
)
from tunedesk.training_server.inference.inference_types import (
    FREE,
    FinishReason,
    InferenceError,
    OutputFormat,
    SamplingParams,
    Token,
)
from tunedesk.training_server.inference.model_cache import LoadedModel, ModelCache
from tunedesk.training_server.inference.structured_output import Constraint, constraint_for
from tunedesk.training_server.inference.tool_calls import ToolCallParser
from tunedesk.training_server.thread_pools import call_within


class FairLock:
    """A lock that is given to whoever waits longest, so that no answer starves another."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._is_taken = False

    def __enter__(self) -> None:
        with self._guard:
            if not self._is_taken:
                self._is_taken = True
                return
            turn = threading.Event()
            self._waiting.append(turn)
        turn.wait()

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        with self._guard:
            if self._waiting:
                # Handed over, not let go: nobody can push in between.
                self._waiting.popleft().set()
            else:
                self._is_taken = False


_READ_AT_ONCE = 512
_TEMPLATE_SECONDS = 10.0
"""A template is a stranger's program: one that never ends must not hold a thread for ever."""


class ModelsUnloaded(InferenceError):  # noqa: N818 - the word of the border
    """The models were let go of while an answer was under way."""

    def __init__(self) -> None:
        super().__init__(
            "The model was unloaded because its memory is needed. Ask again later.",
            "model_unloaded",
            is_passing=True,
        )


class InferenceEngine:
    """Asks models; safe to use from several threads."""

    def __init__(self, device: str = "cpu", promised: Callable[[], int] = lambda: 0) -> None:
        """Make it.

        Args:
            device: Where models run: "cpu", "cuda" or "mps".
            promised: How many bytes of the free memory others are about to take.
        """
        self._device = device
        self._lock = FairLock()
        self._cache = ModelCache(device, promised)
        self._unloads = 0
        self._answering: dict[object, str] = {}
        self._deleted: set[str] = set()

    def generate(
        self,
        model_ref: str,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]] | None,
        parameters: SamplingParams,
        output: OutputFormat = FREE,
    ) -> Iterator[Token]:
        """The answer in a conversation, token by token.

        Raises:
            InferenceError: The model cannot be loaded, or cannot read this.
            ModelsUnloaded: The models were let go of meanwhile.
        """
        unloads = self._unloads
        with self._loaded(model_ref) as loaded:
            asked = _conversation(loaded, messages, tools)
            yield from self._answer(unloads, loaded, asked, parameters, tools or (), output)

    def complete(self, model_ref: str, prompt: str, parameters: SamplingParams) -> Iterator[Token]:
        """What goes on from a prompt, without a chat template; raises as `generate`."""
        unloads = self._unloads
        with self._loaded(model_ref) as loaded:
            asked = _prompt(loaded, prompt)
            yield from self._answer(unloads, loaded, asked, parameters)

    def stop(self) -> None:
        """End the answers under way with a `ModelsUnloaded`, without waiting for anything."""
        self._unloads += 1

    def unload(self) -> None:
        """Let go of all models; the answers under way end with a `ModelsUnloaded`."""
        self._unloads += 1
        with self._lock:
            self._cache.clear()

    def forget(self, model_ref: str) -> None:
        """Let go of a model that was deleted: at once, or if it is answering, when it has.

        Then it is for `relieve` to do.
        """
        self._deleted.add(model_ref)
        self._drop_deleted()

    def relieve(self) -> bool:
        """Let go of all models if memory has become short; whether it had. Called now and then."""
        self._drop_deleted()
        if not self._cache.is_short():
            return False
        self.unload()
        return True

    def _drop_deleted(self) -> None:
        if not self._deleted:
            return
        with self._lock:
            for ref in self._deleted - set(self._answering.values()):
                self._cache.drop(ref)
                self._deleted.discard(ref)

    @contextlib.contextmanager
    def _loaded(self, ref: str) -> Iterator[LoadedModel]:
        """The model of a reference, known to be answering meanwhile."""
        answer = object()
        with self._lock:
            loaded = self._cache.load(ref)
            self._answering[answer] = ref
        try:
            yield loaded
        finally:
            # Takes no turn: an answer that nobody wants any more may end in the middle of one.
            del self._answering[answer]

    def _answer(
        self,
        unloads: int,
        loaded: LoadedModel,
        asked: list[int],
        parameters: SamplingParams,
        tools: Sequence[Mapping[str, Any]] = (),
        output: OutputFormat = FREE,
    ) -> Iterator[Token]:
        free = loaded.context - len(asked)
        if free < 1:
            raise InferenceError(
                f"This model's maximum context length is {loaded.context} tokens, and you sent "
                f"{len(asked)}. Please shorten what you send.",
                "context_length_exceeded",
                is_question=True,
            )
        left = free if parameters.max_tokens is None else min(free, parameters.max_tokens)
        sampler = Sampler(parameters, loaded.allowed)
        constraint = constraint_for(output, tools, loaded.call_form, loaded.table)
        text = _Text(loaded, parameters, tools, output, constraint)
        cache = DynamicCache(config=loaded.base.model.config)
        fresh = asked
        prompt_tokens: int | None = len(asked)
        while True:
            logits = self._read(unloads, loaded, fresh, cache)
            choice = sampler.choose(logits, None if constraint is None else constraint.mask())
            left -= 1
            token = text.next(choice, is_last=left < 1)
            if prompt_tokens is not None:
                token = replace(token, prompt_tokens=prompt_tokens)
                prompt_tokens = None
            yield token
            if token.finish_reason is not None:
                return
            fresh = [choice.token]

    def _read(
        self, unloads: int, loaded: LoadedModel, tokens: list[int], cache: DynamicCache
    ) -> torch.Tensor:
        """Let the model read tokens; what it thinks comes next."""
        logits = torch.empty(0)
        for begin in range(0, len(tokens), _READ_AT_ONCE):
            piece = torch.tensor([tokens[begin : begin + _READ_AT_ONCE]], device=self._device)
            with self._lock:
                if unloads != self._unloads or not loaded.is_whole:
                    raise ModelsUnloaded
                with torch.inference_mode(), loaded.activated() as model:
                    answer = model(
                        input_ids=piece, past_key_values=cache, use_cache=True, logits_to_keep=1
                    )
            logits = answer.logits[0, -1]
        return logits


class _Text:
    """Makes the pieces that are told of the tokens that are chosen."""

    def __init__(
        self,
        loaded: LoadedModel,
        parameters: SamplingParams,
        tools: Sequence[Mapping[str, Any]],
        output: OutputFormat,
        constraint: Constraint | None,
    ) -> None:
        self._loaded = loaded
        self._constraint = constraint
        self._pieces: TextPieces | BytePieces = TextPieces(loaded.tokenizer)
        if constraint is not None:
            self._pieces = BytePieces(constraint.bytes_of)
        self._stops = StopTexts(parameters.stop)
        names = [str(tool["function"]["name"]) for tool in tools]
        self._calls = ToolCallParser(names, output.is_parallel)
        self._must_call = output.must_call
        self._bytes = TokenBytes(loaded.tokenizer)

    def next(self, choice: Choice, is_last: bool) -> Token:
        """The piece of a token, or the end."""
        if choice.token in self._loaded.stops:
            return self._end(choice, "", "stop", is_mere_end=True)
        if self._constraint is not None:
            self._constraint.accept(choice.token)
        piece, is_stopped = self._stops.add(self._pieces.add(choice.token))
        shown = self._calls.add(piece)
        if is_stopped:
            return self._end(choice, shown, "stop", is_stopped=True, is_mere_end=not shown)
        if self._calls.is_over or (self._constraint is not None and self._constraint.is_complete):
            return self._end(choice, shown, "stop")
        if is_last:
            return self._end(choice, shown, "length")
        return self._token(choice, shown)

    def _end(
        self,
        choice: Choice,
        shown: str,
        reason: FinishReason,
        is_stopped: bool = False,
        is_mere_end: bool = False,
    ) -> Token:
        if not is_stopped:
            piece, was_stopped = self._stops.add(self._pieces.flush())
            shown += self._calls.add(piece if was_stopped else piece + self._stops.flush())
        held, calls = self._calls.finish(is_cut=is_stopped or reason == "length")
        if self._must_call:
            # It was begun as a call, however little of it there is.
            held = ""
        if calls and reason == "stop":
            reason = "tool_calls"
        return self._token(choice, shown + held, reason, calls, is_mere_end)

    def _token(
        self,
        choice: Choice,
        text: str,
        reason: FinishReason | None = None,
        calls: tuple[dict[str, object], ...] = (),
        is_mere_end: bool = False,
    ) -> Token:
        own = b"" if choice.logprob is None else self._bytes.of(choice.token)
        likeliest = tuple((self._bytes.of(token), value) for token, value in choice.likeliest)
        return Token(text, own, choice.logprob, likeliest, reason, is_mere_end, calls)


def _conversation(
    loaded: LoadedModel,
    messages: Sequence[Mapping[str, Any]],
    tools: Sequence[Mapping[str, Any]] | None,
) -> list[int]:
    try:
        tools = list(tools) if tools else None
        text = call_within(_TEMPLATE_SECONDS, loaded.template.prompt, messages, tools)
    except TimeoutError as error:
        raise InferenceError(
            f"The chat template of the model takes longer than {_TEMPLATE_SECONDS:.0f} seconds for "
            "these messages.",
            "messages_refused",
            is_question=True,
        ) from error
    except Exception as error:
        # A template is a stranger's program: it may raise anything, also by nesting too deep.
        said = " ".join(str(error).split())[:300]
        raise InferenceError(
            f"The chat template of the model refuses the messages: {said}",
            "messages_refused",
            is_question=True,
        ) from error
    ids: list[int] = loaded.tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids


def _prompt(loaded: LoadedModel, prompt: str) -> list[int]:
    ids: list[int] = loaded.tokenizer(prompt)["input_ids"]
    eos = loaded.tokenizer.eos_token_id
    if len(ids) > 1 and ids[-1] == eos:
        ids = ids[:-1]
    # A model reads at least one token.
    return ids or [eos if isinstance(eos, int) else 0]
