"""The checks of a conversation, and the short way for plain rows.

Most rows of most files are plain: messages with a role and a text and nothing else. Their number
decides how long a check takes. Here a handful of quick looks prove that no rule has anything to
say but those of order; a row that fails one of them is left to the rules, which find out what it
is. The short way comes to the facts that the rules come to, and a test holds both to it. It is the
one place of the checks that is written for speed: names are bound outside of the loop, and there
are few calls.
"""

import re
from collections.abc import Callable
from typing import Any

import orjson
from xxhash import xxh3_64_intdigest

from tunedesk.catalogue.token_encodings import OPENAI_FRAME
from tunedesk.checks.conversation_rules import (
    KNOWN_KEYS,
    PICTURE_KEYS,
    check_conversation,
    check_order,
    check_unknown_keys,
)
from tunedesk.checks.facts import Facts
from tunedesk.checks.kinds.kind_checks import Checked, CheckSettings, KindChecks
from tunedesk.checks.parse_record import is_shallow, keys_are_single
from tunedesk.checks.problem import Problem
from tunedesk.checks.text_rules import HARMLESS_ASCII, is_plain_text
from tunedesk.checks.token_counter import TokenCounter
from tunedesk.checks.tokens import (
    TokenCounts,
    check_length,
    count_example,
    usual_system_tokens,
)
from tunedesk.examples.hashes import SEPARATOR, hash_bytes
from tunedesk.examples.kinds.conversation import CONVERSATION, role_letters
from tunedesk.examples.kinds.kind import INVISIBLE, preview_line
from tunedesk.examples.kinds.registry import kind_of
from tunedesk.examples.kinds.reinforcement import REINFORCEMENT

# A text of nothing but invisible characters stands so among the rare characters too.
_INVISIBLE_TEXT = re.compile(f"{SEPARATOR}[{INVISIBLE}]+(?:{SEPARATOR}|\\Z)")
_LETTERS = {"system": "s", "user": "u", "assistant": "a"}


class ConversationChecks(KindChecks):
    """The rules and the tokens of a conversation, whole or waiting for its answer."""

    def __init__(self, *, waits_for_answer: bool = False) -> None:
        self._waits_for_answer = waits_for_answer

    def check(self, record: dict[str, Any], settings: CheckSettings) -> Checked:
        """Name the problems of a record and count its tokens."""
        messages = record.get("messages")
        roles = role_letters(messages) if isinstance(messages, list) else ""
        problems = check_conversation(
            record, roles, settings.target, waits_for_answer=self._waits_for_answer
        )
        if self._waits_for_answer:
            problems.append(Problem("other_training", (), {"kind": REINFORCEMENT.name}))
        counts = self.count(record, settings)
        if counts is not None:
            problems += check_length(counts, settings.token_limit)
        return Checked(roles, tuple(problems), counts)

    def count(self, record: dict[str, Any], settings: CheckSettings) -> TokenCounts | None:
        """Count the tokens of a record."""
        if settings.counter is None or "messages" not in record:
            return None
        counter = settings.counter
        return count_example(record, counter.count, settings.image_formula, counter.frame)


def plain_checker(
    counter: TokenCounter | None, token_limit: int
) -> Callable[[bytes], Facts | None]:
    """Make the function that gives the facts of a plain row, and None for any other row.

    Args:
        counter: Counts the tokens; None to count none.
        token_limit: Rows with more tokens are left to the rules.
    """
    loads = orjson.loads
    letters = _LETTERS
    join = SEPARATOR.join
    count_all = None if counter is None else counter.count_all
    frame = OPENAI_FRAME if counter is None else counter.frame
    role_tokens = {
        letter: frame.per_message + (0 if counter is None else counter.count(role))
        for role, letter in _LETTERS.items()
    }
    per_example, per_answer, less_at_last = frame.per_example, frame.per_answer, frame.less_at_last
    usual_system = 0 if counter is None else usual_system_tokens(counter.count, frame)

    digest, top, whole = xxh3_64_intdigest, 1 << 63, 1 << 64
    kind_name = CONVERSATION.name
    last_prompt, last_system = "", hash_bytes(b"")

    def check_plain(text: bytes) -> Facts | None:
        nonlocal last_prompt, last_system
        if text[:1] != b"{":
            return None  # an error would be dear where a broken file has very many such lines
        try:
            record = loads(text)
            messages = record["messages"]
            roles = ""
            contents = []
            for message in messages:
                content = message["content"]
                # A text that needs no stripping comes back as itself, an empty one is false.
                if len(message) != 2 or content.strip() is not content or not content:
                    return None
                roles += letters[message["role"]]
                contents.append(content)
        except (ValueError, KeyError, TypeError, AttributeError):
            # No JSON, no messages, a message that is not an object, a role that nobody knows.
            return None
        if not roles or type(messages) is not list:
            return None

        joined = join((roles, *contents))
        if len(record) == 1:
            # Marks that are not part of a text: two for "messages", eight for each message. A key
            # that stands twice adds some; only marks spelled \u0022 could make up for them, and
            # these would be in the texts.
            inside = joined.count('"')
            if text.count(b'"') != 2 + 8 * len(roles) + inside or (inside and b"\\u0022" in text):
                return None
            unknown: tuple[Problem, ...] = ()
        else:
            unknown = _unknown_keys(text, record)
            if not unknown or "a" not in roles:
                return None

        data = joined.encode()
        rare = data.translate(None, HARMLESS_ASCII).decode()
        if rare != SEPARATOR * len(roles) and not (
            rare.count(SEPARATOR) == len(roles)
            and _INVISIBLE_TEXT.search(rare) is None
            and is_plain_text(joined, rare)
        ):
            return None

        tokens = trained = 0
        if count_all is not None:
            tokens = per_example if roles[0] == "s" else per_example + usual_system
            for letter, number in zip(roles, count_all(contents, rare), strict=True):
                tokens += role_tokens[letter] + number
                if letter == "a":
                    trained += number + per_answer
            if letter == "a":
                tokens -= less_at_last
            if tokens > token_limit:
                return None

        # As hash_bytes, without the calls: they would take a twentieth of the time of a row.
        fingerprint = digest(data)
        question = answer = None
        if roles[-1] == "a":
            last = contents[-1].encode()
            answer = digest(last)
            if answer >= top:
                answer -= whole
            question = digest(data[: -1 - len(last)])
            if question >= top:
                question -= whole
        elif "a" in roles:
            return None
        system = None
        if "s" in roles:
            # The system prompt is mostly that of the row before.
            prompt = contents[roles.index("s")]
            if prompt != last_prompt:
                last_prompt, last_system = prompt, hash_bytes(prompt.encode())
            system = last_system
        asked = roles.find("u")
        # In the order of the fields: to name them takes an eighth of the time of a row. The test
        # that holds this to what the rules find, which name them, finds any that is out of place.
        return Facts(
            kind_name,
            preview_line(contents[asked if asked > 0 else 0]),
            roles,
            tokens,
            tokens,  # of messages, which is all
            0,
            0,
            trained,
            fingerprint - whole if fingerprint >= top else fingerprint,
            question,
            answer,
            system,
            check_order(roles) + unknown,
        )

    return check_plain


def _unknown_keys(text: bytes, record: dict[str, Any]) -> tuple[Problem, ...]:
    """The problems of the keys beside the messages; none if the rules have to look at them."""
    if record.keys() & KNOWN_KEYS != {"messages"} or not PICTURE_KEYS.isdisjoint(record):
        return ()
    if kind_of(record) is not CONVERSATION:
        return ()
    if not is_shallow(text) or not keys_are_single(text, record):
        return ()
    return check_unknown_keys(record)
