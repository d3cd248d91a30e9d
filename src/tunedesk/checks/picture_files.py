"""Pictures that an example names by a file: found in a folder that the user picks, and embedded.

Other tools keep paths: Qwen's in a part of the message, LLaMA-Factory's in a list beside the
messages with `<image>` in the text for each. Services read embedded pictures only.
"""

import base64
import os
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from tunedesk.checks.images import MEDIA_TYPES, image_place, picture_size
from tunedesk.examples.json_edit import remove, replace_value
from tunedesk.examples.json_text import JsonSyntaxError, parse
from tunedesk.examples.json_text import Path as JsonPath

MOST_BYTES = 10 * 2**20
"""The largest picture that is embedded; OpenAI takes ten megabytes."""
_MOST_FILES = 1_000_000
_MARK = re.compile(r"<image>\n?|<image_placeholder>\n?")
_KEYS = ("images", "image")


class PictureFolder:
    """Finds the pictures of a folder by the paths that they had on somebody's disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._by_name: dict[str, list[str]] = {}
        seen = 0
        for place, _folders, names in os.walk(folder):
            for name in names:
                self._by_name.setdefault(name.casefold(), []).append(os.path.join(place, name))
            seen += len(names)
            if seen > _MOST_FILES:
                break

    def find(self, path: str) -> Path | None:
        """The file whose path ends most like this one; None without one, or with several."""
        steps = [step for step in re.split(r"[/\\]", path.removeprefix("file://")) if step]
        found = self._by_name.get(steps[-1].casefold(), []) if steps else []
        if len(found) > 1:
            alike = [_shared_end(steps, file) for file in found]
            found = [file for file, same in zip(found, alike, strict=True) if same == max(alike)]
        return Path(found[0]) if len(found) == 1 else None

    def data_url(self, path: str) -> str | None:
        """The picture as it is embedded; None if there is none that services take."""
        file = self.find(path)
        try:
            if file is None or not file.is_file() or file.stat().st_size > MOST_BYTES:
                return None
            data = file.read_bytes()
        except OSError:
            return None
        media_type = picture_size(data)[0]
        if media_type not in MEDIA_TYPES:
            return None
        return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"


def _shared_end(steps: list[str], file: str) -> int:
    """How many steps at the end two paths share."""
    own = Path(file).parts[::-1]
    shared = 0
    for step, other in zip(reversed(steps), own, strict=False):
        if step.casefold() != other.casefold():
            break
        shared += 1
    return shared


@lru_cache(maxsize=1)
def _folder(folder: str, _changed_ns: int) -> PictureFolder:
    return PictureFolder(Path(folder))


def picture_folder(folder: Path) -> PictureFolder:
    """The pictures of a folder; looked through once as long as nothing is added to it."""
    try:
        changed = folder.stat().st_mtime_ns
    except OSError:
        changed = 0
    return _folder(str(folder), changed)


class EmbeddedPictures(NamedTuple):
    """A record with its pictures.

    Attributes:
        text: The record; as it was where a picture is missing.
        embedded: How many pictures were embedded.
        missing: The paths for which no picture was found.
    """

    text: str
    embedded: int
    missing: tuple[str, ...]


def embed_pictures(text: str, folder: PictureFolder) -> EmbeddedPictures:
    """Embed the pictures that a record names by files: all of them, or none."""
    try:
        record = parse(text).value
    except JsonSyntaxError:
        return EmbeddedPictures(text, 0, ())
    if not isinstance(record, dict) or not isinstance(record.get("messages"), list):
        return EmbeddedPictures(text, 0, ())
    changes = list(_of_parts(record["messages"])) or _of_marks(record)
    urls: dict[str, str] = {}
    missing: list[str] = []
    for path in {path for _place, parts in changes for path in _paths(parts)}:
        url = folder.data_url(path)
        if url is None:
            missing.append(path)
        else:
            urls[path] = url
    if missing or not urls:
        return EmbeddedPictures(text, 0, tuple(sorted(missing)))
    embedded = 0
    for place, parts in changes:
        filled = [_picture(urls[part.path]) if isinstance(part, _File) else part for part in parts]
        embedded += sum(isinstance(part, _File) for part in parts)
        one = place[-1] != "content"
        text = replace_value(text, place, filled[0] if one else filled)
    for key in _KEYS:
        if key in record and _listed(record[key]):
            text = remove(text, (key,))
    return EmbeddedPictures(text, embedded, ())


class _File(NamedTuple):
    """A picture that stands as the path of a file."""

    path: str


_Parts = list[Any]


def _paths(parts: _Parts) -> Iterator[str]:
    return (part.path for part in parts if isinstance(part, _File))


def _picture(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def _of_parts(messages: list[Any]) -> Iterator[tuple[JsonPath, _Parts]]:
    """The parts of messages that name a file themselves."""
    for number, message in enumerate(messages):
        content = message.get("content") if isinstance(message, dict) else None
        for index, part in enumerate(content if isinstance(content, list) else ()):
            path = _path_of(part)
            if path is not None and message.get("role") == "user":
                yield ("messages", number, "content", index), [_File(path)]


def _path_of(part: Any) -> str | None:
    """The path in a part for a picture, in any of the forms that are met."""
    if not isinstance(part, dict) or part.get("type") not in ("image", "image_url", "input_image"):
        return None
    for key in ("image", "image_url", "path", "url"):
        value = part.get(key)
        if isinstance(value, dict):
            value = value.get("url", value.get("path"))
        if isinstance(value, str) and value and image_place(value) == "disk":
            return value
    return None


def _listed(value: Any) -> list[str]:
    """The paths that stand beside the messages; none if anything else stands there."""
    values = value if isinstance(value, list) else [value]
    paths = [
        each.get("path", each.get("url")) if isinstance(each, dict) else each for each in values
    ]
    known = [path for path in paths if isinstance(path, str) and image_place(path) == "disk"]
    return known if len(known) == len(paths) else []


def _of_marks(record: dict[str, Any]) -> list[tuple[JsonPath, _Parts]]:
    """The contents in which marks stand for the pictures listed beside the messages.

    There have to be as many marks as pictures. One user message without a mark has the pictures
    before its text.
    """
    paths = next((_listed(record[key]) for key in _KEYS if record.get(key)), [])
    if not paths:
        return []
    left = [_File(path) for path in paths]
    found: list[tuple[JsonPath, _Parts]] = []
    users = [n for n, message in enumerate(record["messages"]) if _is_users(message)]
    marks = 0
    for number in users:
        content = record["messages"][number].get("content")
        pieces = content if isinstance(content, list) else [{"type": "text", "text": content}]
        parts: _Parts = []
        here = 0
        for piece in pieces:
            said = piece.get("text") if isinstance(piece, dict) else None
            if piece == {"type": "image"}:
                here += 1
                parts.append(None)
            elif isinstance(said, str):
                texts = _MARK.split(said)
                here += len(texts) - 1
                for index, text in enumerate(texts):
                    parts += [None] if index else []
                    parts += [{"type": "text", "text": text}] if text.strip() else []
            else:
                parts.append(piece)
        if here:
            found.append((("messages", number, "content"), parts))
            marks += here
    if not marks and len(users) == 1:
        content = record["messages"][users[0]].get("content")
        if isinstance(content, str):
            told = [{"type": "text", "text": content}]
            return [(("messages", users[0], "content"), [*left, *told])]
    if marks != len(paths):
        return []
    return [
        (place, [left.pop(0) if part is None else part for part in parts]) for place, parts in found
    ]


def _is_users(message: Any) -> bool:
    return isinstance(message, dict) and message.get("role") == "user"
