import re
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6 import QtWidgets
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QLabel

import tunedesk.gui
from tunedesk.gui import theme as theme_module
from tunedesk.gui.action_table import ACTIONS
from tunedesk.gui.roles_and_states import STATES
from tunedesk.gui.theme import MAX_ZOOM, NAMES, Theme
from tunedesk.paths import resource


def _luminance(color):
    def linear(value):
        return value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = map(linear, (color.redF(), color.greenF(), color.blueF()))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(theme, ink, ground):
    one, two = sorted((_luminance(theme.color(ink)), _luminance(theme.color(ground))))
    return (two + 0.05) / (one + 0.05)


def test_both_palettes_have_the_same_names(qapp):
    light, dark = Theme("light"), Theme("dark")
    assert light._palettes["light"].keys() == dark._palettes["dark"].keys()
    assert light.color("window") != dark.color("window")


def test_texts_can_be_read(qapp):
    pairs = [
        ("text", "window"),
        ("text", "surface"),
        ("text", "selection"),
        ("text_muted", "surface"),
        ("text_muted", "window"),
        ("accent", "surface"),
        ("accent", "accent_soft"),
        ("on_accent", "accent"),
        ("on_toast", "toast"),
        ("toast_accent", "toast"),
        ("error", "error_soft"),
        ("error", "surface"),
        ("warning", "surface"),
        ("success", "surface"),
    ]
    for choice in ("light", "dark"):
        theme = Theme(choice)
        for ink, ground in pairs:
            # Bold small words on a soft ground may be a little weaker than running text.
            least = 3.8 if ground.endswith("_soft") or ink in ("success", "warning") else 4.5
            assert _contrast(theme, ink, ground) >= least, (choice, ink, ground)


def test_choice_changes_colours_and_tells(qapp, qtbot, theme):
    label = QLabel("x")
    qtbot.addWidget(label)
    with qtbot.waitSignal(theme.changed):
        theme.set_choice("dark")
    assert theme.dark
    assert qapp.palette().color(qapp.palette().ColorRole.Window) == theme.color("window")
    assert theme.color("accent").name() in qapp.styleSheet()


def test_unknown_choice_is_the_system(qapp):
    assert Theme("pink").choice == "system"


def test_system_is_followed_live(qapp, monkeypatch):
    system = {"dark": False}
    monkeypatch.setattr(theme_module, "_system_is_dark", lambda: system["dark"])
    theme = Theme("system")
    theme.apply(qapp)
    light = theme.color("window")
    system["dark"] = True
    # The test platform has no scheme of its own to change, so its signal is sent by hand.
    QGuiApplication.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert theme.dark
    assert theme.color("window") != light
    assert qapp.palette().color(qapp.palette().ColorRole.Window) == theme.color("window")
    qapp.setStyleSheet("")


def test_zoom_changes_message_text_only_and_stays_within_reason(qapp, qtbot, theme):
    base, message = theme.font("base").pixelSize(), theme.font("message").pixelSize()
    with qtbot.waitSignal(theme.changed):
        theme.set_zoom(2.0)
    assert theme.font("base").pixelSize() == base
    assert theme.font("message").pixelSize() == 2 * message
    theme.set_zoom(50)
    assert theme.zoom == MAX_ZOOM


def test_style_sheet_has_no_open_names(qapp):
    for choice in ("light", "dark"):
        sheet = Theme(choice).style_sheet()
        assert "$" not in sheet.replace("Names with a dollar sign", "")


def test_every_class_of_the_style_sheet_is_there():
    """A class that is renamed would lose its look without a word."""
    style = re.sub(r"/\*.*?\*/", "", resource("style/tunedesk.qss").read_text("utf-8"), flags=re.S)
    selectors = " ".join(re.findall(r"([^{}]+)\{", style))
    styled = set(re.findall(r"(?<![\w$\"#:.-])([A-Z]\w+)", selectors))
    package = Path(tunedesk.gui.__file__).parent
    code = "\n".join(path.read_text("utf-8") for path in package.rglob("*.py"))
    ours = set(re.findall(r"^class (\w+)", code, re.M))
    inside_qt = {"QTableCornerButton"}
    unknown = {name for name in styled - ours - inside_qt if not hasattr(QtWidgets, name)}
    assert unknown == set()
    assert len(styled & ours) > 1


def _colors(pixmap):
    image = pixmap.toImage()
    points = ((x, y) for x in range(image.width()) for y in range(image.height()))
    return {
        image.pixelColor(x, y).name() for x, y in points if image.pixelColor(x, y).alpha() > 100
    }


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_icon_draws_something(theme, name):
    assert _colors(theme.icons.pixmap(name, 24))


def test_icons_take_the_colour_of_the_theme(theme):
    icon = theme.icons.icon("add", "accent")
    assert theme.color("accent").name() in _colors(icon.pixmap(QSize(32, 32)))
    theme.set_choice("dark")
    assert theme.color("accent").name() in _colors(icon.pixmap(QSize(32, 32)))


def test_disabled_and_switched_on_icons_differ(theme):
    icon = theme.icons.icon("add")
    faint = icon.pixmap(QSize(32, 32), QIcon.Mode.Disabled)
    on = icon.pixmap(QSize(32, 32), QIcon.Mode.Normal, QIcon.State.On)
    assert theme.color("text_disabled").name() in _colors(faint)
    assert theme.color("accent").name() in _colors(on)


def test_icons_named_elsewhere_exist():
    assert {spec.icon for spec in ACTIONS if spec.icon} <= NAMES.keys()
    assert {look.icon for look in STATES.values()} <= NAMES.keys()


def test_heavy_parts_are_not_imported_for_the_window():
    code = (
        "import sys, tunedesk.gui.application; "
        "print([m for m in ('openai', 'pyqtgraph', 'numpy', 'keyring', 'qtawesome', 'tiktoken', "
        "'PIL', 'jsonschema') if m in sys.modules])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert shown.strip() == "[]"
