"""What an image URL says of itself, and that nothing is opened."""

import base64
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tunedesk.checks.checker import Checker
from tunedesk.checks.images import picture_size, read_image_url


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
