from PySide6.QtCore import Qt

from tunedesk.gui.preferences import PreferencesDialog
from tunedesk.settings import Settings


def test_choices_act_at_once_and_are_kept(theme, tmp_path, qtbot):
    settings = Settings(path=tmp_path / "settings.json")
    dialog = PreferencesDialog(theme, settings)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.theme_box.setCurrentIndex(dialog.theme_box.findData("dark"))
    dialog.zoom.setValue(30)
    dialog.monospace.setChecked(True)
    qtbot.keyClicks(dialog.author, "  Ada ")
    dialog.theme_box.setFocus()
    assert theme.dark
    assert theme.zoom == 1.5
    dialog.close()
    stored = Settings.load(tmp_path / "settings.json")
    assert (stored.theme, stored.zoom, stored.monospace, stored.author) == (
        "dark",
        1.5,
        True,
        "Ada",
    )


def test_names_are_the_labels(theme, settings, qtbot):
    dialog = PreferencesDialog(theme, settings)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(dialog)
    names = {widget.accessibleName() for widget in (dialog.theme_box, dialog.zoom, dialog.author)}
    assert names == {"Theme", "Size of message text", "Your name in the history"}
