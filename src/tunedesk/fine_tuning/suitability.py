"""Whether a set of examples teaches what fine-tuning can teach: a manner and a form, not facts.

A model takes on how answers sound and are built from some tens of examples. A fact that it sees
once it mixes up with others, and what changes, such as a price, it goes on saying in its old form
(OpenAI's guide "Fine-tuning best practices" names both; Gekhman et al. 2024, "Does fine-tuning LLMs
on new knowledge encourage hallucinations?", measured the first).
"""

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tunedesk.examples.kinds.kind import strings
from tunedesk.progress import Progress, no_progress
from tunedesk.project.exporting import default_query, training_rows, version_records
from tunedesk.project.project import Project

FEW = 50
"""With fewer examples OpenAI's guide sees no sure gain; it advises to begin with so many."""

MOST_READ = 5_000
"""Of a larger set so many are looked at, from everywhere in it."""

LONG_PROMPT = 200
"""From so many words on, a system prompt is worth shortening once the model is tuned."""

_FIGURE = re.compile(r"\d[\d.,:/\u2019 -]*\d|\d")
_CODES = "USD|EUR|GBP|CHF|JPY|CNY|INR|PLN|SEK|NOK|DKK|CZK|TRY|BRL|CAD|AUD"
_NUMBERS = (
    "a|an|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|"
    "forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|half|few|several|"
    "ein|eine|einen|einem|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|zwölf|fünfzehn|zwanzig|"
    "dreißig|vierzig|fünfzig|hundert|tausend|"
    "un|une|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|douze|quinze|vingt|trente|cent|mille|"
    "uno|una|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|doce|veinte|cien|mil|"
    "due|tre|quattro|cinque|sei|sette|otto|nove|dieci|venti|"
    "um|uma|dois|duas|quatro|sete|oito|dez|vinte|een|twee|drie|vijf|tien"
)
_COINS = (
    "dollars?|euros?|cents?|pounds?|pence|penny|pennies|francs?|franken|rappen|centimes?|"
    "céntimos?|centavos?|centesimi|cêntimos?|yen|yuan|rupees?|roubles?|rubles?|lira|liras|kronor|"
    "kroner|zloty|złoty|złotych|pesos?|reais|bucks?|quid"
)
_MONEY = re.compile(
    rf"(?:[$€£¥₹₽₺₩]|\b(?:{_CODES}))\s?\d[\d.,]*"
    rf"|\b\d[\d.,]*\s?(?:[$€£¥₹₽₺₩]|(?:{_CODES}|{_COINS})\b|[円元块圆])"
    rf"|\b(?:{_NUMBERS})(?:[ -]and[ -]a[ -]half)?[ -](?:{_COINS})\b"
    r"|[一二三四五六七八九十百千万]+\s?(?:円|元|块|圆)",
    re.IGNORECASE,
)
"""An amount of money, in digits or in words of the larger languages."""
_LEAST_DIGITS = 2
_NO_TEXT = frozenset({"type", "image_url", "input_audio", "file"})
"""The keys of parts of a content whose values are no text."""


@dataclass(frozen=True)
class Suitability:
    """What in a set speaks for tuning, and what against it.

    Attributes:
        examples: How many examples would be trained on.
        answers: How many answers were looked at.
        with_single_facts: Answers with a figure that no other example and not their own question
            has: a year, an amount, a number.
        single_fact: One such figure; empty without any.
        with_money: Answers that name an amount of money.
        prompt_words: The words of the system prompt that most examples share; 0 without one.
    """

    examples: int
    answers: int
    with_single_facts: int
    single_fact: str
    with_money: int
    prompt_words: int


def suitability(project: Project, progress: Progress = no_progress) -> Suitability:
    """Look at the examples that a launch would take by itself.

    Raises:
        UserError: They cannot be read.
    """
    rows = training_rows(project, default_query(project), progress)
    step = -(-len(rows) // MOST_READ) or 1
    chosen = [row.version_id for row in rows[::step]]
    texts = (text for part in version_records(project, chosen, progress) for text in part)
    return suitability_of(texts, len(rows))


def suitability_of(records: Iterable[bytes], examples: int) -> Suitability:
    """The same of records as they stand in a file.

    Args:
        records: The records that are looked at.
        examples: How many there are in all.
    """
    found: list[tuple[set[str], bool]] = []
    everywhere: Counter[str] = Counter()
    prompts: Counter[str] = Counter()
    for record in records:
        prompt, asked, said = _parts(record)
        if prompt:
            prompts[prompt] += 1
        known = _figures(prompt) | _figures(asked)
        everywhere.update(known | set().union(*map(_figures, said)))
        found += [(_figures(answer) - known, bool(_MONEY.search(answer))) for answer in said]
    single = [{each for each in figures if everywhere[each] == 1} for figures, _money in found]
    facts = sorted(fact for each in single for fact in each)
    shared = prompts.most_common(1)
    return Suitability(
        examples,
        len(found),
        sum(map(bool, single)),
        facts[0] if facts else "",
        sum(money for _figures, money in found),
        len(shared[0][0].split()) if shared else 0,
    )


def _figures(text: str) -> set[str]:
    """The figures in a text; single digits say little and are left out."""
    held = (match[0].strip() for match in _FIGURE.finditer(text))
    return {each for each in held if sum(map(str.isdigit, each)) >= _LEAST_DIGITS}


def _parts(record: bytes) -> tuple[str, str, list[str]]:
    """The system prompt, what else the model reads, and the answers, of any kind of example."""
    try:
        held: Any = json.loads(record)
    except ValueError:
        return "", "", []
    if not isinstance(held, dict):
        return "", "", []
    if isinstance(held.get("completion"), str):
        return "", str(held.get("prompt") or ""), [held["completion"]]
    answers = [_text(message) for message in _messages(held.get("preferred_output"))]
    asked = held["input"] if isinstance(held.get("input"), dict) else held
    prompt, read = "", []
    for message in _messages(asked.get("messages")):
        text = _text(message)
        if message.get("role") in ("system", "developer"):
            prompt = prompt or text
        elif message.get("role") == "assistant" and asked is held:
            answers.append(text)
        else:
            read.append(text)
    return prompt, "\n".join(read), answers


def _text(message: dict[str, Any]) -> str:
    return " ".join(strings(message.get("content"), skip=_NO_TEXT))


def _messages(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
