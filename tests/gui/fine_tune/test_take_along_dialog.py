"""“Take the model with you”: what is offered, what is said before, and what is told at the end."""

import json

import pytest
from tests.gui.fine_tune.page_reading import dialog_of, toasts

from tunedesk.errors import UserError
from tunedesk.gui.fine_tune import take_along_dialog
from tunedesk.gui.fine_tune.take_along_dialog import TakeAlongDialog
from tunedesk.services.local_server import server_data_dir
from tunedesk.services.ollama import Ollama

HERE = Ollama("http://127.0.0.1:9", True, "")
PROOF = {"texts": 6, "same_tokens": 6, "questions": 2, "same_answers": 2}


def write_weights(file, count):
    head = {"embed": {"dtype": "BF16", "shape": [count, 64], "data_offsets": [0, 128 * count]}}
    text = json.dumps(head).encode()
    file.write_bytes(len(text).to_bytes(8, "little") + text + bytes(128 * count))


@pytest.fixture
def run(project, add_run, falling, checkpoint):
    """A finished run whose model, an adapter, lies on this computer with its base."""
    run = add_run("night", stage="ended", status="succeeded", fine_tuned_model="ft:starter:end")
    falling(run.id)
    project.runs.set_checkpoints(run.id, [checkpoint(40)])
    job = server_data_dir() / "jobs" / run.job_id
    base = job.parent / "base"
    base.mkdir(parents=True)
    (base / "config.json").write_text("{}", encoding="utf-8")
    write_weights(base / "model.safetensors", 1_000)
    for folder in (job / "model", job / "checkpoints" / "step-40"):
        folder.mkdir(parents=True)
        write_weights(folder / "adapter_model.safetensors", 10)
        held = json.dumps({"base_model_name_or_path": str(base)})
        (folder / "adapter_config.json").write_text(held, encoding="utf-8")
    return run


@pytest.fixture
def open_dialog(page, run, actions, qtbot, monkeypatch):
    """Opens the dialog where Ollama is as it is given."""

    def open_dialog(ollama=None, names=()):
        monkeypatch.setattr(take_along_dialog.ollama, "find", lambda: ollama)
        monkeypatch.setattr(take_along_dialog.ollama, "names", lambda _found: [*names])
        qtbot.waitUntil(lambda: actions["run.take_along"].isEnabled())
        actions["run.take_along"].trigger()
        dialog = dialog_of(TakeAlongDialog, page.window())
        qtbot.waitUntil(lambda: dialog._found is not None)
        return dialog

    return open_dialog


def test_the_forms_are_told_with_their_sizes_before(open_dialog):
    dialog = open_dialog()
    told = {kind: dialog._kinds.button(n).text() for n, kind in enumerate(take_along_dialog.KINDS)}
    assert told["folder"] == "Model folder  128 kB"
    assert told["adapter"].startswith("The adapter alone  1.")
    assert dialog._kinds.button(2).accessibleName() == "Model folder"
    sizes = [dialog.size_choice.itemText(number) for number in range(3)]
    assert sizes[0] == "Exact, 128 kB: as it answers here"
    assert sizes[1].startswith("Smaller, 68.0 kB")
    assert "not found" in dialog._notes["ollama"].text()
    assert dialog.path.text().endswith("night.gguf")
    dialog.choose("folder")
    assert dialog.size_choice.isHidden() or dialog._size_row.isHidden()
    assert dialog.path.text().endswith("night-folder")


def test_a_checkpoint_is_taken_in_the_background_and_told_at_the_end(
    open_dialog, context, window, monkeypatch, qtbot, tmp_path
):
    asked = []

    def export(_project, run, kind, out, *, step, size, progress):
        asked.append((run.name, kind, out, step, size))
        progress(1, 2)
        return PROOF

    monkeypatch.setattr(take_along_dialog, "export_model", export)
    dialog = open_dialog()
    dialog.which.setCurrentIndex(1)
    qtbot.waitUntil(lambda: dialog._found is not None)
    dialog.size_choice.setCurrentIndex(1)
    dialog.path.setText(str(tmp_path / "mine"))
    dialog.take.click()
    qtbot.waitUntil(lambda: any("word for word" in each for each in toasts(window)))
    assert asked == [("night", "gguf", tmp_path / "mine.gguf", 40, "smaller")]
    assert any(each.startswith("mine.gguf is written.") for each in toasts(window))


def test_it_can_be_cancelled(open_dialog, context, monkeypatch, qtbot, tmp_path):
    def export(*_given, progress, **_more):
        while True:
            progress(0, None)

    monkeypatch.setattr(take_along_dialog, "export_model", export)
    dialog = open_dialog()
    dialog.choose("adapter")
    dialog.path.setText(str(tmp_path / "mine"))
    dialog.take.click()
    (operation,) = context.operations.running
    assert operation.title == "Writing the model of “night”"
    operation.cancel()
    qtbot.waitUntil(lambda: not operation.running)
    assert list(tmp_path.glob("mine*")) == []


def test_ollama_gets_it_under_a_name_that_is_free(open_dialog, window, monkeypatch, qtbot):
    given = []

    def export(_project, _run, found, name, *, step, size, progress):
        given.append((found, name, step, size))
        return PROOF

    monkeypatch.setattr(take_along_dialog, "export_to_ollama", export)
    dialog = open_dialog(HERE, ["night:latest"])
    dialog.choose("ollama")
    assert dialog.name.text() == "night-2"
    dialog.name.setText("night")
    assert not dialog.take.isEnabled()
    assert "already" in dialog.note.text()
    dialog.name.setText("a b")
    assert not dialog.take.isEnabled()
    dialog.name.setText("owl")
    dialog.take.click()
    qtbot.waitUntil(lambda: any("ollama run owl" in each for each in toasts(window)))
    assert given == [(HERE, "owl", None, "exact")]


def test_what_stands_against_it_is_told(open_dialog, tmp_path, monkeypatch, qtbot):
    dialog = open_dialog()
    (tmp_path / "there.gguf").write_bytes(b"mine")
    dialog.path.setText(str(tmp_path / "there"))
    assert not dialog.take.isEnabled()
    assert dialog.note.text() == "there.gguf is there already."
    dialog.path.setText("")
    assert not dialog.take.isEnabled()

    def gone(_run, _step):
        raise UserError("The base is gone.", "Fetch it.")

    monkeypatch.setattr(take_along_dialog, "export_sizes", gone)
    dialog.which.setCurrentIndex(1)
    qtbot.waitUntil(lambda: dialog._found is not None)
    assert dialog.note.text() == "The base is gone. Fetch it."
    assert not dialog.take.isEnabled()


def test_a_run_of_a_service_cannot_be_taken(page, add_run, actions, qtbot):
    add_run(
        "far", provider="openai", stage="ended", status="succeeded", fine_tuned_model="ft:gpt:x"
    )
    qtbot.waitUntil(lambda: page.view.model == "ft:gpt:x")
    assert not actions["run.take_along"].isEnabled()
