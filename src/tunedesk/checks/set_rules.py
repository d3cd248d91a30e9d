"""Rules for the data set as a whole, over what is known of its examples.

`SetFacts` gathers hashes while examples pass by; who has them in a database makes the groups there
and asks the functions for each rule.
"""

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from itertools import compress
from typing import Any, NamedTuple
from unicodedata import normalize

import orjson
from xxhash import xxh3_64_intdigest

from tunedesk.catalogue.targets import DEFAULT_TARGET, THIS_COMPUTER, target
from tunedesk.checks.facts import Facts
from tunedesk.checks.problem import SetProblem
from tunedesk.examples.hashes import hash_text
from tunedesk.examples.kinds.preference import PREFERENCE
from tunedesk.examples.kinds.registry import read_kind
from tunedesk.examples.kinds.unreadable import UNREADABLE

_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+")
_MOST_COMPARED = 200
_MOST_COMPARISONS = 500
_LONGEST = 4_000
# Short prompts are compared letter by letter, longer ones word by word.
_SHORT = 200
_SHARED_WORDS = 0.5
_ALIKE = 0.93


class PromptUse(NamedTuple):
    """A system prompt and the examples that use it."""

    text: str
    members: tuple[int, ...]


def similar_groups(prompts: Iterable[PromptUse]) -> list[list[PromptUse]]:
    """The groups of prompts that are almost the same, in each the most used first.

    Prompts that differ in numbers only come from a template and are meant to differ. Only the 200
    most used prompts are looked at: a set with more has a prompt for each example.
    """
    ordered = sorted(
        (prompt for prompt in prompts if _WORD.search(prompt.text)), key=lambda p: -len(p.members)
    )
    groups: list[list[PromptUse]] = []
    heads: list[_Head] = []
    templates: set[str] = set()
    left = _MOST_COMPARISONS
    for prompt in ordered:
        template = _NUMBER.sub("0", prompt.text)
        if template in templates:
            continue
        templates.add(template)
        if len(templates) > _MOST_COMPARED:
            break
        head = _Head(prompt.text)
        for known, group in zip(heads, groups, strict=True):
            alike, compared = head.is_like(known, left > 0)
            left -= compared
            if alike:
                group.append(prompt)
                break
        else:
            heads.append(head)
            groups.append([prompt])
    return [group for group in groups if len(group) > 1]


class _Head:
    """The prompt that stands for a group, prepared for comparing."""

    def __init__(self, text: str) -> None:
        self.text = " ".join(text[:_LONGEST].split())
        self.length = len(text)
        self.words = _WORD.findall(text[:_LONGEST].casefold())
        self.vocabulary = frozenset(self.words)

    def is_like(self, other: "_Head", may_compare: bool) -> tuple[bool, bool]:
        """Whether the two are almost the same, and whether the slow comparison was needed."""
        if self.words == other.words and abs(self.length - other.length) < 100:
            return True, False
        longer = max(self.length, other.length)
        if abs(self.length - other.length) > 0.1 * longer or not may_compare:
            return False, False
        shared = len(self.vocabulary & other.vocabulary)
        if shared < _SHARED_WORDS * max(1, len(self.vocabulary | other.vocabulary)):
            return False, False
        if longer <= _SHORT:
            matcher = SequenceMatcher(None, self.text, other.text, autojunk=False)
            return matcher.quick_ratio() >= _ALIKE and matcher.ratio() >= _ALIKE, True
        words = SequenceMatcher(None, self.words, other.words, autojunk=False)
        return words.quick_ratio() >= _ALIKE and words.ratio() >= _ALIKE, True


_NONE = -(1 << 63)
_MOST_PROMPTS = 2_000


class SetFacts:
    """What the rules for the set need of each example: five hashes, and the system prompts."""

    def __init__(self) -> None:
        self.examples = 0
        self.members = array("q")
        self.fingerprints = array("q")
        self.questions = array("q")
        self.answers = array("q")
        self.systems = array("q")
        self.looks = array("Q")
        self.pairs = array("q")
        self.prompts: dict[int, str] = {}

    def add(self, members: Sequence[int], facts: Sequence[Facts], texts: Sequence[bytes]) -> None:
        """Take in some examples.

        Args:
            members: What names each of them, such as its line or its id.
            facts: Their facts.
            texts: Their records, looked into where a system prompt is new.
        """
        if not facts:
            return
        # Column by column, since this is done for a million examples too.
        names = Facts._fields
        column = dict(zip(names, zip(*facts, strict=True), strict=True))
        kinds, systems = column["kind"], column["system"]
        self.examples += len(facts) - kinds.count(UNREADABLE.name)
        if PREFERENCE.name in kinds:
            self.pairs.extend(
                member
                for member, kind in zip(members, kinds, strict=True)
                if kind == PREFERENCE.name
            )
        new = set(systems).difference(self.prompts, (None,))
        for system, text in zip(systems, texts, strict=True) if new else ():
            if system in new and len(self.prompts) < _MOST_PROMPTS:
                self.prompts[system] = _system_prompt(text)
                new.discard(system)
        hashes = [members, *(column[name] for name in ("fingerprint", "question", "answer"))]
        chats = (*hashes, systems, column["preview"])
        if None in column["fingerprint"]:
            kept = [fingerprint is not None for fingerprint in column["fingerprint"]]
            chats = tuple(list(compress(each, kept)) for each in chats)
        *numbers, previews = chats
        for gathered, found in zip(self.columns(), numbers, strict=True):
            gathered.extend(
                [_NONE if number is None else number for number in found]
                if None in found
                else found
            )
        self.looks.extend(looks_of(previews))

    def merge(self, later: "SetFacts", offset: int = 0) -> None:
        """Take in what was gathered elsewhere, of examples that come after these.

        Args:
            later: What was gathered; it is used up.
            offset: Added to its members.
        """
        self.examples += later.examples
        if offset:
            later.members = array("q", [member + offset for member in later.members])
            later.pairs = array("q", [member + offset for member in later.pairs])
        for column, numbers in zip(self.columns(), later.columns(), strict=True):
            column.extend(numbers)
        self.looks.extend(later.looks)
        self.pairs.extend(later.pairs)
        for system, prompt in later.prompts.items():
            if len(self.prompts) < _MOST_PROMPTS:
                self.prompts.setdefault(system, prompt)

    def columns(self) -> "tuple[array[int], ...]":
        """The numbers gathered, each kind in the order of the examples."""
        return self.members, self.fingerprints, self.questions, self.answers, self.systems


_UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff]")
_ASCII_BLANKS = b"\t\n\v\f\r\x1c\x1d\x1e\x1f "
_ASCII_LOWER = bytes(range(256)).lower()
_LOOK_LENGTH = 48
_READ = 96
"""How far an example is read for its look: half of that may be blanks."""


def loosely(text: str) -> str:
    """The text without blanks and capitals, accents spelled in one way."""
    if text.isascii():
        return "".join(text.split()).lower()
    folded = normalize("NFKC", normalize("NFKC", text).casefold())
    return _UNSEEN.sub("", "".join(folded.split()))


def looks_of(previews: Sequence[str]) -> list[int]:
    """A hash of how each example begins; what is the same but for spelling has the same."""
    # All of them at once take a third of the time; what is not ASCII is looked at by itself.
    joined = "\0".join([preview[:_READ] for preview in previews])
    plain = joined.encode("utf-8", "surrogatepass").translate(_ASCII_LOWER, _ASCII_BLANKS)
    begins = plain.split(b"\0")
    if len(begins) != len(previews):  # there is a NUL in one of them, or nothing at all
        begins = [b""] * len(previews)
        joined = "\x80"
    if not joined.isascii():
        odd = [n for n, preview in enumerate(previews) if not preview.isascii() or not begins[n]]
        for number in odd:
            begins[number] = loosely(previews[number][:_READ]).encode("utf-8", "surrogatepass")
    return [xxh3_64_intdigest(each[:_LOOK_LENGTH]) for each in begins]


def perhaps_alike(
    members: Sequence[int], looks: Sequence[int], fingerprints: Sequence[int]
) -> list[int]:
    """The examples that begin alike and are not all exactly the same.

    Args:
        members: The examples.
        looks: How each begins, by `looks_of`.
        fingerprints: The hash of each as a whole.
    """
    twice = _more_than_once(looks)
    several: set[int] = set()
    first: dict[int, int] = {}
    for look, fingerprint in zip(looks, fingerprints, strict=True) if twice else ():
        if look in twice and first.setdefault(look, fingerprint) != fingerprint:
            several.add(look)
    return [member for member, look in zip(members, looks, strict=True) if look in several]


def alike_examples(records: Iterable[tuple[int, bytes]]) -> list[SetProblem]:
    """Groups of examples that are the same but for accents, blanks or capitals.

    Args:
        records: The examples that may be alike, each with its record.
    """
    # Of a million examples three numbers each are kept.
    columns: tuple[array[int], ...] = (array("q"), array("q"), array("q"))
    for member, text in records:
        kind, record = read_kind(text)
        said = "\x1e".join(kind.texts(record))
        numbers = (member, hash_text(loosely(said)), hash_text(said))
        for column, number in zip(columns, numbers, strict=True):
            column.append(number)
    members, loose, exact = columns
    wanted = frozenset(perhaps_alike(members, loose, exact))
    groups: dict[int, list[int]] = {}
    for member, whole in zip(members, loose, strict=True):
        if member in wanted:
            groups.setdefault(whole, []).append(member)
    return [
        SetProblem("alike_examples", {"count": len(group)}, tuple(group))
        for group in groups.values()
    ]


def check_set(facts: SetFacts, target_name: str = DEFAULT_TARGET) -> list[SetProblem]:
    """All problems of the set."""
    copies = duplicates(zip(facts.members, facts.fingerprints, strict=True))
    prompted = zip(facts.members, facts.systems, facts.questions, strict=True)
    return [
        *check_size(facts.examples, target_name),
        *mostly_copies(copies, facts.examples),
        *copies,
        *without_system(
            [
                member
                for member, system, question in prompted
                if system == _NONE and question != _NONE
            ]
            if _NONE in facts.systems
            else [],
            len(facts.questions) - facts.questions.count(_NONE),
        ),
        *different_answers(
            (member, question, answer)
            for member, question, answer in zip(
                facts.members, facts.questions, facts.answers, strict=True
            )
            if question != _NONE
        ),
        *_similar_prompts(facts),
    ]


def check_size(examples: int, target_name: str = DEFAULT_TARGET) -> list[SetProblem]:
    """Too few examples for the target, or fewer than are advised."""
    limits = target(target_name)
    if examples < limits.least_examples:
        parameters: dict[str, int | str] = {"count": examples, "limit": limits.least_examples}
        if target_name == THIS_COMPUTER:
            parameters["reason"] = "here_one" if examples == 1 else "here"
        return [SetProblem("too_few_examples", parameters)]
    if examples < limits.advised_examples:
        return [SetProblem("few_examples", {"count": examples, "limit": limits.advised_examples})]
    return []


def duplicates(fingerprints: Iterable[tuple[int, int]]) -> list[SetProblem]:
    """Groups of examples that are exactly the same.

    Args:
        fingerprints: Each example with the hash of its whole conversation.
    """
    pairs = list(fingerprints)
    twice = _more_than_once([fingerprint for _member, fingerprint in pairs])
    groups: dict[int, list[int]] = {}
    for member, fingerprint in pairs if twice else ():
        if fingerprint in twice:
            groups.setdefault(fingerprint, []).append(member)
    return [
        SetProblem("duplicate_examples", {"count": len(members)}, tuple(members))
        for members in groups.values()
    ]


def mostly_copies(groups: Iterable[SetProblem], examples: int) -> list[SetProblem]:
    """Whether at least half of the examples are copies of others, and how many are distinct.

    Args:
        groups: The groups of examples that are exactly the same.
        examples: How many examples there are.
    """
    copies = sum(len(group.members) - 1 for group in groups)
    if copies == 0 or 2 * copies < examples:
        return []
    counts: dict[str, Any] = {"count": examples, "distinct": examples - copies, "copies": copies}
    if copies == 1:
        counts["reason"] = "one"
    return [SetProblem("mostly_copies", counts)]


def without_system(members: Sequence[int], conversations: int) -> list[SetProblem]:
    """Conversations without a system message where most others have one.

    Args:
        members: The answered conversations that have none.
        conversations: How many answered conversations there are.
    """
    if not members or 2 * len(members) > conversations:
        return []
    counts: dict[str, Any] = {"without": len(members), "count": conversations}
    if len(members) == 1:
        counts["reason"] = "one"
    return [SetProblem("some_without_system", counts, tuple(members))]


def different_answers(asked: Iterable[tuple[int, int, int]]) -> list[SetProblem]:
    """Groups of examples that give different answers to one question.

    Args:
        asked: Each example with the hashes of its question and of its answer.
    """
    triples = list(asked)
    twice = _more_than_once([question for _member, question, _answer in triples])
    groups: dict[int, list[tuple[int, int]]] = {}
    for member, question, answer in triples if twice else ():
        if question in twice:
            groups.setdefault(question, []).append((member, answer))
    problems = []
    for group in groups.values():
        answers = len({answer for _member, answer in group})
        if answers > 1:
            parameters = {"count": len(group), "answers": answers}
            members = tuple(member for member, _answer in group)
            problems.append(SetProblem("same_question_different_answers", parameters, members))
    return problems


def almost_equal_prompts(prompts: Iterable[PromptUse]) -> list[SetProblem]:
    """Groups of system prompts that differ in a few letters only.

    Args:
        prompts: The different system prompts with the examples that use each.
    """
    return [
        SetProblem(
            "similar_system_prompts",
            {
                "count": len(group),
                "first": _short(group[0].text),
                "second": _short(group[1].text),
            },
            tuple(member for prompt in group for member in prompt.members),
        )
        for group in similar_groups(prompts)
    ]


def _similar_prompts(facts: SetFacts) -> list[SetProblem]:
    if len(facts.prompts) < 2:
        return []
    members: dict[int, list[int]] = {}
    for member, system in zip(facts.members, facts.systems, strict=True):
        if system in facts.prompts:
            members.setdefault(system, []).append(member)
    return almost_equal_prompts(
        PromptUse(text, tuple(members[system])) for system, text in facts.prompts.items()
    )


def _more_than_once(numbers: Sequence[int]) -> set[int]:
    if len(set(numbers)) == len(numbers):
        return set()
    return {number for number, times in Counter(numbers).items() if times > 1}


def _system_prompt(text: bytes) -> str:
    try:
        for message in orjson.loads(text)["messages"]:
            if message["role"] == "system":
                return str(message["content"])
    except (ValueError, KeyError, TypeError):
        # Read by the careful parser only: rare enough to be left out here.
        return ""
    return ""


def _short(text: str) -> str:
    line = " ".join(text[:200].split())
    return line if len(line) <= 60 else line[:59] + "…"


_WHOLE_MERGES = (("ours", "parted", "theirs"), ("ours", "base", "parted", "theirs"))


def whole_merges(sides: Sequence[object]) -> list[range]:
    """Which marks of Git merges belong together: from the first to the last of each merge.

    Args:
        sides: What each mark says, in their order: ours, base, parted or theirs, as the problem
            `merge_marker` names it in `reason`.
    """
    merges: list[range] = []
    at = 0
    while at < len(sides):
        whole = next((w for w in _WHOLE_MERGES if tuple(sides[at : at + len(w)]) == w), None)
        if whole is not None:
            merges.append(range(at, at + len(whole)))
        at += 1 if whole is None else len(whole)
    return merges
