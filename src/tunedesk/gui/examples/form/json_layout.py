"""Shows a record of one line over many lines, without changing a byte of it."""

from tunedesk.examples.json_text import JsonNode, JsonSyntaxError, parse
from tunedesk.gui.examples.form.shown_text import ShownText

INDENT = "  "
SHORT = 40
"""A value that is spelled shorter than this and holds nothing nested stays in its line."""
LONGEST_LAID_OUT = 1_000_000


def laid_out(text: str) -> ShownText:
    """The text with line breaks that are only shown; as it is if it has its own, or is no JSON."""
    whole = ShownText.with_replaced(text, [])
    if "\n" in text.strip() or len(text) > LONGEST_LAID_OUT:
        return whole
    try:
        root = parse(text)
    except (JsonSyntaxError, RecursionError):
        return whole
    changes: list[tuple[int, int, str]] = []
    _lay_out(text, root, 0, changes)
    changes.sort()
    return ShownText.with_replaced(text, changes)


def _lay_out(text: str, root: JsonNode, depth: int, changes: list[tuple[int, int, str]]) -> None:
    waiting = [(root, depth)]
    while waiting:
        node, level = waiting.pop()
        children = [(key.start, child.end, child) for _name, key, child in node.members] or [
            (item.start, item.end, item) for item in node.items
        ]
        if not children or _is_short(node):
            continue
        at = node.start + 1
        for start, end, child in children:
            # Between two values stand a comma and blanks: the blanks are shown as a line break.
            comma = text.find(",", at, start)
            begin = comma + 1 if comma >= 0 else at
            changes.append((begin, start, "\n" + INDENT * (level + 1)))
            waiting.append((child, level + 1))
            at = end
        changes.append((at, node.end - 1, "\n" + INDENT * level))


def _is_short(node: JsonNode) -> bool:
    children = [child for _name, _key, child in node.members] or node.items
    return node.end - node.start <= SHORT and all(
        child.kind not in ("object", "array") for child in children
    )
