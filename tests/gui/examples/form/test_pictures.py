import base64
import io
import json
import struct
import zlib

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel

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
    assert "no JPEG" in small_view(url(b"<svg xmlns='http://www.w3.org/2000/svg'/>")).reason
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
    with pytest.raises(UserError, match="no JPEG"):
        picture_as_url(b"GIF89a", "old.gif")
    with pytest.raises(UserError, match="cannot be read"):
        picture_file_as_url(tmp_path / "gone.png")


def test_a_pasted_picture_is_embedded_as_png():
    mime = QMimeData()
    mime.setImageData(QImage(3, 2, QImage.Format.Format_RGB32))
    (make,) = dropped_pictures(mime)
    assert make().startswith("data:image/png;base64,")


def parts(*images):
    return [
        {"type": "text", "text": "What is this?"},
        *({"type": "image_url", "image_url": {"url": image}} for image in images),
    ]


def test_a_picture_is_shown_with_its_size(show, conversation, card, qtbot):
    data = picture()
    show(conversation({"role": "user", "content": parts(url(data))}, ("assistant", "A square")))
    view = card(0).parts._images[0]
    qtbot.waitUntil(lambda: "300 × 200 px" in view._title.text())
    assert view._picture.isVisible()
    assert "PNG" in view._about.text()


def test_an_address_is_shown_and_never_opened(show, conversation, card):
    address = "https://example.org/cat.png"
    show(conversation({"role": "user", "content": parts(address, "/etc/passwd")}))
    first, second = card(0).parts._images[:2]
    assert first._title.text() == address
    assert second._title.text() == "/etc/passwd"
    assert not first._picture.isVisible()


def test_a_dropped_picture_becomes_a_part(
    show, conversation, card, example, tmp_path, text_box, qtbot
):
    show(conversation(("user", "What is this?"), ("assistant", "A square")))
    file = tmp_path / "cat.png"
    file.write_bytes(picture())
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file))])
    text_box(0).insertFromMimeData(mime)
    qtbot.waitUntil(lambda: "image_url" in example.text)
    content = json.loads(example.text)["messages"][0]["content"]
    assert content[0] == {"type": "text", "text": "What is this?"}
    assert text_box(0).text == "What is this?"
    card(0).parts._images[0].detail_changed.emit("low")
    assert json.loads(example.text)["messages"][0]["content"][1]["image_url"]["detail"] == "low"
    card(0).parts._images[0].removed.emit()
    assert json.loads(example.text)["messages"][0]["content"] == "What is this?"


def test_only_users_may_send_pictures(show, conversation, text_box, example, feedback):
    show(conversation(("user", "Hi"), ("assistant", "Yes")))
    mime = QMimeData()
    mime.setImageData(QImage(3, 2, QImage.Format.Format_RGB32))
    text_box(1).insertFromMimeData(mime)
    assert "image_url" not in example.text


def test_text_parts_are_written_one_by_one(show, conversation, card, example, qtbot):
    both = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    show(conversation({"role": "user", "content": both}))
    second = card(0).parts.texts()[1][1]
    assert second.accessibleName() == "User message 1, part 2"
    second.setFocus()
    second.set_cursor_position(3)
    qtbot.keyClicks(second, "!")
    assert [p["text"] for p in json.loads(example.text)["messages"][0]["content"]] == [
        "one",
        "two!",
    ]


def test_picked_files_are_embedded_and_refused_ones_said(
    show, conversation, form, example, tmp_path, qtbot, window
):
    show(conversation(("user", "What is this?"), ("assistant", "A square")))
    good, bad = tmp_path / "cat.png", tmp_path / "cat.gif"
    good.write_bytes(picture())
    bad.write_bytes(b"GIF89a")
    form.cards.add_pictures(0, [str(bad), str(good)])
    qtbot.waitUntil(lambda: "image_url" in example.text)
    words = [label.text() for label in window.findChildren(QLabel)]
    assert any("cat.gif is no JPEG" in text for text in words)
