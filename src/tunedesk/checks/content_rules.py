"""Rules for a content that is a list of parts: where lists may stand and what parts may be."""

from collections.abc import Iterator
from typing import Any

from tunedesk.checks.image_rules import check_image
from tunedesk.checks.json_type import json_type
from tunedesk.checks.problem import Problem
from tunedesk.checks.targets import Target
from tunedesk.examples.json_path import Path

_TEXT_KEYS = frozenset({"type", "text"})
_IMAGE_KEYS = frozenset({"type", "image_url"})


def check_parts(parts: list[Any], path: Path, role: Any, target: Target) -> Iterator[Problem]:
    """The problems of a content list.

    Only a user message with images needs a list: "write plain-string content for every role
    except user messages with images" (facts 2.1, from community.openai.com/t/965584).
    """
    if not parts:
        yield Problem("content_list_empty", path, {"role": str(role)})
        return
    images = False
    for number, part in enumerate(parts):
        place = (*path, number)
        if not isinstance(part, dict):
            yield Problem("part_not_an_object", place, {"type": json_type(part)})
        elif part.get("type") == "image_url":
            images = True
            if role == "user":
                yield from check_image(part, place, target)
            else:
                yield Problem("image_misplaced", place, {"role": str(role)})
            yield from _unknown_keys(part, place, _IMAGE_KEYS)
        elif part.get("type") != "text":
            yield Problem("part_type_unknown", place, {"type": _type_name(part)})
        else:
            if not isinstance(part.get("text"), str):
                yield Problem("part_text_missing", place, {})
            yield from _unknown_keys(part, place, _TEXT_KEYS)
    if role != "user":
        yield Problem("parts_where_text_required", path, {"role": str(role)})
    elif not images:
        yield Problem("parts_only_text", path, {"parts": len(parts)})
    if not images and all(_is_blank(part) for part in parts):
        yield Problem("content_empty", path, {"role": str(role)})


def _is_blank(part: Any) -> bool:
    text = part.get("text") if isinstance(part, dict) else None
    return isinstance(text, str) and not text.strip()


def _type_name(part: dict[str, Any]) -> str:
    kind = part.get("type")
    return kind[:40] if isinstance(kind, str) else ""


def _unknown_keys(part: dict[str, Any], path: Path, known: frozenset[str]) -> Iterator[Problem]:
    for key in part:
        if key not in known:
            yield Problem("unknown_message_key", (*path, key), {"key": key[:60]})
