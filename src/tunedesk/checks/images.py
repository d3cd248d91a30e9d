"""Images in an example: what an image_url says, and the rules for it.

Nothing is fetched or opened. Of an embedded picture only the first bytes are looked at, by the
layouts of PNG (W3C PNG 3rd ed., 11.2.1), JPEG (ITU T.81, B.2.2) and WEBP (RFC 9649, 2.5 to 2.7).
"""

import base64
import binascii
import re
import struct
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from tunedesk.catalogue.targets import Target
from tunedesk.checks.problem import Problem
from tunedesk.examples.json_text import Path

ImageDefect = Literal["not_an_image_address", "not_base64", "not_an_image", "media_type_differs"]


class ImageUrl(NamedTuple):
    """What is known of one image.

    Attributes:
        embedded: True for a data URL, False for an address.
        media_type: The type that the picture's own bytes show, such as "image/png"; else the one
            that the URL names; empty for an address.
        size: The bytes of an embedded picture, 0 for an address.
        width: In pixels; 0 when it is not known.
        height: In pixels; 0 when it is not known.
        defect: Why it cannot be used; None when it can, as far as can be seen from here.
    """

    embedded: bool
    media_type: str
    size: int
    width: int
    height: int
    defect: ImageDefect | None


_DATA_URL = re.compile(r"data:([^;,\s]*)((?:;[^;,\s]+)*),", re.IGNORECASE)
_LONGEST_HEAD = 300
_ADDRESS = re.compile(r"https?://[^\s/]+", re.IGNORECASE)
_JPEG_NO_SIZE = frozenset(range(0xD0, 0xDA)) | {0x01}
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@lru_cache(maxsize=256)
def read_image_url(url: str) -> ImageUrl:
    """Look at the URL of an image; never raises and never fetches."""
    head = _DATA_URL.match(url[:_LONGEST_HEAD])
    if head is None:
        defect: ImageDefect | None = None if _ADDRESS.match(url) else "not_an_image_address"
        return ImageUrl(False, "", 0, 0, 0, defect)
    named = head.group(1).lower()
    if not head.group(2).lower().endswith(";base64"):
        return ImageUrl(True, named, 0, 0, 0, "not_base64")
    try:
        data = base64.b64decode(url[head.end() :], validate=True)
    except (binascii.Error, ValueError):
        return ImageUrl(True, named, 0, 0, 0, "not_base64")
    media_type, width, height = picture_size(data)
    if not media_type:
        defect = "not_an_image" if named in ("image/jpeg", "image/png", "image/webp") else None
        return ImageUrl(True, named, len(data), 0, 0, defect)
    differs = named.replace("image/jpg", "image/jpeg") != media_type
    return ImageUrl(
        True, media_type, len(data), width, height, "media_type_differs" if differs else None
    )


def picture_size(data: bytes) -> tuple[str, int, int]:
    """The media type, width and height of a JPEG, PNG or WEBP; an empty type for anything else."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR" and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return "image/png", width, height
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg", *_jpeg_size(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP" and len(data) >= 30:
        return "image/webp", *_webp_size(data)
    return "", 0, 0


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            return 0, 0
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _JPEG_NO_SIZE:
            at += 2
        elif marker in _JPEG_FRAMES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        else:
            at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
    return 0, 0


def _webp_size(data: bytes) -> tuple[int, int]:
    chunk = data[12:16]
    if chunk == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        return width, int.from_bytes(data[27:30], "little") + 1
    if chunk == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return 0, 0


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
    if seen.defect == "not_an_image_address":
        yield Problem("image_url_invalid", here, {"url": image["url"][:80]})
    elif seen.defect in ("not_base64", "not_an_image"):
        yield Problem("image_data_broken", here, {"fault": seen.defect})
    elif seen.embedded:
        if seen.media_type not in MEDIA_TYPES:
            yield Problem("image_type", here, {"type": seen.media_type})
        elif seen.defect == "media_type_differs":
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
