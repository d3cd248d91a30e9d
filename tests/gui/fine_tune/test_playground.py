"""A question to the tuned model, its answer as it comes, and what goes wrong."""

import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QMenu
from tests.services.fakes import FakeOther

from tunedesk.gui.fine_tune.playground import PlaygroundDialog
from tunedesk.project.query import ExampleQuery
from tunedesk.project.run_records import RunExample
from tunedesk.services.providers import provider_named


@pytest.fixture
def service(keys):
    with FakeOther() as service:
        keys.keep(provider_named("custom"), service.url, service.key, True)
        yield service


@pytest.fixture
def run(add_run, service):
    return add_run(
        "one",
        provider="custom",
        base_url=service.url,
        base_model=service.models[0],
        stage="ended",
        status="succeeded",
        fine_tuned_model="ft:end",
    )


@pytest.fixture
def open_dialog(qtbot, context, run, checkpoint, background, keys, window):
    """Opens the dialog over the run."""
    dialogs = []

    def open_dialog(model="ft:starter:40", of=run):
        dialog = PlaygroundDialog(
            context, run=of, checkpoints=[checkpoint(40)], model=model, keys=keys, parent=window
        )
        window.show()
        dialog.open()
        dialogs.append(dialog)
        return dialog

    yield open_dialog
    for dialog in dialogs:
        dialog.reject()
    background.finish()


@pytest.fixture
def dialog(open_dialog):
    return open_dialog()


def ask(dialog, question, qtbot):
    dialog.question.setPlainText(question)
    dialog.ask.click()
    answered(dialog, qtbot)


def answered(dialog, qtbot):
    qtbot.waitUntil(lambda: not any(pane.busy for pane in dialog.panes), timeout=20_000)


def talk_to_base(dialog, service):
    """Let all columns ask the model that the service has."""
    for pane in dialog.panes:
        pane.which.setItemData(pane.which.currentIndex(), service.models[0])


def said(pane):
    return pane.conversation.toPlainText()


def sent(service):
    return [request.json for request in service.sent("POST", ".*/chat/completions")]


def examples(project):
    return [json.loads(project.text(number)) for number in project.first_ids(ExampleQuery(), 9)]


def choose(menu_of, number, qtbot):
    """Choose in the menu that a button has opened."""
    menu = menu_of.findChildren(QMenu)[-1]
    titles = [action.text() for action in menu.actions()]
    menu.actions()[number].trigger()
    menu.close()
    return titles


TOOLS = [{"type": "function", "function": {"name": "find_book", "parameters": {"type": "object"}}}]
SYSTEM = {"role": "system", "content": "You are a librarian.\n"}
ASKED = {"role": "user", "content": " Where is Dune? "}
CALL = {
    "role": "assistant",
    "tool_calls": [
        {
            "id": "call_1",
            "type": "function",
            "function": {"name": "find_book", "arguments": '{"title":"Dune"}'},
        }
    ],
}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "Shelf 3"}
SAID = {"role": "assistant", "content": "It is kept in the night library."}
WITH_TOOLS = {"messages": [SYSTEM, ASKED, CALL, RESULT, SAID], "tools": TOOLS}


@pytest.fixture
def trained_on(project, run):
    """Makes examples those of the run: all but the last trained on, the last one held back."""

    def trained_on(*records):
        texts = [json.dumps(record) for record in records]
        ids = [project.add_example(text, project.checker().check(text.encode())) for text in texts]
        parts = [("training", n) for n in range(1, len(ids))] + [("validation", 1)]
        if len(ids) == 1:
            parts = [("training", 1)]
        project.runs.set_examples(
            run.id,
            [
                RunExample(part, line, number, project.rows([number])[0].version_id)
                for (part, line), number in zip(parts, ids, strict=True)
            ],
        )
        return ids

    return trained_on


def test_begins_with_the_model_that_was_chosen(dialog):
    (pane,) = dialog.panes
    assert pane.which.currentData() == "ft:starter:40"
    assert not dialog.ask.isEnabled()
    assert not dialog.keeping.keep.isEnabled()
    dialog.question.setPlainText("Where is book 3?")
    assert dialog.ask.isEnabled()


def test_other_models_answer_beside_it(dialog, service, qtbot):
    dialog.add.click()
    dialog.add_column()  # the screen of the tests has room for two
    assert [pane.which.currentData() for pane in dialog.panes] == [
        "ft:starter:40",
        service.models[0],
        "ft:end",
    ]
    ask(dialog, "Where is book 3?", qtbot)
    assert service.reply in said(dialog.panes[1])
    assert {request["model"] for request in sent(service)} == {
        "ft:starter:40",
        service.models[0],
        "ft:end",
    }
    assert not dialog.stop.isVisible()
    dialog.panes[0].remove.click()
    assert [pane.conversation.accessibleName() for pane in dialog.panes] == [
        "Conversation 1",
        "Conversation 2",
    ]
    dialog.panes[1].remove.click()
    assert not dialog.panes[0].remove.isVisible()


def test_a_conversation_goes_on(dialog, service, qtbot):
    talk_to_base(dialog, service)
    dialog.system.setPlainText("You are a librarian.")
    ask(dialog, "Where is book 3?", qtbot)
    ask(dialog, "And book 4?", qtbot)
    assert sent(service)[-1]["messages"] == [
        {"role": "system", "content": "You are a librarian."},
        {"role": "user", "content": "Where is book 3?"},
        {"role": "assistant", "content": service.reply},
        {"role": "user", "content": "And book 4?"},
    ]
    assert said(dialog.panes[0]).count(service.reply) == 2
    dialog.anew.click()
    assert said(dialog.panes[0]) == ""
    ask(dialog, "Good evening", qtbot)
    messages = sent(service)[-1]["messages"]
    assert [message["content"] for message in messages] == ["You are a librarian.", "Good evening"]


def test_temperature_and_length_are_sent(dialog, service, qtbot):
    talk_to_base(dialog, service)
    ask(dialog, "Where is book 3?", qtbot)
    assert sent(service)[-1]["temperature"] == 0
    assert "max_tokens" not in sent(service)[-1]
    dialog.temperature.setCurrentIndex(dialog.temperature.findData(0.7))
    dialog.length.setCurrentIndex(dialog.length.findData(50))
    service.finish_reason = "length"
    dialog.panes[0].again.click()
    answered(dialog, qtbot)
    assert (sent(service)[-1]["temperature"], sent(service)[-1]["max_tokens"]) == (0.7, 50)
    assert sent(service)[-1]["messages"] == sent(service)[0]["messages"]
    assert said(dialog.panes[0]).count(service.reply) == 1
    assert dialog.panes[0].state.text() == "The answer was cut off after 50 tokens."


def test_a_good_conversation_is_kept_as_an_example(dialog, service, project, qtbot):
    talk_to_base(dialog, service)
    dialog.system.setPlainText("You are a librarian.")
    ask(dialog, "Where is book 3?", qtbot)
    dialog.keeping.keep.click()
    (kept,) = project.first_ids(ExampleQuery(), 9)
    assert json.loads(project.text(kept)) == {
        "messages": [
            {"role": "system", "content": "You are a librarian."},
            {"role": "user", "content": "Where is book 3?"},
            {"role": "assistant", "content": service.reply},
        ]
    }
    assert project.rows([kept])[0].state == "draft"
    assert dialog.keeping.note.isVisible()
    assert dialog.keeping.note.text() == "The conversation is kept as an example, as a draft."
    # Once is enough; what goes on is another conversation.
    assert not dialog.keeping.keep.isEnabled()
    ask(dialog, "And book 4?", qtbot)
    dialog.keeping.review.click()
    _first, second = project.first_ids(ExampleQuery(), 9)
    assert project.rows([second])[0].state == "to_review"
    assert len(json.loads(project.text(second))["messages"]) == 5


def test_the_better_of_two_answers_is_kept_as_a_pair(dialog, service, project, qtbot):
    talk_to_base(dialog, service)
    dialog.system.setPlainText("You are a librarian.")
    ask(dialog, "Where is book 3?", qtbot)
    assert not dialog.keeping.pair.isEnabled()
    dialog.add.click()
    talk_to_base(dialog, service)
    worse, service.reply = service.reply, "On shelf 3."
    assert dialog.panes[1].again.text() == "Answer this too"
    dialog.panes[1].again.click()
    answered(dialog, qtbot)
    assert dialog.keeping.pair.isEnabled()
    dialog.keeping.pair.click()
    titles = choose(dialog.keeping.pair, 1, qtbot)
    assert titles[1] == f"The better answer: {dialog.panes[1].which.currentText()}"
    (kept,) = project.first_ids(ExampleQuery(), 9)
    assert json.loads(project.text(kept)) == {
        "input": {
            "messages": [
                {"role": "system", "content": "You are a librarian."},
                {"role": "user", "content": "Where is book 3?"},
            ]
        },
        "preferred_output": [{"role": "assistant", "content": "On shelf 3."}],
        "non_preferred_output": [{"role": "assistant", "content": worse}],
    }
    (row,) = project.rows([kept])
    assert (row.kind, row.state, row.errors) == ("preference", "to_review", 0)
    assert not dialog.keeping.pair.isEnabled()


def test_equal_answers_and_other_questions_are_no_pair(dialog, service, qtbot):
    talk_to_base(dialog, service)
    ask(dialog, "Where is book 3?", qtbot)
    dialog.add.click()
    talk_to_base(dialog, service)
    dialog.panes[1].again.click()
    answered(dialog, qtbot)
    assert not dialog.keeping.pair.isEnabled()
    dialog.panes[1].clear()
    service.reply = "On shelf 4."
    dialog.panes[0].clear()
    ask(dialog, "And book 4?", qtbot)
    service.reply = "Shelf 4."
    dialog.panes[1].again.click()
    answered(dialog, qtbot)
    assert dialog.keeping.pair.isEnabled()
    dialog.system.setPlainText("Be kind.")
    ask(dialog, "And book 5?", qtbot)
    # Each has gone on from its own answer.
    assert not dialog.keeping.pair.isEnabled()


def test_a_conversation_beside_others_is_chosen_to_be_kept(dialog, service, project, qtbot):
    dialog.add.click()
    talk_to_base(dialog, service)
    ask(dialog, "Where is book 3?", qtbot)
    dialog.keeping.review.click()
    titles = choose(dialog.keeping.review, 1, qtbot)
    assert titles == [pane.which.currentText() for pane in dialog.panes]
    assert len(examples(project)) == 1


def test_questions_of_the_examples_are_offered_with_what_they_are(
    add, project, run, service, open_dialog, qtbot
):
    numbers = add("Where is book 1?", "Where is book 2?")
    project.runs.set_examples(
        run.id,
        [
            RunExample(part, 1, number, project.rows([number])[0].version_id)
            for part, number in zip(("training", "validation"), numbers, strict=True)
        ],
    )
    dialog = open_dialog()
    assert [dialog.samples.item(row).text() for row in range(dialog.samples.count())] == [
        "Held back: new to the model",
        "Where is book 2?",
        "Trained on: it has seen these",
        "Where is book 1?",
    ]
    titles = [dialog.samples.item(row) for row in (0, 2)]
    assert not any(title.flags() & Qt.ItemFlag.ItemIsSelectable for title in titles)
    dialog.samples.itemClicked.emit(dialog.samples.item(1))
    assert dialog.question.toPlainText() == "Where is book 2?"
    talk_to_base(dialog, service)
    dialog.ask.click()
    answered(dialog, qtbot)
    # What the example answers stands below, and is no part of the conversation.
    assert said(dialog.panes[0]).endswith("In your example\nYes.")
    assert dialog.panes[0].messages[-1]["content"] == service.reply


@pytest.mark.parametrize(("row", "before"), [(1, [SYSTEM, ASKED]), (2, WITH_TOOLS["messages"][:4])])
def test_a_question_is_sent_as_the_training_saw_it(
    row, before, trained_on, service, open_dialog, qtbot
):
    """Letter by letter: the system prompt, the turns before, the tools and what they gave back."""
    trained_on(WITH_TOOLS)
    dialog = open_dialog()
    talk_to_base(dialog, service)
    ask(dialog, "Good evening", qtbot)
    dialog.samples.itemClicked.emit(dialog.samples.item(row))
    dialog.ask.click()
    answered(dialog, qtbot)
    assert sent(service)[-1]["messages"] == before
    assert sent(service)[-1]["tools"] == TOOLS
    dialog.tools.click()
    dialog.samples.itemClicked.emit(dialog.samples.item(row))
    dialog.ask.click()
    answered(dialog, qtbot)
    assert "tools" not in sent(service)[-1]


def test_system_prompts_of_the_project_are_at_hand(project, service, open_dialog, qtbot):
    assert not open_dialog().prompts.isVisible()
    project.set_preset("Librarian", "You are a librarian.")
    dialog = open_dialog()
    talk_to_base(dialog, service)
    assert dialog.prompts.isVisible()
    dialog.prompts.setCurrentIndex(1)
    dialog.prompts.activated.emit(1)
    ask(dialog, "Where is book 3?", qtbot)
    assert sent(service)[-1]["messages"][0] == {"role": "system", "content": "You are a librarian."}


def test_an_answer_like_the_example_s_is_said_to_be_the_same(
    trained_on, service, open_dialog, qtbot
):
    trained_on(WITH_TOOLS)
    dialog = open_dialog()
    talk_to_base(dialog, service)
    dialog.samples.itemClicked.emit(dialog.samples.item(2))
    assert dialog.question.toPlainText() == ""
    assert dialog.ask.isEnabled()
    assert "“Shelf 3”" in dialog.note.text()
    dialog.ask.click()
    answered(dialog, qtbot)
    assert said(dialog.panes[0]).rstrip().endswith("The same as in your example")


def test_calls_of_tools_are_shown_and_answered_by_hand(
    trained_on, service, project, open_dialog, qtbot
):
    (example,) = trained_on(WITH_TOOLS)
    dialog = open_dialog()
    talk_to_base(dialog, service)
    (pane,) = dialog.panes
    service.calls = [("find_book", '{"title": "Dune", "copies": 2}'), ("find_book", "{}")]
    dialog.samples.itemClicked.emit(dialog.samples.item(1))
    dialog.ask.click()
    answered(dialog, qtbot)
    text = said(pane)
    assert "Calls the tool find_book\n    title: Dune\n    copies: 2\n" in text
    assert text.endswith("In your example\nCalls the tool find_book\n    title: Dune")
    assert not any(letter in text for letter in '{}"')
    assert [field.accessibleName() for field in pane.results.fields] == [
        "What find_book gives back"
    ] * 2
    # A conversation with open calls cannot go on; those of the example can be asked anew.
    dialog.question.setPlainText("And?")
    assert not dialog.ask.isEnabled()
    for field, result in zip(pane.results.fields, ("Shelf 3", "Nothing"), strict=True):
        field.setPlainText(result)
    pane.results.send.click()
    answered(dialog, qtbot)
    called, *told = sent(service)[-1]["messages"][2:]
    assert [call["function"]["name"] for call in called["tool_calls"]] == ["find_book"] * 2
    assert told == [
        {"role": "tool", "tool_call_id": "call_0", "content": "Shelf 3"},
        {"role": "tool", "tool_call_id": "call_1", "content": "Nothing"},
    ]
    assert sent(service)[-1]["tools"] == TOOLS
    assert service.reply in said(pane)
    dialog.keeping.keep.click()
    kept = next(number for number in project.first_ids(ExampleQuery(), 9) if number != example)
    record = json.loads(project.text(kept))
    assert record["tools"] == TOOLS
    assert [message["role"] for message in record["messages"]] == [
        *("system", "user", "assistant", "tool", "tool", "assistant")
    ]
    assert project.rows([kept])[0].errors == 0


def test_a_result_that_is_not_answered_can_be_sent_again(trained_on, service, open_dialog, qtbot):
    trained_on(WITH_TOOLS)
    dialog = open_dialog()
    talk_to_base(dialog, service)
    (pane,) = dialog.panes
    service.calls = [("find_book", "{}")]
    dialog.samples.itemClicked.emit(dialog.samples.item(1))
    dialog.ask.click()
    answered(dialog, qtbot)
    pane.which.setItemData(pane.which.currentIndex(), "nobody")
    pane.results.send.click()
    answered(dialog, qtbot)
    assert "no such model" in pane.state.text()
    assert pane.messages[-1]["role"] == "assistant"
    talk_to_base(dialog, service)
    pane.results.send.click()
    answered(dialog, qtbot)
    assert pane.messages[-1] == {"role": "assistant", "content": service.reply}


def test_a_model_of_completions_goes_on_from_a_text(
    trained_on, service, project, open_dialog, qtbot
):
    """It was trained on no chat: what it reads is the prompt alone, letter by letter."""
    (example,) = trained_on({"prompt": "Once upon ", "completion": "a time"})
    dialog = open_dialog()
    talk_to_base(dialog, service)
    assert not dialog.fold.isVisible()
    dialog.samples.itemClicked.emit(dialog.samples.item(1))
    dialog.ask.click()
    answered(dialog, qtbot)
    ask(dialog, "Far away ", qtbot)
    requests = [request.json for request in service.sent("POST", "/completions")]
    assert [request["prompt"] for request in requests] == ["Once upon ", "Far away "]
    assert requests[0]["max_tokens"] > 16
    assert sent(service) == []
    dialog.keeping.keep.click()
    kept = next(number for number in project.first_ids(ExampleQuery(), 9) if number != example)
    assert json.loads(project.text(kept)) == {"prompt": "Far away ", "completion": service.reply}


def test_an_example_that_is_not_answered_leaves_nothing_to_keep(
    trained_on, service, open_dialog, qtbot
):
    """The turns of the example are no answer of the model's."""
    trained_on(WITH_TOOLS)
    dialog = open_dialog()
    (pane,) = dialog.panes
    dialog.samples.itemClicked.emit(dialog.samples.item(2))
    pane.which.setItemData(pane.which.currentIndex(), "nobody")
    dialog.ask.click()
    answered(dialog, qtbot)
    assert (pane.messages, pane.answer) == ([], None)
    assert not dialog.keeping.keep.isEnabled()
    assert not pane.waits_for_tools
    talk_to_base(dialog, service)
    pane.again.click()
    answered(dialog, qtbot)
    assert sent(service)[-1]["messages"] == WITH_TOOLS["messages"][:4]
    assert pane.answer["content"] == service.reply
    # An answer that was there stays when another one fails.
    pane.which.setItemData(pane.which.currentIndex(), "nobody")
    pane.again.click()
    answered(dialog, qtbot)
    assert pane.answer["content"] == service.reply


def test_there_are_no_more_columns_than_have_room(dialog):
    while dialog.add.isEnabled():
        dialog.add.click()
    columns = len(dialog.panes)
    assert 2 <= columns <= 4
    assert dialog.minimumSizeHint().width() <= dialog.width()


def test_a_question_that_was_changed_is_not_held_against_the_example(
    trained_on, service, open_dialog, qtbot
):
    trained_on(WITH_TOOLS)
    dialog = open_dialog()
    talk_to_base(dialog, service)
    dialog.samples.itemClicked.emit(dialog.samples.item(1))
    dialog.question.setPlainText("Where is Emma?")
    dialog.ask.click()
    answered(dialog, qtbot)
    assert sent(service)[-1]["messages"] == [SYSTEM, {"role": "user", "content": "Where is Emma?"}]
    assert "In your example" not in said(dialog.panes[0])


def test_mouse_and_enter_on_a_question_do_the_same(trained_on, service, open_dialog, qtbot):
    trained_on(WITH_TOOLS)
    dialog = open_dialog()
    dialog.samples.setFocus()
    dialog.samples.setCurrentRow(1)
    qtbot.keyClick(dialog.samples, Qt.Key.Key_Return)
    assert dialog.question.toPlainText() == ASKED["content"]
    assert sent(service) == []
    for field in (dialog.panes[0].which, dialog.temperature, dialog.length):
        field.setFocus()
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert sent(service) == []
    talk_to_base(dialog, service)
    qtbot.keyClick(dialog.question, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    answered(dialog, qtbot)
    assert len(sent(service)) == 1


def test_the_end_of_the_answer_is_in_sight(dialog, service, qtbot):
    service.reply = "It is kept in the night library. " * 80
    talk_to_base(dialog, service)
    bar = dialog.panes[0].conversation.verticalScrollBar()
    for _number in range(2):
        ask(dialog, "Where is book 3?", qtbot)
        qtbot.waitUntil(lambda: bar.maximum() > 0 and bar.value() == bar.maximum())


def test_the_starter_is_explained_before_it_answers(add_run, open_dialog):
    def told(dialog):
        return any("knows no language" in label.text() for label in dialog.findChildren(QLabel))

    assert not told(open_dialog())
    assert told(open_dialog(of=add_run("two", stage="ended", fine_tuned_model="ft:two")))


def test_model_that_is_not_there_is_said_calmly(dialog, qtbot):
    ask(dialog, "Where is book 3?", qtbot)
    assert "no such model" in dialog.panes[0].state.text()
    assert dialog.panes[0].messages == []
    assert not dialog.keeping.keep.isEnabled()


def test_stopping_keeps_what_is_there(dialog):
    dialog.question.setPlainText("Where is book 3?")
    dialog.ask.click()
    dialog.stop.click()
    assert dialog.panes[0].state.text() == "Stopped."
    assert not dialog.panes[0].busy
