import subprocess
import sys

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon

from tunedesk.gui.action_table import ACTIONS
from tunedesk.gui.icons import NAMES
from tunedesk.gui.roles_and_states import STATES


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
