"""The JSON records in a pasted text: lines, an array, or objects spread over lines."""

from tunedesk.examples.json_text import JsonSyntaxError, parse


def pasted_records(text: str) -> list[str]:
    """Each record of the text, spelled as it is; what is no JSON gives nothing.

    One record a line, as JSONL has it, is tried first; then the text as one value: an array of
    records, or one record over several lines.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if lines and all(_is_object(line) for line in lines):
        return lines
    try:
        value = parse(text)
    except JsonSyntaxError:
        return _whole_objects(lines)
    if value.kind == "object":
        return [text[value.start : value.end]]
    if value.kind == "array":
        return [text[item.start : item.end] for item in value.items if item.kind == "object"]
    return []


def _is_object(line: str) -> bool:
    return line.startswith("{") and line.endswith("}")


def _whole_objects(lines: list[str]) -> list[str]:
    """Records that begin and end on lines of their own, one behind the other."""
    records: list[str] = []
    waiting: list[str] = []
    for line in lines:
        waiting.append(line)
        text = "\n".join(waiting)
        if line.endswith("}") and text.startswith("{"):
            try:
                parse(text)
            except JsonSyntaxError:
                continue
            records.append(text)
            waiting.clear()
    return [] if waiting else records
