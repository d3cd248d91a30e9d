"""The checker: from the bytes of a record to its facts.

The checks of each kind are found through the kind. Plain conversations take a short way, all other
records that of the rules.
"""

import gc
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from tunedesk.catalogue.models import Catalogue, token_limit
from tunedesk.catalogue.targets import DEFAULT_TARGET, THIS_COMPUTER, target
from tunedesk.catalogue.token_encodings import (
    DEFAULT_ENCODING,
    DEFAULT_FORMULA,
    ENCODINGS,
    NO_IMAGES,
)
from tunedesk.checks.facts import Facts
from tunedesk.checks.kinds.conversation import ConversationChecks, plain_checker
from tunedesk.checks.kinds.kind_checks import (
    CheckSettings,
    KindChecks,
    PromptCompletionChecks,
    UntrainedChecks,
)
from tunedesk.checks.kinds.preference import PreferenceChecks
from tunedesk.checks.parse_record import parse_record
from tunedesk.checks.token_counter import TokenCounter
from tunedesk.examples.hashes import NO_HASHES
from tunedesk.examples.kinds.conversation import CONVERSATION
from tunedesk.examples.kinds.foreign import ALPACA, OTHER, SHAREGPT
from tunedesk.examples.kinds.kind import Kind
from tunedesk.examples.kinds.preference import PREFERENCE
from tunedesk.examples.kinds.prompt_completion import PROMPT_COMPLETION
from tunedesk.examples.kinds.registry import kind_of
from tunedesk.examples.kinds.reinforcement import REINFORCEMENT
from tunedesk.examples.kinds.unreadable import UNREADABLE

_CHECKS: dict[Kind, KindChecks] = {
    CONVERSATION: ConversationChecks(),
    REINFORCEMENT: ConversationChecks(waits_for_answer=True),
    OTHER: ConversationChecks(),
    PREFERENCE: PreferenceChecks(),
    PROMPT_COMPLETION: PromptCompletionChecks(),
    SHAREGPT: UntrainedChecks(SHAREGPT),
    ALPACA: UntrainedChecks(ALPACA),
}


_SHORT = 200
_MOST_KEPT = 1_000


class Checker:
    """Checks records for one target; made once and used by one thread at a time."""

    def __init__(
        self,
        target_name: str = DEFAULT_TARGET,
        encoding: str | None = DEFAULT_ENCODING,
        model: str | None = None,
    ) -> None:
        """Make a checker.

        Args:
            target_name: Where the data will be trained.
            encoding: The encoding to count tokens in, one of OpenAI's or that of a base model on
                this computer; None to count none.
            model: The base model, for its limit and its formula for images.

        Raises:
            UserError: The target or the encoding is not known.
        """
        self.target = target(target_name)
        here = target_name == THIS_COMPUTER
        base = None if model is None or here else Catalogue.load().find(model)
        self.token_limit = token_limit(self.target, model)
        counter = None if encoding is None else TokenCounter(encoding)
        formula = DEFAULT_FORMULA if base is None else base.image_formula
        if encoding is not None and encoding not in ENCODINGS:
            formula = NO_IMAGES
        self._settings = CheckSettings(self.target, self.token_limit, counter, formula)
        # A broken file often repeats a few short lines very many times.
        self._unreadable: dict[bytes, Facts] = {}
        self._check_plain = plain_checker(counter, self.token_limit)

    def check(self, text: bytes) -> Facts:
        """The facts of one record, given as its UTF-8 bytes."""
        return self._check_plain(text) or self.check_by_rules(text)

    def check_many(self, texts: Sequence[bytes]) -> list[Facts]:
        """The facts of many records, in their order."""
        check_plain, check_by_rules = self._check_plain, self.check_by_rules
        was_enabled = gc.isenabled()
        # The facts hold no cycles; looking for some again and again takes much of the time.
        gc.disable()
        try:
            return [check_plain(text) or check_by_rules(text) for text in texts]
        finally:
            if was_enabled:
                gc.enable()

    def message_tokens(self, text: bytes) -> list[int]:
        """The exact tokens of each message of a record; empty for what is not a conversation."""
        record = None if self._settings.counter is None else parse_record(text).record
        if record is None:
            return []
        kind = kind_of(record)
        if not kind.is_written_as_messages:
            return []
        counts = _CHECKS[kind].count(record, self._settings)
        return [] if counts is None else list(counts.per_message)

    def check_by_rules(self, text: bytes) -> Facts:
        """The facts of any record, by every rule one after another."""
        if text in self._unreadable:
            return self._unreadable[text]
        record, problems = parse_record(text)
        if record is None:
            shown = UNREADABLE.preview(text[:2000].decode("utf-8", "replace"))
            facts = Facts(UNREADABLE.name, shown, problems=problems)
            if len(text) <= _SHORT and len(self._unreadable) < _MOST_KEPT:
                self._unreadable[text] = facts
            return facts
        kind = kind_of(record)
        roles, found, counts = _CHECKS[kind].check(record, self._settings)
        tokens = message_tokens = tool_tokens = image_tokens = trained_tokens = 0
        if counts is not None:
            tokens, message_tokens = counts.total, counts.messages
            tool_tokens, image_tokens, trained_tokens = counts.tools, counts.images, counts.trained
        return Facts(
            kind.name,
            kind.preview(record),
            roles,
            tokens=tokens,
            message_tokens=message_tokens,
            tool_tokens=tool_tokens,
            image_tokens=image_tokens,
            trained_tokens=trained_tokens,
            problems=(*problems, *found),
            **(kind.hashes(record) or NO_HASHES)._asdict(),
        )


class CheckJob(NamedTuple):
    """What a worker process is given to check.

    Attributes:
        texts: The records.
        target: The name of the target.
        encoding: The encoding to count tokens in; None to count none.
        model: The base model; None for none.
    """

    texts: Sequence[bytes]
    target: str = DEFAULT_TARGET
    encoding: str | None = DEFAULT_ENCODING
    model: str | None = None


def check_texts(job: CheckJob) -> list[Facts]:
    """Check the records of a job: for a pool of worker processes."""
    return kept_checker(job.target, job.encoding, job.model).check_many(job.texts)


@cache
def kept_checker(target_name: str, encoding: str | None, model: str | None) -> Checker:
    """The checker of this process for these choices."""
    return Checker(target_name, encoding, model)
