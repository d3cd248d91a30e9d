"""The checker: from the bytes of a record to its facts.

Plain rows take a short way (`plain_rows`), all others that of the rules. Both come to the same
facts, and a test holds them to it.
"""

import gc
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from tunedesk.catalogue.image_tokens import DEFAULT_FORMULA
from tunedesk.catalogue.models import Catalogue
from tunedesk.catalogue.targets import DEFAULT_TARGET, target
from tunedesk.catalogue.token_encodings import DEFAULT_ENCODING
from tunedesk.checks.conversation_rules import check_chat, role_letters
from tunedesk.checks.facts import Facts, Kind
from tunedesk.checks.parse_record import parse_record
from tunedesk.checks.plain_rows import plain_checker
from tunedesk.checks.problem import Problem
from tunedesk.checks.token_counter import TokenCounter
from tunedesk.checks.tokens import TokenCounts, check_length, count_example
from tunedesk.examples.example_kind import example_kind
from tunedesk.examples.hashes import conversation_hashes
from tunedesk.examples.record_text import preview, preview_line

_NO_TOKENS = TokenCounts((), 0, 0, 0)


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
            encoding: The encoding to count tokens in; None to count none.
            model: The base model, for its limit and its formula for images.

        Raises:
            UserError: The target or the encoding is not known.
        """
        self.target = target(target_name)
        base = None if model is None else Catalogue.load().find(model)
        self.token_limit = self.target.token_limit if base is None else base.token_limit
        self._formula = DEFAULT_FORMULA if base is None else base.image_formula
        self._counter = None if encoding is None else TokenCounter(encoding)
        self._check_plain = plain_checker(self._counter, self.token_limit)

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
        """The exact tokens of each message of a record; empty for what is no conversation."""
        record = None if self._counter is None else parse_record(text).record
        if self._counter is None or record is None:
            return []
        return list(count_example(record, self._counter.count, self._formula).per_message)

    def check_by_rules(self, text: bytes) -> Facts:
        """The facts of any record, by every rule one after another."""
        record, problems = parse_record(text)
        if record is None:
            shown = preview_line(text[:2000].decode("utf-8", "replace"))
            return _without_conversation("unreadable", shown, problems)
        found_kind = example_kind(record)
        kind: Kind = "preference" if found_kind == "dpo" else found_kind
        if kind not in ("chat", "reinforcement", "other"):
            problem = Problem("not_a_chat_example", (), {"kind": kind})
            return _without_conversation(kind, preview(record), (*problems, problem))
        messages = record.get("messages")
        roles = role_letters(messages) if isinstance(messages, list) else ""
        found = check_chat(record, roles, self.target)
        counts = _NO_TOKENS
        tokens = message_tokens = 0
        if self._counter is not None and "messages" in record:
            counts = count_example(record, self._counter.count, self._formula)
            tokens, message_tokens = counts.total, counts.messages
            found += check_length(counts, self.token_limit)
        hashes = conversation_hashes(record, roles)
        fingerprint, question, answer, system = (None,) * 4 if hashes is None else hashes
        return Facts(
            kind,
            preview(record),
            roles,
            tokens,
            message_tokens,
            counts.tools,
            counts.images,
            counts.trained,
            fingerprint,
            question,
            answer,
            system,
            (*problems, *found),
        )


def _without_conversation(kind: Kind, shown: str, problems: tuple[Problem, ...]) -> Facts:
    return Facts(kind, shown, "", 0, 0, 0, 0, 0, None, None, None, None, problems)


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
    return _checker(job.target, job.encoding, job.model).check_many(job.texts)


@cache
def _checker(target_name: str, encoding: str | None, model: str | None) -> Checker:
    """The checker of this process for these choices."""
    return Checker(target_name, encoding, model)
