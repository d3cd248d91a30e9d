"""What the tests of the launch page share: questions, and what stands on the page."""

from tunedesk.gui.widgets.labels import Label

QUESTIONS = [f"Question {number}?" for number in range(20)]


def said(dialog):
    return [label.text() for label in dialog.findings.findChildren(Label) if label.isVisible()]


def says(qtbot, dialog, *parts):
    """Wait until a line of the right side holds all of these."""
    qtbot.waitUntil(lambda: any(all(part in line for part in parts) for line in said(dialog)))


def settled(qtbot, dialog):
    qtbot.waitUntil(
        lambda: (
            dialog._estimate is not None and dialog._estimate.preview.settings == dialog.settings
        )
    )
