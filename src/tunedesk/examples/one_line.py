"""A record that is spread over several lines, put into one."""

import re

_BREAKS = re.compile(r'"(?:[^"\\]|\\.)*"?|[\r\n]+', re.DOTALL)
_INDENTED_BREAKS = re.compile(r'"(?:[^"\\]|\\.)*"?|,?[ \t]*[\r\n][ \t\r\n]*', re.DOTALL)


def one_line(text: str, drop_indentation: bool = False) -> str:
    r"""The text without its line breaks; all else stays as it is.

    A raw line break inside a string, which JSON forbids, becomes the escape `\n`.

    Args:
        text: A JSON text, or what was meant to be one.
        drop_indentation: Take the blanks beside the line breaks out as well.
    """
    if "\n" not in text and "\r" not in text:
        return text
    return (_INDENTED_BREAKS if drop_indentation else _BREAKS).sub(_without_breaks, text)


def _without_breaks(piece: re.Match[str]) -> str:
    found = piece.group()
    if found[0] == '"':
        return found.replace("\r\n", r"\n").replace("\n", r"\n").replace("\r", r"\n")
    return ", " if found[0] == "," else ""
