import json

import pytest
from PySide6.QtTest import QAbstractItemModelTester
from tests.gui.fine_tune.page_reading import dialog_of

from tunedesk.gui.fine_tune.run_dataset import (
    RunDatasetDialog,
    RunDatasetModel,
    messages_of,
    preview_of,
)

TESTER = QAbstractItemModelTester.FailureReportingMode.Warning


def test_frozen_examples_lead_to_those_of_today(page, work, frozen, actions, qtbot):
    _run, ids = frozen
    qtbot.waitUntil(lambda: page.view.details is not None)
    actions["run.examples"].trigger()
    dialog = dialog_of(RunDatasetDialog, page)
    asked = []
    work.examples_asked.connect(lambda query, title: asked.append((query.ids, title)))
    work.example_asked.connect(lambda number, path: asked.append(number))
    dialog.list.setCurrentIndex(dialog.model.index(2))
    assert not dialog.now.isEnabled()
    dialog.list.setCurrentIndex(dialog.model.index(0))
    dialog.now.click()
    actions["run.examples"].trigger()
    [d for d in page.findChildren(RunDatasetDialog) if d.isVisible()][-1].all_now.click()
    assert asked == [ids[0], (tuple(ids), "Of kept")]


def test_frozen_model_keeps_its_promises(project, frozen):
    run, _ids = frozen
    model = RunDatasetModel(project)
    tester = QAbstractItemModelTester(model, TESTER)
    model.show_examples(project.runs.examples(run.id))
    assert model.index(1).data() == "2  Second?"
    assert model.row_number("training", 3) == 2
    assert model.row_number("validation", 3) == -1
    tester.deleteLater()


SYSTEM = {"role": "system", "content": "Be."}


USER = {"role": "user", "content": "Hi"}


@pytest.mark.parametrize(
    ("text", "preview"),
    [
        (json.dumps({"messages": [SYSTEM, USER]}), "Hi"),
        (json.dumps({"messages": [SYSTEM]}), "Be."),
        ('{"prompt": "a"}', '{"prompt": "a"}'),
        ("no JSON", "no JSON"),
    ],
)
def test_previews_of_any_record(text, preview):
    assert preview_of(text) == preview


def test_messages_of_odd_records():
    odd = messages_of('{"messages": ["text", {"role": 7, "content": [{"type": "text"}]}]}')
    assert [message.role for message in odd] == ["?", "?"]
    assert messages_of('{"messages": 3}') == []
