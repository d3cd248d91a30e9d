"""Files come in in the background; what was odd is said, other files are left alone."""

import json

import pytest
from PySide6.QtWidgets import QDialog, QLabel, QWidget
from tests.project.made_examples import undo_name

from tunedesk.gui.examples.import_files import FileImports, ImportSummaryDialog


def line(question):
    messages = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": question},
        {"role": "assistant", "content": "Yes."},
    ]
    return json.dumps({"messages": messages}, ensure_ascii=False)


@pytest.fixture
def page(qtbot):
    page = QWidget()
    qtbot.addWidget(page)
    return page


@pytest.fixture
def imports(page, context, background, feedback):
    background.user_error.connect(feedback.error)
    imports = FileImports(context, page)
    yield imports
    imports.close()


def import_files(qtbot, imports, *paths):
    with qtbot.waitSignal(imports.ended, timeout=20_000):
        imports.start(list(paths))


def toast(feedback):
    return feedback.toasts()[-1].accessibleName()


def test_a_clean_file_comes_in_and_is_told_in_passing(qtbot, imports, project, feedback, tmp_path):
    file = tmp_path / "talks.jsonl"
    file.write_text(f"{line('first')}\n{line('zwölf')}\n", encoding="utf-8")
    import_files(qtbot, imports, file)
    assert project.count() == 2
    assert project.text(2) == line("zwölf")
    assert "2 examples from talks.jsonl" in toast(feedback)
    assert "import" in undo_name(project).lower()


def test_several_files_come_in_one_after_the_other(qtbot, imports, project, tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.jsonl").write_text(line(name) + "\n", encoding="utf-8")
    imports.start([tmp_path / "a.jsonl", tmp_path / "b.jsonl"])
    qtbot.waitUntil(lambda: project.count() == 2 and not imports.busy)
    assert [row.preview for row in project.rows([1, 2])] == ["a", "b"]


def test_what_was_odd_is_said(qtbot, imports, project, page, tmp_path):
    file = tmp_path / "odd.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + line("first").encode() + b'\n{"cut": \n')
    import_files(qtbot, imports, file)
    assert project.count() == 2
    dialog = page.findChild(ImportSummaryDialog)
    words = " ".join(
        label.text() for label in dialog.findChildren(QWidget) if hasattr(label, "text")
    )
    assert "2 examples from odd.jsonl" in words
    assert "could not be read as JSON" in words
    dialog.done(QDialog.DialogCode.Accepted)


def test_a_file_of_another_kind_is_left_alone(qtbot, imports, project, feedback, tmp_path):
    file = tmp_path / "alpaca.jsonl"
    file.write_text(json.dumps({"instruction": "Hi", "output": "Hello"}) + "\n", encoding="utf-8")
    import_files(qtbot, imports, file)
    assert project.count() == 0
    assert "Alpaca" in toast(feedback)


def test_preference_pairs_come_in(qtbot, imports, project, feedback, tmp_path):
    file = tmp_path / "pairs.jsonl"
    pair = {"prompt": "Hi there", "chosen": "Hello", "rejected": "What"}
    file.write_text(json.dumps(pair) + "\n", encoding="utf-8")
    import_files(qtbot, imports, file)
    (row,) = project.rows(project.ids())
    assert (row.kind, row.preview) == ("preference", "Hi there")


def test_a_file_that_is_not_there_is_told(qtbot, imports, project, feedback, tmp_path):
    import_files(qtbot, imports, tmp_path / "gone.jsonl")
    assert "gone.jsonl" in toast(feedback)


def test_the_progress_has_a_cancel_and_ends(qtbot, imports, feedback, project, tmp_path):
    file = tmp_path / "many.jsonl"
    file.write_text("".join(line(f"question {n}") + "\n" for n in range(3000)), encoding="utf-8")
    imports.start([file])
    assert feedback.progress_line.isVisibleTo(feedback.progress_line.parentWidget()) or imports.busy
    imports._operation.cancel()
    qtbot.waitUntil(lambda: not imports.busy)
    assert "Stopped" in toast(feedback)
    came = project.count()
    assert came <= 3000
    if came:
        project.undo()
    assert project.count() == 0


def test_copies_are_told_by_the_message_of_the_import(
    qtbot, imports, project, feedback, tmp_path, page
):
    file = tmp_path / "talks.jsonl"
    file.write_text(f"{line('first')}\n" * 30 + f"{line('second')}\n" * 10)
    import_files(qtbot, imports, file)
    assert "38 are copies of others: 2 of 40 are distinct." in toast(feedback)
    odd = tmp_path / "odd.jsonl"
    odd.write_text(f"{line('third')}\nnot json\n{line('third')}\n")
    import_files(qtbot, imports, odd)
    dialog = page.findChild(ImportSummaryDialog)
    texts = [label.text() for label in dialog.findChildren(QLabel)]
    assert "39 are copies of others: 4 of 43 are distinct." in texts
    dialog.close()
