"""JSON as people and programs spell it, for the property tests."""

import json

from hypothesis import strategies as st

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
BLANKS = st.text(" \t\n\r", max_size=3)

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)

LEAVES = st.one_of(
    st.sampled_from(["null", "true", "false", "1e2", "-0", "1" * 30, '"\\ud83d"', '"\\/\\u0041"']),
    TEXT.map(json.dumps),
    TEXT.map(lambda text: json.dumps(text, ensure_ascii=False)),
    st.integers().map(str),
)


def _list(items, blanks):
    return f"[{blanks}" + f"{blanks},{blanks}".join(items) + f"{blanks}]"


def _object(keys, items, blanks):
    pairs = [json.dumps(k) + f"{blanks}:{blanks}" + v for k, v in zip(keys, items, strict=False)]
    return f"{{{blanks}" + f"{blanks},{blanks}".join(pairs) + f"{blanks}}}"


def _containers(inner):
    items = st.lists(inner, max_size=4)
    keys = st.lists(st.sampled_from(["a", "b", "", "ä", "messages"]), min_size=4, max_size=4)
    return st.builds(_list, items, BLANKS) | st.builds(_object, keys, items, BLANKS)


spelled_json = st.recursive(LEAVES, _containers, max_leaves=12)
"""Texts with odd blanks, escapes, numbers and keys that stand twice."""

spelled_objects = st.builds(
    _object,
    st.lists(st.sampled_from(["a", "b", "messages"]), min_size=4, max_size=4),
    st.lists(spelled_json, max_size=4),
    BLANKS,
)
