"""The language of `--where`: filters, search and order as words that can be typed."""

import re
from collections.abc import Callable
from dataclasses import replace

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.project.query import PROBLEM_KINDS, SORTS, STATES, ExampleQuery, Range

QUERY_HELP = """\
A QUERY is words to find and filters, all of which must fit:

  words "an exact phrase"    in the messages
  state:approved             to_review, draft, approved, changes_wanted, rejected
  approval:lapsed            approved once, and the text has changed since
  duplicates:yes             exactly the same as another one, group by group
  tag:law                    with this tag; tag:none for none
  problems:any               any, none, error, warning, hint
  problem:blanks_around      with a problem of this rule
  source:"my file.jsonl"     from this file; source:written for those written here
  tokens:100..500            also tokens:>100, tokens:<=500, tokens:120
  turns:>3                   number of messages
  sort:-tokens               number, state, preview, turns, tokens, trained, problems, tags,
                             source, changed; with - the largest first

Several of one kind mean any of them, also with commas: state:approved,draft.
A value with blanks stands in quotes: tag:"family law". To find a word with a colon, quote it.
"""

_TERM = re.compile(r'\s*(?:([A-Za-z_]+):(?:"([^"]*)"|(\S*))|("[^"]*"?|[^\s"]+))')
_LIMIT = re.compile(r"(>=|<=|>|<|=)?(\d+)")
_FROM_TO = re.compile(r"(\d*)\.\.(\d*)")


def parse_query(text: str) -> ExampleQuery:
    """Read a query.

    Raises:
        UserError: Names the word that is not understood.
    """
    query = ExampleQuery()
    words: list[str] = []
    offset = 0
    text = text.rstrip()
    while offset < len(text):
        term = _TERM.match(text, offset)
        assert term is not None
        offset = term.end()
        key, quoted, plain, word = term.groups()
        if key is None:
            words.append(word)
            continue
        reader = _READERS.get(key.lower())
        if reader is None:
            raise UserError(
                _("“{word}” is not a filter.").format(word=f"{key}:"),
                _("Filters are: {names}. To find it as a word, put it in quotes.").format(
                    names=", ".join(f"{name}:" for name in _READERS)
                ),
            )
        values = [quoted] if quoted is not None else [part for part in plain.split(",") if part]
        if not values:
            raise UserError(_("“{word}” needs a value behind the colon.").format(word=f"{key}:"))
        for value in values:
            query = reader(query, value)
    # A blank at the end: words that are written down are whole words.
    return replace(query, search=" ".join(words) + " " if words else "")


def query_words(query: ExampleQuery) -> str | None:
    """A query as it is typed, so that `parse_query` reads the same; None if words cannot say it.

    Words cannot name single examples, values with quotation marks in them, nor a tag "none".
    """
    named = (*query.tags, *query.sources)
    if query.ids is not None or '"' in "".join(named) or "none" in query.tags:
        return None
    terms = [f"state:{state}" for state in query.states]
    terms += ["approval:lapsed"] if query.lapsed else []
    terms += ["duplicates:yes"] if query.duplicated else []
    terms += [f"tag:{_value(tag or 'none')}" for tag in query.tags]
    terms += [
        f"{'problems' if problem in PROBLEM_KINDS else 'problem'}:{problem}"
        for problem in query.problems
    ]
    terms += [f"source:{_value(source)}" for source in query.sources]
    for key, (low, high) in (("tokens", query.tokens), ("turns", query.turns)):
        if low is not None or high is not None:
            terms.append(f"{key}:{'' if low is None else low}..{'' if high is None else high}")
    if query.sort != "number" or query.descending:
        terms.append(f"sort:{'-' if query.descending else ''}{query.sort}")
    return " ".join((*terms, *query.search.split()))


def _value(text: str) -> str:
    return text if re.fullmatch(r'[^\s",]+', text) else f'"{text}"'


def _state(query: ExampleQuery, value: str) -> ExampleQuery:
    state = value.lower().replace("-", "_")
    _known(value, state, STATES, _("“{word}” is not a state of review."))
    return replace(query, states=(*query.states, state))


def _approval(query: ExampleQuery, value: str) -> ExampleQuery:
    _known(value, value.lower(), ("lapsed",), _("“{word}” is nothing to be asked of an approval."))
    return replace(query, lapsed=True)


def _duplicates(query: ExampleQuery, value: str) -> ExampleQuery:
    _known(value, value.lower(), ("yes",), _("“{word}” is nothing to be asked of duplicates."))
    return replace(query, duplicated=True)


def _tag(query: ExampleQuery, value: str) -> ExampleQuery:
    return replace(query, tags=(*query.tags, "" if value == "none" else value))


def _source(query: ExampleQuery, value: str) -> ExampleQuery:
    return replace(query, sources=(*query.sources, value))


def _problems(query: ExampleQuery, value: str) -> ExampleQuery:
    kind = value.lower()
    kind = {"errors": "error", "warnings": "warning", "hints": "hint"}.get(kind, kind)
    _known(value, kind, PROBLEM_KINDS, _("“{word}” is not a kind of problem."))
    return replace(query, problems=(*query.problems, kind))


def _problem(query: ExampleQuery, value: str) -> ExampleQuery:
    return replace(query, problems=(*query.problems, value.lower()))


def _tokens(query: ExampleQuery, value: str) -> ExampleQuery:
    return replace(query, tokens=_range("tokens", value, query.tokens))


def _turns(query: ExampleQuery, value: str) -> ExampleQuery:
    return replace(query, turns=_range("turns", value, query.turns))


def _sort(query: ExampleQuery, value: str) -> ExampleQuery:
    name = value.removeprefix("-").removeprefix("+").lower()
    _known(value, name, SORTS, _("“{word}” is not an order."))
    return replace(query, sort=name, descending=value.startswith("-"))


_READERS: dict[str, Callable[[ExampleQuery, str], ExampleQuery]] = {
    "state": _state,
    "approval": _approval,
    "duplicates": _duplicates,
    "tag": _tag,
    "problems": _problems,
    "problem": _problem,
    "source": _source,
    "tokens": _tokens,
    "turns": _turns,
    "sort": _sort,
}


def _known(word: str, value: str, known: tuple[str, ...], sentence: str) -> None:
    if value not in known:
        raise UserError(
            sentence.format(word=word), _("Known are: {names}.").format(names=", ".join(known))
        )


def _range(key: str, value: str, present: Range) -> Range:
    """A range, together with the limits given before (`tokens:>100 tokens:<200`)."""
    low, high = present
    limit, from_to = _LIMIT.fullmatch(value), _FROM_TO.fullmatch(value)
    if from_to and (from_to[1] or from_to[2]):
        low = int(from_to[1]) if from_to[1] else low
        high = int(from_to[2]) if from_to[2] else high
    elif limit:
        number = int(limit[2])
        low, high = {
            ">": (number + 1, high),
            ">=": (number, high),
            "<": (low, number - 1),
            "<=": (low, number),
        }.get(limit[1] or "=", (number, number))
    else:
        raise UserError(
            _("“{word}” is not a range of numbers.").format(word=f"{key}:{value}"),
            _("Write it as {key}:100..500, {key}:>100, {key}:<=500 or {key}:120.").format(key=key),
        )
    return low, high
