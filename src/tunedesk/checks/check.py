"""The checker: from the bytes of a record to its facts, quickly where nothing is unusual.

Most rows of most files are plain: messages with a role and a text and nothing else. They take a
short way that proves, by a handful of quick looks, that no rule has anything to say; every other
row takes the way of the rules. Both come to the same facts, and a test holds them to it.
"""

import gc
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import orjson

from tunedesk.checks.chat_rules import KNOWN_KEYS, check_chat
from tunedesk.checks.encodings import DEFAULT_ENCODING
from tunedesk.checks.facts import Facts
from tunedesk.checks.hashes import conversation_hashes, plain_hashes
from tunedesk.checks.image_tokens import DEFAULT_FORMULA
from tunedesk.checks.models import Catalogue
from tunedesk.checks.order_rules import check_order, role_letters
from tunedesk.checks.preview import one_line, preview
from tunedesk.checks.problem import Problem
from tunedesk.checks.reading import count_colons, keys_are_single, read_record
from tunedesk.checks.record_kind import kind_of
from tunedesk.checks.targets import DEFAULT_TARGET, target
from tunedesk.checks.text_rules import is_plain_text
from tunedesk.checks.token_counter import TokenCounter
from tunedesk.checks.token_rules import check_length
from tunedesk.checks.tokens import PER_EXAMPLE, PER_MESSAGE, TokenCounts, count_example

_PLAIN_ROLES = {"system": "s", "user": "u", "assistant": "a"}
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
        self._role_tokens: dict[str, int] = {}
        if self._counter is not None:
            for role, letter in _PLAIN_ROLES.items():
                self._role_tokens[letter] = PER_MESSAGE + self._counter.count(role)

    def check(self, text: bytes) -> Facts:
        """The facts of one record, given as its UTF-8 bytes."""
        try:
            record = orjson.loads(text)
            messages = record["messages"]
            roles = ""
            contents = []
            for message in messages:
                content = message["content"]
                # A text that needs no stripping comes back as itself.
                if len(message) != 2 or content.strip() is not content or not content:
                    break
                roles += _PLAIN_ROLES[message["role"]]
                contents.append(content)
            else:
                if type(messages) is list and roles:
                    facts = self._check_plain(text, record, roles, contents)
                    if facts is not None:
                        return facts
        except (ValueError, KeyError, TypeError, AttributeError):
            # Not JSON, no messages, a message that is no object, an unknown role ...: whatever
            # it is, the rules will name it.
            pass
        return self._check_by_rules(text)

    def check_many(self, texts: Sequence[bytes]) -> list[Facts]:
        """The facts of many records, in their order."""
        check = self.check
        was_enabled = gc.isenabled()
        # The facts hold no cycles; looking for them again and again takes a third of the time.
        gc.disable()
        try:
            return [check(text) for text in texts]
        finally:
            if was_enabled:
                gc.enable()

    def message_tokens(self, text: bytes) -> list[int]:
        """The tokens of each message of a record: exact for text, nothing for what is not."""
        if self._counter is None:
            return []
        record = read_record(text).record
        if record is None:
            return []
        return list(count_example(record, self._counter.count, self._formula).per_message)

    def _check_plain(
        self, text: bytes, record: dict[str, Any], roles: str, contents: list[str]
    ) -> Facts | None:
        """The facts of a record whose messages are plain; None if a rule may have more to say."""
        problems: tuple[Problem, ...] = ()
        if len(record) == 1:
            if count_colons(text) != 1 + 2 * len(roles) or b'\\\\":' in text:
                return None
        else:
            # Keys that nobody knows are all the rules would find: see `check_chat`.
            if record.keys() & KNOWN_KEYS != {"messages"} or not keys_are_single(text, record):
                return None
            if text.count(b"{") + text.count(b"[") > _SHALLOW or kind_of(record) != "chat":
                return None
            problems = tuple(
                Problem("unknown_key", (key,), {"key": key[:60]})
                for key in sorted(record.keys() - KNOWN_KEYS)
            )
        if not is_plain_text("\n".join(contents)):
            return None
        problems = check_order(roles) + problems
        fingerprint, question, answer, system = plain_hashes(roles, contents)
        tokens = trained = 0
        if self._counter is not None:
            count = self._counter.count
            numbers = [count(content) for content in contents]
            tokens = PER_EXAMPLE + sum(numbers) + sum(map(self._role_tokens.__getitem__, roles))
            trained = sum(
                number for number, role in zip(numbers, roles, strict=True) if role == "a"
            )
            if tokens > self.token_limit:
                return None
        return Facts(
            "chat",
            one_line(contents[max(0, roles.find("u"))]),
            roles,
            tokens,
            tokens,
            0,
            0,
            trained,
            fingerprint,
            question,
            answer,
            system,
            problems,
        )

    def _check_by_rules(self, text: bytes) -> Facts:
        """The facts of a record that is in some way unusual."""
        record, problems = read_record(text)
        if record is None:
            shown = one_line(text[:2000].decode("utf-8", "replace"))
            return _without_conversation("unreadable", shown, problems)
        kind = kind_of(record)
        if kind not in ("chat", "reinforcement", "other"):
            problem = Problem("not_a_chat_example", (), {"kind": kind})
            return _without_conversation(kind, preview(record), (*problems, problem))
        messages = record.get("messages")
        roles = role_letters(messages) if isinstance(messages, list) else ""
        found = check_chat(record, roles, self.target)
        counts = _NO_TOKENS
        tokens = message_tokens = 0
        if self._counter is not None:
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


_SHALLOW = 500


def _without_conversation(kind: Any, shown: str, problems: tuple[Problem, ...]) -> Facts:
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
