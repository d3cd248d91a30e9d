"""Pictures named by a path are found in a folder and embedded: all of a record, or none."""

import base64
import io
import json

import pytest
from PIL import Image

from tunedesk.checks.checker import Checker
from tunedesk.checks.fixes import FixJob, fix_texts
from tunedesk.checks.picture_files import PictureFolder, embed_pictures
from tunedesk.checks.problem import severity


def _png(shade):
    data = io.BytesIO()
    Image.new("L", (8, 8), shade).save(data, "PNG")
    return data.getvalue()


WHEEL, BELL, OTHER_BELL = _png(10), _png(20), _png(30)


@pytest.fixture
def folder(tmp_path):
    for name, data in (
        ("wheel.png", WHEEL),
        ("old/Bell.png", BELL),
        ("new/bell.png", OTHER_BELL),
        ("notes.png", b"not a picture"),
    ):
        file = tmp_path / "photos" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return PictureFolder(tmp_path / "photos")


def _part(data):
    url = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    return {"type": "image_url", "image_url": {"url": url}}


def _text(text):
    return {"type": "text", "text": text}


def _asked(content, **others):
    answer = {"role": "assistant", "content": "A spoke."}
    return {"messages": [{"role": "user", "content": content}, answer], **others}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # In a part of the message, in the forms of several tools.
        *(
            (_asked([part, _text("What?")]), _asked([_part(WHEEL), _text("What?")]))
            for part in (
                {"type": "image", "image": "/home/me/wheel.png"},
                {"type": "image", "image": "file:///C:/Users/me/wheel.png"},
                {"type": "image", "path": "photos\\wheel.png"},
                {"type": "image", "url": "wheel.png"},
                {"type": "image_url", "image_url": "WHEEL.PNG"},
                {"type": "image_url", "image_url": {"url": "photos/wheel.png"}},
            )
        ),
        # In a list beside the messages, with a mark for each in the text.
        (
            _asked("<image>What?", images=["a/wheel.png"]),
            _asked([_part(WHEEL), _text("What?")]),
        ),
        (
            _asked(
                "Is <image> older than\n<image>?", images=["old/bell.png", {"path": "wheel.png"}]
            ),
            _asked([_text("Is "), _part(BELL), _text(" older than\n"), _part(WHEEL), _text("?")]),
        ),
        (
            _asked([{"type": "image"}, _text("What?")], image="wheel.png", id=7),
            _asked([_part(WHEEL), _text("What?")], id=7),
        ),
        # One question, no mark: the picture stands before it.
        (_asked("What?", images=["wheel.png"]), _asked([_part(WHEEL), _text("What?")])),
    ],
)
def test_a_path_becomes_the_picture(before, after, folder):
    new, embedded, missing = embed_pictures(json.dumps(before), folder)
    assert json.loads(new) == after
    assert embedded == str(after).count("image_url': {")
    assert missing == ()
    problems = Checker(encoding=None).check(new.encode()).problems
    assert not [p for p in problems if severity(p.code) == "error"]


@pytest.mark.parametrize(
    ("record", "missing"),
    [
        (_asked("<image>What?", images=["bell.png"]), ("bell.png",)),  # which of the two?
        (_asked("<image><image>", images=["wheel.png", "x.png"]), ("x.png",)),
        (_asked("<image>What?", images=["notes.png"]), ("notes.png",)),
        (_asked("<image>What?", images=["../../etc/passwd"]), ("../../etc/passwd",)),
        (_asked("<image>What?", images=["wheel.png", "wheel.png"]), ()),  # one mark, two pictures
        (_asked("<image>What?", images=["https://example.org/wheel.png"]), ()),
        (_asked([_part(WHEEL)]), ()),
        ({"messages": "wheel.png", "images": ["wheel.png"]}, ()),
        ({"text": "a"}, ()),
    ],
)
def test_what_is_not_certain_stays_as_it_is(record, missing, folder):
    text = json.dumps(record, indent=1)
    assert embed_pictures(text, folder) == (text, 0, missing)
    assert embed_pictures("{broken", folder) == ("{broken", 0, ())


def test_a_job_of_fixes_embeds_first(folder, tmp_path):
    rows = [
        _asked("<image>What?", images=["wheel.png"]),
        _asked("<image>What? ", images=["none.png"]),
    ]
    job = FixJob([json.dumps(row).encode() for row in rows], pictures=tmp_path / "photos")
    first, second = fix_texts(job)
    assert (first.embedded, first.missing) == (1, ())
    assert (second.embedded, second.missing, second.fixes) == (0, ("none.png",), 1)
    assert b"data:image/png" in first.text
