"""Rules for the data set as a whole, over what is known of its examples.

`SetFacts` gathers hashes while examples pass by; who has them in a database makes the groups there
and asks the functions for each rule.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence

import orjson

from tunedesk.checks.facts import Facts
from tunedesk.checks.problem import SetProblem
from tunedesk.checks.similar_prompts import SystemPrompt, similar_groups
from tunedesk.checks.targets import DEFAULT_TARGET, target

_NONE = -(1 << 63)
_MOST_PROMPTS = 2_000


class SetFacts:
    """What the rules for the set need of each example: four hashes, and the system prompts."""

    def __init__(self) -> None:
        self.examples = 0
        self.members = array("q")
        self.fingerprints = array("q")
        self.questions = array("q")
        self.answers = array("q")
        self.systems = array("q")
        self.prompts: dict[int, str] = {}

    def add(self, members: Sequence[int], facts: Sequence[Facts], texts: Sequence[bytes]) -> None:
        """Take in some examples.

        Args:
            members: What names each of them, such as its line or its id.
            facts: Their facts.
            texts: Their records, looked into where a system prompt is new.
        """
        self.examples += sum(fact.kind != "unreadable" for fact in facts)
        chats = [
            (member, fact.fingerprint, fact.question, fact.answer, fact.system)
            for member, fact in zip(members, facts, strict=True)
            if fact.fingerprint is not None
        ]
        for column, numbers in zip(self.columns(), zip(*chats, strict=True), strict=False):
            column.extend([_NONE if number is None else number for number in numbers])
        for fact, text in zip(facts, texts, strict=True):
            if fact.system not in self.prompts and fact.system is not None:
                if len(self.prompts) >= _MOST_PROMPTS:
                    break
                self.prompts[fact.system] = _system_prompt(text)

    def merge(self, later: "SetFacts", offset: int = 0) -> None:
        """Take in what was gathered elsewhere, of examples that come after these.

        Args:
            later: What was gathered; it is used up.
            offset: Added to its members.
        """
        self.examples += later.examples
        if offset:
            later.members = array("q", [member + offset for member in later.members])
        for column, numbers in zip(self.columns(), later.columns(), strict=True):
            column.extend(numbers)
        for system, prompt in later.prompts.items():
            if len(self.prompts) < _MOST_PROMPTS:
                self.prompts.setdefault(system, prompt)

    def columns(self) -> "tuple[array[int], ...]":
        """The numbers gathered, each kind in the order of the examples."""
        return self.members, self.fingerprints, self.questions, self.answers, self.systems


def check_set(facts: SetFacts, target_name: str = DEFAULT_TARGET) -> list[SetProblem]:
    """All problems of the set."""
    return [
        *check_size(facts.examples, target_name),
        *duplicates(zip(facts.members, facts.fingerprints, strict=True)),
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
        parameters = {"count": examples, "limit": limits.least_examples}
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


def almost_equal_prompts(prompts: Iterable[SystemPrompt]) -> list[SetProblem]:
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
        SystemPrompt(text, tuple(members[system])) for system, text in facts.prompts.items()
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
