"""What an image URL says of itself, and that nothing is opened."""

import base64
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tunedesk.checks.checker import Checker
from tunedesk.checks.fixes import fix_all
from tunedesk.checks.images import picture_size, read_image_url
from tunedesk.checks.messages.sentences import sentence


def _picture(kind, size=(41, 23), **options):
    buffer = io.BytesIO()
    Image.new("RGB", size, "red").save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("kind", "options", "media_type"),
    [
        ("PNG", {}, "image/png"),
        ("JPEG", {}, "image/jpeg"),
        ("JPEG", {"progressive": True, "comment": b"x" * 300}, "image/jpeg"),
        ("WEBP", {}, "image/webp"),
        ("WEBP", {"lossless": True}, "image/webp"),
        ("WEBP", {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0"}, "image/webp"),
    ],
)
def test_size_and_type_are_read(kind, options, media_type):
    data = _picture(kind, **options)
    assert picture_size(data) == (media_type, 41, 23)
    url = f"data:{media_type};base64,{base64.b64encode(data).decode()}"
    seen = read_image_url(url)
    assert (seen.embedded, seen.size, seen.width, seen.height) == (True, len(data), 41, 23)
    assert seen.defect is None


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("https://example.org/a.png", None),
        ("http://example.org", None),
        ("ftp://example.org/a.png", "not_an_image_address"),
        ("file:///etc/passwd", "not_an_image_address"),
        ("/etc/passwd", "not_an_image_address"),
        ("", "not_an_image_address"),
        ("data:image/png;base64,???", "not_base64"),
        ("data:image/png,abc", "not_base64"),
        ("data:image/png;base64,", "not_an_image"),
        ("data:image/png;base64,aGVsbG8=", "not_an_image"),
        ("data:image/gif;base64,R0lGODlhAQABAAAAACw=", None),
    ],
)
def test_faults(url, fault):
    assert read_image_url(url).defect == fault


def test_a_wrong_name_is_seen():
    url = "data:image/png;base64," + base64.b64encode(_picture("JPEG")).decode()
    assert read_image_url(url).defect == "media_type_differs"
    assert read_image_url(url).media_type == "image/jpeg"


@given(st.text(max_size=40) | st.text(max_size=40).map(lambda t: "data:image/png;base64," + t))
def test_no_url_makes_it_stumble(url):
    read_image_url(url)


@given(
    st.sampled_from(
        [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF0000WEBPVP8X", b"RIFF0000WEBPVP8 "]
    ),
    st.binary(max_size=60),
)
def test_no_bytes_make_it_stumble(head, data):
    picture_size(head + data)


def test_a_picture_over_ten_megabytes():
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x08\0\0\0\x08"
    data = base64.b64encode(head + bytes(10_485_760) + b"\0\0\0\0IEND\xaeB`\x82").decode()
    part = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
    record = {
        "messages": [
            {"role": "user", "content": [part]},
            {"role": "assistant", "content": "A dot."},
        ]
    }
    (problem,) = Checker(encoding=None).check(json.dumps(record).encode()).problems
    assert problem.code == "image_too_large"
    assert problem.path == ("messages", 0, "content", 0, "image_url", "url")
    assert problem.parameters["limit"] == 10_485_760


def _jpeg(orientation=None, size=(40, 20)):
    picture = Image.new("RGB", size, "navy")
    exif = Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
    data = io.BytesIO()
    picture.save(data, "JPEG", exif=exif)
    return data.getvalue()


def _record(data, named="image/jpeg"):
    url = f"data:{named};base64,{base64.b64encode(data).decode()}"
    part = {"type": "image_url", "image_url": {"url": url}}
    messages = [{"role": "user", "content": [part]}, {"role": "assistant", "content": "A wall."}]
    return json.dumps({"messages": messages})


def _codes(text):
    return [problem.code for problem in Checker(encoding=None).check(text.encode()).problems]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_that_lies_on_its_side_is_told_and_turned(orientation):
    text = _record(_jpeg(orientation))
    assert _codes(text) == (["image_turned"] if orientation > 1 else [])
    fixed, count = fix_all(text)
    assert count == (orientation > 1)
    url = json.loads(fixed)["messages"][0]["content"][0]["image_url"]["url"]
    seen = read_image_url(url)
    assert (seen.orientation, seen.defect) == (1, None)
    # From 5 on width and height change places.
    assert (seen.width, seen.height) == ((20, 40) if orientation > 4 else (40, 20))


def test_a_picture_whose_note_is_damaged_stays_as_it_is():
    data = _jpeg(6)
    at = data.index(b"Exif")
    for broken in (data[: at + 8] + b"\xff" * 20 + data[at + 28 :], data[:30] + data[-2:]):
        read_image_url(f"data:image/jpeg;base64,{base64.b64encode(broken).decode()}")
        fix_all(_record(broken))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_that_is_cut_off_is_damaged(kind):
    whole = io.BytesIO()
    noise = Image.effect_noise((64, 64), 90).convert("RGB")
    noise.save(whole, kind)
    data = whole.getvalue()
    named = f"image/{kind.lower()}"
    assert _codes(_record(data, named)) == []
    for end in (len(data) // 2, len(data) - 20):
        (problem,) = Checker(encoding=None).check(_record(data[:end], named).encode()).problems
        assert problem.code == "image_data_broken"
        assert "cut off" in sentence(problem)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF"])
@pytest.mark.parametrize("named", ["image/gif", "image/png", "image/bmp", "image/tiff"])
def test_pictures_that_no_service_takes(kind, named):
    data = io.BytesIO()
    Image.new("RGB", (8, 8)).save(data, kind)
    (problem,) = Checker(encoding=None).check(_record(data.getvalue(), named).encode()).problems
    assert problem.code == "image_type"
    assert problem.parameters["type"] == f"image/{kind.lower()}"
