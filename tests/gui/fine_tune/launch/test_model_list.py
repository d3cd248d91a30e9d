from PySide6.QtCore import QItemSelectionModel
from tests.fine_tuning.made_project import add_texts, conversation
from tests.gui.fine_tune.launch.made_page import QUESTIONS, says, settled

from tunedesk.gui.fine_tune.launch.model_list import recommended
from tunedesk.i18n import size_text


def test_arrow_keys_choose_the_base_model(open_page, add):
    add(*QUESTIONS)
    dialog = open_page()
    first = dialog.settings.base_model
    assert first == "tunedesk-starter"
    model = dialog.models.row_model
    dialog.models.selectionModel().setCurrentIndex(
        model.index(1), QItemSelectionModel.SelectionFlag.ClearAndSelect
    )
    assert dialog.settings.base_model == model.row_at(1).id
    assert dialog.settings.base_model in dialog.command.text()


def test_a_model_is_advised_with_the_reason_and_taken(open_page, project, qtbot):
    add_texts(project, [conversation(question, "Yes.") for question in QUESTIONS])
    dialog = open_page()
    settled(qtbot, dialog)
    row = recommended(dialog.models.row_model.rows())
    assert f"For real work take {row.title}: the largest" in dialog._advice._text.text()
    dialog._advice._take.click()
    assert dialog.settings.base_model == row.id
    settled(qtbot, dialog)
    qtbot.waitUntil(lambda: "is the one to take" in dialog._advice._text.text())
    says(qtbot, dialog, size_text(row.download))
    assert row.badge.startswith("fits: about ")
    assert "download" in row.size


def test_the_list_says_how_long_an_example_may_be_and_what_memory_it_takes(open_page, add, qtbot):
    add(*QUESTIONS)
    dialog = open_page()
    rows = {row.id: row for row in dialog.models.row_model.rows()}
    small, large = rows["HuggingFaceTB/SmolLM2-135M-Instruct"], rows["Qwen/Qwen3-1.7B"]
    assert small.limit == "up to 8,192 tokens an example"
    assert small.size.endswith(" of memory")
    assert 0 < small.memory < large.memory
    assert small.limit in small.words
    dialog.models.choose(small.id)
    settled(qtbot, dialog)
    before = dialog.models.row.memory
    says(qtbot, dialog, f"about {before / 1e9:.1f} of")
    dialog.more.method.setCurrentIndex(1)
    qtbot.waitUntil(lambda: dialog.models.row.memory > before)
    dialog.providers.cards["openai"].click()
    assert {row.limit for row in dialog.models.row_model.rows()} == {
        "up to 65,536 tokens an example"
    }
