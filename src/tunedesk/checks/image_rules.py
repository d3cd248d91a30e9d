"""Rules for images: an http(s) address, or an embedded JPEG, PNG or WEBP of 10 MB (facts 2.2)."""

from collections.abc import Iterator
from typing import Any

from tunedesk.checks.image_data import read_image_url
from tunedesk.checks.problem import Problem
from tunedesk.checks.targets import Target
from tunedesk.examples.json_path import Path

MEDIA_TYPES = ("image/jpeg", "image/png", "image/webp")


def check_image(part: dict[str, Any], path: Path, target: Target) -> Iterator[Problem]:
    """The problems of one image part of a user message."""
    image = part.get("image_url")
    if not isinstance(image, dict) or not isinstance(image.get("url"), str):
        yield Problem("image_url_missing", path, {})
        return
    if "detail" in image and image["detail"] not in ("auto", "low", "high"):
        detail = str(image["detail"])[:40]
        yield Problem("image_detail_invalid", (*path, "image_url", "detail"), {"detail": detail})
    here = (*path, "image_url", "url")
    seen = read_image_url(image["url"])
    if seen.fault == "not_an_image_address":
        yield Problem("image_url_invalid", here, {"url": image["url"][:80]})
    elif seen.fault in ("not_base64", "not_an_image"):
        yield Problem("image_data_broken", here, {"fault": seen.fault})
    elif seen.embedded:
        if seen.media_type not in MEDIA_TYPES:
            yield Problem("image_type", here, {"type": seen.media_type})
        elif seen.fault == "media_type_differs":
            yield Problem("image_type_differs", here, {"type": seen.media_type})
        if seen.size > target.image_bytes:
            yield Problem(
                "image_too_large", here, {"bytes": seen.size, "limit": target.image_bytes}
            )


def check_image_count(messages: list[Any], target: Target) -> Iterator[Problem]:
    """Too many images in one example."""
    count = sum(
        isinstance(part, dict) and part.get("type") == "image_url"
        for message in messages
        if isinstance(message, dict) and isinstance(message.get("content"), list)
        for part in message["content"]
    )
    if count > target.images_per_example:
        yield Problem(
            "too_many_images",
            ("messages",),
            {"count": count, "limit": target.images_per_example, "target": target.title},
        )
