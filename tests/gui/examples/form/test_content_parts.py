"""The parts of a message: texts, pictures and others."""

import base64
import io
import json

from PIL import Image
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel


def picture():
    data = io.BytesIO()
    Image.new("RGB", (300, 200), "teal").save(data, "PNG")
    return data.getvalue()


def url(data):
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


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
    form.cards.pictures.add_files(0, [str(bad), str(good)])
    qtbot.waitUntil(lambda: "image_url" in example.text)
    words = [label.text() for label in window.findChildren(QLabel)]
    assert any("cat.gif is not a JPEG" in text for text in words)
