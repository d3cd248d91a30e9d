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

ImageDefect = Literal[
    "not_an_image_address", "not_base64", "not_an_image", "cut_off", "media_type_differs"
]
ImagePlace = Literal["web", "data", "disk"]


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
        orientation: How it has to be turned to stand upright, as EXIF numbers it (1 to 8); 1 where
            nothing is said.
    """

    embedded: bool
    media_type: str
    size: int
    width: int
    height: int
    defect: ImageDefect | None
    orientation: int = 1


_DATA_URL = re.compile(r"data:([^;,\s]*)((?:;[^;,\s]+)*),", re.IGNORECASE)
_LONGEST_HEAD = 300
_SVG = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*)*<svg\b", re.DOTALL)
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
    if media_type and is_cut_off(data):
        return ImageUrl(True, media_type, len(data), width, height, "cut_off")
    if not media_type:
        defect = "not_an_image" if named in ("image/jpeg", "image/png", "image/webp") else None
        return ImageUrl(True, named, len(data), 0, 0, defect)
    differs = named.replace("image/jpg", "image/jpeg") != media_type
    defect = "media_type_differs" if differs else None
    turned = exif_orientation(data) if media_type == "image/jpeg" else 1
    return ImageUrl(True, media_type, len(data), width, height, defect, turned)


def image_place(value: Any) -> ImagePlace:
    """Where a picture stands that is named by other means than an `image_url`."""
    if isinstance(value, str) and _DATA_URL.match(value[:_LONGEST_HEAD]):
        return "data"
    return "web" if isinstance(value, str) and _ADDRESS.match(value) else "disk"


def picture_size(data: bytes) -> tuple[str, int, int]:
    """The media type, width and height; an empty type for what is not a picture.

    Of kinds that no service takes (GIF, BMP, TIFF, HEIC, AVIF, SVG) the size is not read.
    """
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR" and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return "image/png", width, height
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg", *_jpeg_size(data)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP" and len(data) >= 30:
        return "image/webp", *_webp_size(data)
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif", *struct.unpack("<HH", data[6:10].ljust(4, b"\0"))
    if data[4:8] == b"ftyp":
        brand = data[8:12]
        return ("image/avif" if brand in (b"avif", b"avis") else "image/heic"), 0, 0
    if data.startswith((b"II*\0", b"MM\0*")):
        return "image/tiff", 0, 0
    if data.startswith(b"BM") and len(data) >= 26:
        return "image/bmp", 0, 0
    if _SVG.match(data[:1000]):
        return "image/svg+xml", 0, 0
    return "", 0, 0


def is_cut_off(data: bytes) -> bool:
    """Whether a JPEG, PNG or WEBP lacks its end."""
    if data.startswith(b"\x89PNG"):
        return b"IEND" not in data[-4096:]
    if data.startswith(b"\xff\xd8\xff"):
        scan = _jpeg_scan(data)
        # A small picture of itself, in the head, has an end of its own.
        return scan < 0 or data.find(b"\xff\xd9", scan) < 0
    if data.startswith(b"RIFF"):
        return len(data) < int.from_bytes(data[4:8], "little") + 8
    return False


def exif_orientation(data: bytes) -> int:
    """How a JPEG has to be turned, from 1 (not at all) to 8 (EXIF 2.3, tag 0x0112)."""
    for marker, start, end in _jpeg_segments(data):
        if marker != 0xE1 or data[start : start + 6] != b"Exif\0\0":
            continue
        tiff = data[start + 6 : end]
        order: Literal["little", "big"] = "little" if tiff[:2] == b"II" else "big"
        first = int.from_bytes(tiff[4:8], order)
        entries = int.from_bytes(tiff[first : first + 2], order)
        for number in range(min(entries, 200)):
            entry = tiff[first + 2 + 12 * number : first + 14 + 12 * number]
            if len(entry) == 12 and int.from_bytes(entry[:2], order) == 0x0112:
                turned = int.from_bytes(entry[8:10], order)
                return turned if 1 <= turned <= 8 else 1
    return 1


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """The segments before the picture: marker, where what it holds begins, and where it ends."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker in _JPEG_NO_SIZE and marker != 0xDA:
            at += 2
        else:
            length = max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
            yield marker, at + 4, at + 2 + length
            if marker == 0xDA:
                return
            at += 2 + length


def _jpeg_scan(data: bytes) -> int:
    """Where the picture's own data begins; -1 if the head does not come to its end."""
    for marker, _start, end in _jpeg_segments(data):
        if marker == 0xDA:
            return end
    return -1


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
    elif seen.media_type and seen.media_type not in MEDIA_TYPES and seen.defect != "not_base64":
        yield Problem("image_type", here, {"type": seen.media_type})
    elif seen.defect in ("not_base64", "not_an_image", "cut_off"):
        parameters = {"fault": seen.defect, "reason": seen.defect}
        yield Problem("image_data_broken", here, parameters)
    elif seen.embedded:
        if seen.media_type not in MEDIA_TYPES:
            yield Problem("image_type", here, {"type": seen.media_type})
        elif seen.defect == "media_type_differs":
            yield Problem("image_type_differs", here, {"type": seen.media_type})
        if seen.orientation > 1:
            yield Problem("image_turned", here, {"orientation": seen.orientation})
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
