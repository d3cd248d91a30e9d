"""What tests read of the window: the only run, its messages, links, dialogs."""

from PySide6.QtWidgets import QPushButton

from tunedesk.gui.widgets.toast import Toast


def only(project):
    runs = project.runs.all()
    return runs[0] if runs else None


def toasts(window):
    return [toast.sentence.text() for toast in window.findChildren(Toast)]


def links(widget):
    return {b.text(): b for b in widget.findChildren(QPushButton) if b.property("kind") == "link"}


def dialog_of(kind, window):
    return next(iter(window.findChildren(kind)), None)
