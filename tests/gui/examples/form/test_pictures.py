import base64
import io
import struct
import zlib

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData
from PySide6.QtGui import QImage

from tunedesk.errors import UserError
from tunedesk.gui.examples.form.pictures import (
    MOST_BYTES,
    dropped_pictures,
    picture_as_url,
    picture_file_as_url,
    small_view,
)


def picture(kind="PNG", size=(300, 200)):
    data = io.BytesIO()
    Image.new("RGB", size, "teal").save(data, kind)
    return data.getvalue()


def url(data, media_type="image/png"):
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def bomb():
    """A PNG of a few hundred bytes that would fill many gigabytes."""

    def chunk(name, data):
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("kind", "media_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp")]
)
def test_embedded_pictures_are_made_small(kind, media_type):
    view = small_view(url(picture(kind, (1200, 800)), media_type))
    assert view.reason == ""
    assert (view.info.width, view.info.height) == (1200, 800)
    assert view.image.width() == 480


def test_a_bomb_is_not_opened():
    view = small_view(url(bomb()))
    assert view.image is None
    assert "60000 × 60000" in view.reason


def test_other_types_and_damage_are_refused_in_words():
    assert "not a JPEG" in small_view(url(b"<svg xmlns='http://www.w3.org/2000/svg'/>")).reason
    assert "base64" in small_view("data:image/png;base64,%%%").reason
    assert "damaged" in small_view(url(picture()[:200])).reason


def test_a_picked_file_becomes_a_data_url(tmp_path):
    file = tmp_path / "cat.png"
    file.write_bytes(picture())
    made = picture_file_as_url(file)
    assert made.startswith("data:image/png;base64,")
    assert base64.b64decode(made.partition(",")[2]) == picture()


def test_large_and_strange_files_are_refused(tmp_path):
    with pytest.raises(UserError, match="10 MB"):
        picture_as_url(b"\x89PNG" + b"0" * MOST_BYTES, "big.png")
    with pytest.raises(UserError, match="not a JPEG"):
        picture_as_url(b"GIF89a", "old.gif")
    with pytest.raises(UserError, match="cannot be read"):
        picture_file_as_url(tmp_path / "gone.png")


def test_a_pasted_picture_is_embedded_as_png():
    mime = QMimeData()
    mime.setImageData(QImage(3, 2, QImage.Format.Format_RGB32))
    (make,) = dropped_pictures(mime)
    assert make().startswith("data:image/png;base64,")
