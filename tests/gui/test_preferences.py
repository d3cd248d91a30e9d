import sys

from PySide6.QtCore import Qt

from tunedesk import __version__
from tunedesk.gui.preferences import InstalledRow, PreferencesDialog
from tunedesk.services import local_install
from tunedesk.settings import Settings


def test_choices_act_at_once_and_are_kept(theme, background, tmp_path, qtbot):
    settings = Settings(path=tmp_path / "settings.json")
    dialog = PreferencesDialog(theme, settings, background)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.theme_box.setCurrentIndex(dialog.theme_box.findData("dark"))
    dialog.zoom.setValue(30)
    dialog.monospace.setChecked(True)
    dialog.keep_prompt.setChecked(False)
    qtbot.keyClicks(dialog.author, "  Ada ")
    dialog.theme_box.setFocus()
    assert theme.dark
    assert theme.zoom == 1.5
    dialog.close()
    stored = Settings.load(tmp_path / "settings.json")
    assert not stored.keep_system_prompt
    assert (stored.theme, stored.zoom, stored.monospace, stored.author) == (
        "dark",
        1.5,
        True,
        "Ada",
    )


def test_names_are_the_labels(theme, settings, background, qtbot):
    dialog = PreferencesDialog(theme, settings, background)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(dialog)
    names = {widget.accessibleName() for widget in (dialog.theme_box, dialog.zoom, dialog.author)}
    assert names == {"Theme", "Size of message text", "Your name in the history"}


def test_training_that_was_installed_can_be_removed(theme, settings, background, qtbot):
    folder = local_install.environment_dir()
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    python.parent.mkdir(parents=True)
    python.touch()
    (folder / "complete").write_text(__version__)
    dialog = PreferencesDialog(theme, settings, background)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(dialog)
    row = dialog.findChild(InstalledRow)
    row.button.click()
    qtbot.waitUntil(lambda: not folder.exists())
