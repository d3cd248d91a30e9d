"""Where models are asked: loaded when first needed, several answers at once, each token told.

The answers take turns token by token, so that a long one does not hold up a short one.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from jinja2 import TemplateError
from transformers import DynamicCache

from tunedesk.training_server.generation.sampling import Choice, Sampler
from tunedesk.training_server.generation.shelf import Shelf, Speaker
from tunedesk.training_server.generation.text_pieces import StopTexts, TextPieces
from tunedesk.training_server.generation.token_bytes import TokenBytes
from tunedesk.training_server.generation.tool_calls import CallsInText
from tunedesk.training_server.generation.turns import Turns
from tunedesk.training_server.token_stream import FinishReason, Parameters, SpeakingError, Token

_READ_AT_ONCE = 512


class RoomClosed(SpeakingError):  # noqa: N818 - the word of the border
    """The models were let go of while an answer was under way."""

    def __init__(self) -> None:
        super().__init__(
            "The model was unloaded because its memory is needed. Ask again later.",
            "model_unloaded",
            is_passing=True,
        )


class ModelRoom:
    """Asks models; safe to use from several threads."""

    def __init__(self, device: str = "cpu", promised: Callable[[], int] = lambda: 0) -> None:
        """Make it.

        Args:
            device: Where models run: "cpu", "cuda" or "mps".
            promised: How many bytes of the free memory others are about to take.
        """
        self._device = device
        self._turns = Turns()
        self._shelf = Shelf(device, promised)
        self._era = 0
        self._answering: dict[object, str] = {}
        self._deleted: set[str] = set()

    def generate(
        self,
        model_ref: str,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]] | None,
        parameters: Parameters,
    ) -> Iterator[Token]:
        """The answer in a conversation, token by token.

        Raises:
            SpeakingError: The model cannot be loaded, or cannot read this.
            RoomClosed: The models were let go of meanwhile.
        """
        era = self._era
        with self._speaker(model_ref) as speaker:
            asked = _conversation(speaker, messages, tools)
            yield from self._answer(era, speaker, asked, parameters, bool(tools))

    def complete(self, model_ref: str, prompt: str, parameters: Parameters) -> Iterator[Token]:
        """What goes on from a prompt, without a chat template; raises as `generate`."""
        era = self._era
        with self._speaker(model_ref) as speaker:
            asked = _prompt(speaker, prompt)
            yield from self._answer(era, speaker, asked, parameters, False)

    def unload(self) -> None:
        """Let go of all models; the answers under way end with a `RoomClosed`."""
        self._era += 1
        with self._turns:
            self._shelf.clear()

    def forget(self, model_ref: str) -> None:
        """Let go of a model that was deleted: at once, or if it is answering, when it has.

        Then it is for `relieve` to do.
        """
        self._deleted.add(model_ref)
        self._drop_deleted()

    def relieve(self) -> bool:
        """Let go of all models if memory has become short; whether it had. Called now and then."""
        self._drop_deleted()
        if not self._shelf.is_short():
            return False
        self.unload()
        return True

    def _drop_deleted(self) -> None:
        if not self._deleted:
            return
        with self._turns:
            for ref in self._deleted - set(self._answering.values()):
                self._shelf.drop(ref)
                self._deleted.discard(ref)

    @contextlib.contextmanager
    def _speaker(self, ref: str) -> Iterator[Speaker]:
        """The model of a reference, known to be answering meanwhile."""
        answer = object()
        with self._turns:
            speaker = self._shelf.speaker(ref)
            self._answering[answer] = ref
        try:
            yield speaker
        finally:
            # Takes no turn: an answer that nobody wants any more may end in the middle of one.
            del self._answering[answer]

    def _answer(
        self,
        era: int,
        speaker: Speaker,
        asked: list[int],
        parameters: Parameters,
        has_tools: bool,
    ) -> Iterator[Token]:
        room = speaker.context - len(asked)
        if room < 1:
            raise SpeakingError(
                f"This model's maximum context length is {speaker.context} tokens, and you sent "
                f"{len(asked)}. Please shorten what you send.",
                "context_length_exceeded",
                is_question=True,
            )
        left = room if parameters.max_tokens is None else min(room, parameters.max_tokens)
        sampler = Sampler(parameters, speaker.allowed)
        text = _Text(speaker, parameters, has_tools)
        cache = DynamicCache(config=speaker.base.model.config)
        fresh = asked
        prompt_tokens: int | None = len(asked)
        while True:
            choice = sampler.choose(self._read(era, speaker, fresh, cache))
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
        self, era: int, speaker: Speaker, tokens: list[int], cache: DynamicCache
    ) -> torch.Tensor:
        """Let the model read tokens; what it thinks comes next."""
        logits = torch.empty(0)
        for begin in range(0, len(tokens), _READ_AT_ONCE):
            piece = torch.tensor([tokens[begin : begin + _READ_AT_ONCE]], device=self._device)
            with self._turns:
                if era != self._era or not speaker.is_whole:
                    raise RoomClosed
                with torch.inference_mode(), speaker.at_work() as model:
                    answer = model(
                        input_ids=piece, past_key_values=cache, use_cache=True, logits_to_keep=1
                    )
            logits = answer.logits[0, -1]
        return logits


class _Text:
    """Makes the pieces that are told of the tokens that are chosen."""

    def __init__(self, speaker: Speaker, parameters: Parameters, has_tools: bool) -> None:
        self._speaker = speaker
        self._pieces = TextPieces(speaker.tokenizer)
        self._stops = StopTexts(parameters.stop)
        self._calls = CallsInText(has_tools)
        self._bytes = TokenBytes(speaker.tokenizer)

    def next(self, choice: Choice, is_last: bool) -> Token:
        """The piece of a token, or the end."""
        if choice.token in self._speaker.stops:
            return self._end(choice, "", "stop", is_mere_end=True)
        piece, is_stopped = self._stops.add(self._pieces.add(choice.token))
        told = self._calls.add(piece)
        if is_stopped:
            return self._end(choice, told, "stop", is_stopped=True, is_mere_end=not told)
        if is_last:
            return self._end(choice, told, "length")
        return self._token(choice, told)

    def _end(
        self,
        choice: Choice,
        told: str,
        reason: FinishReason,
        is_stopped: bool = False,
        is_mere_end: bool = False,
    ) -> Token:
        if not is_stopped:
            piece, was_stopped = self._stops.add(self._pieces.rest())
            told += self._calls.add(piece if was_stopped else piece + self._stops.rest())
        rest, calls = self._calls.finish()
        if calls and reason == "stop":
            reason = "tool_calls"
        return self._token(choice, told + rest, reason, calls, is_mere_end)

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
    speaker: Speaker,
    messages: Sequence[Mapping[str, Any]],
    tools: Sequence[Mapping[str, Any]] | None,
) -> list[int]:
    try:
        text = speaker.template.prompt(messages, list(tools) if tools else None)
    except (TemplateError, TypeError, ValueError) as error:
        said = " ".join(str(error).split())[:300]
        raise SpeakingError(
            f"The chat template of the model refuses the messages: {said}",
            "messages_refused",
            is_question=True,
        ) from error
    ids: list[int] = speaker.tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids


def _prompt(speaker: Speaker, prompt: str) -> list[int]:
    ids: list[int] = speaker.tokenizer(prompt)["input_ids"]
    eos = speaker.tokenizer.eos_token_id
    if len(ids) > 1 and ids[-1] == eos:
        ids = ids[:-1]
    # A model reads at least one token.
    return ids or [eos if isinstance(eos, int) else 0]
