import json

import pytest
from tests.project.made_examples import undo_name

from tunedesk.checks.checker import Checker
from tunedesk.errors import UserError
from tunedesk.examples.conversation_edits import set_message_text
from tunedesk.examples.kinds.conversation import CONVERSATION
from tunedesk.examples.kinds.prompt_completion import PROMPT_COMPLETION
from tunedesk.examples.kinds.unreadable import UNREADABLE
from tunedesk.project.change_names import ChangeName


@pytest.fixture
def opened(example, store, short, qtbot):
    example_id = store(short)
    example.open(example_id)
    qtbot.waitUntil(lambda: example.checks_are_current)
    return example_id


def written(project, example_id, index):
    return json.loads(project.text(example_id))["messages"][index]["content"]


def test_open_tells_text_facts_and_tokens(example, opened, short):
    assert example.text == short
    assert example.facts.kind == "chat"
    assert len(example.message_tokens) == 3
    assert [m.role for m in example.conversation.messages] == ["system", "user", "assistant"]


def test_an_edit_is_there_at_once_and_in_the_project_soon(example, opened, project, qtbot):
    with qtbot.waitSignal(example.text_changed):
        example.apply(set_message_text(example.text, 1, "Who?"), "Edit message 2", "a")
    assert example.conversation.messages[1].text == "Who?"
    assert written(project, opened, 1) == "Hello?"
    qtbot.waitUntil(lambda: written(project, opened, 1) == "Who?", timeout=2000)
    assert undo_name(project) == "Edit message 2"


def test_the_checks_follow_the_text(example, opened, qtbot):
    with qtbot.waitSignal(example.facts_changed):
        example.apply(set_message_text(example.text, 2, "Dear {{name}}"), "Edit message 3", "a")
    assert [problem.code for problem in example.facts.problems] == ["placeholder"]


def test_only_the_answer_about_the_present_text_counts(example, opened, qtbot):
    for number in range(12):
        example.apply(set_message_text(example.text, 2, "{{n}}" * (number % 2)), "Edit", "a")
    example.apply(set_message_text(example.text, 2, "Good."), "Edit", "a")
    with qtbot.waitSignal(example.facts_changed):
        pass
    qtbot.waitUntil(lambda: example.checks_are_current)
    assert example.facts.problems == ()


def test_typing_without_a_pause_is_written_all_the_same(example, opened, project, qtbot):
    """A timer that each keystroke starts anew would never fire."""
    words = []

    def type_on():
        words.append("x")
        example.apply(set_message_text(example.text, 1, "".join(words)), "Edit message 2", "a")
        return written(project, opened, 1) != "Hello?"

    qtbot.waitUntil(type_on, timeout=3000)


def test_keystrokes_of_one_key_are_one_step_of_undo(example, opened, project):
    for text in ("W", "Wh", "Who"):
        example.apply(set_message_text(example.text, 1, text), "Edit message 2", "a")
        example.flush()
    project.undo()
    assert example.conversation.messages[1].text == "Hello?"


def test_another_key_is_another_step(example, opened, project):
    example.apply(set_message_text(example.text, 1, "Who?"), "Edit message 2", "a")
    example.apply(set_message_text(example.text, 2, "Me."), "Edit message 3", "b")
    example.flush()
    project.undo()
    assert [m.text for m in example.conversation.messages] == ["Be kind.", "Who?", "Hello!"]


def test_leaving_writes_first(example, opened, project, store, short):
    other = store(short)
    example.apply(set_message_text(example.text, 1, "Who?"), "Edit message 2", "a")
    example.open(other)
    assert written(project, opened, 1) == "Who?"


def test_undo_reloads_and_tells_the_place(example, opened, project, qtbot):
    example.apply(set_message_text(example.text, 2, "Hello, you!"), "Edit message 3", "a")
    example.flush()
    with qtbot.waitSignal(example.position_changed) as told:
        project.undo()
    assert example.conversation.messages[2].text == "Hello!"
    assert told.args == [("messages", 2, "content"), 5]


def test_what_another_view_changed_is_shown(example, opened, project, checker, qtbot):
    new = set_message_text(example.text, 1, "From elsewhere")
    with qtbot.waitSignal(example.text_changed):
        project.set_text(opened, new, checker.check(new.encode()), "Elsewhere")
    assert example.conversation.messages[1].text == "From elsewhere"


def test_what_was_typed_is_never_thrown_away(example, opened, project, checker):
    example.apply(set_message_text(example.text, 1, "Typed"), "Edit message 2", "a")
    other = set_message_text(project.text(opened), 2, "Elsewhere")
    project.set_text(opened, other, checker.check(other.encode()), "Elsewhere")
    example.flush()
    assert written(project, opened, 1) == "Typed"


def test_text_that_is_no_json_is_kept(example, opened, project, qtbot):
    with qtbot.waitSignal(example.facts_changed):
        example.apply('{"messages": [', "Edit the raw JSON", "raw")
    example.flush()
    assert project.text(opened) == '{"messages": ['
    assert example.facts.kind == "unreadable"


def test_a_bug_in_the_checks_keeps_no_typing_from_the_disk(
    example, opened, project, monkeypatch, background, qtbot
):
    def broken(_checker, _text):
        raise ZeroDivisionError

    monkeypatch.setattr(Checker, "check", broken)
    with qtbot.waitSignal(background.crashed):
        example.apply(set_message_text(example.text, 1, "Still here?"), "Edit message 2", "a")
        example.flush()
    assert written(project, opened, 1) == "Still here?"


def test_a_failed_write_is_told_once_and_tried_again(
    example, opened, project, store, short, monkeypatch, qtbot
):
    other = store(short)

    def full(*_args, **_keywords):
        raise UserError("The disk is full.", "Make room.")

    monkeypatch.setattr(project, "set_text", full)
    with qtbot.waitSignal(example.write_failed) as told:
        example.apply(set_message_text(example.text, 1, "Who?"), "Edit message 2", "a")
        example.flush()
    assert told.args[0].sentence == "The disk is full."
    with qtbot.assertNotEmitted(example.write_failed), pytest.raises(UserError):
        example.open(other)
    assert example.conversation.messages[1].text == "Who?"
    monkeypatch.undo()
    example.flush()
    assert written(project, opened, 1) == "Who?"


def test_another_target_is_checked_anew(example, opened, project, qtbot):
    with qtbot.waitSignal(example.facts_changed):
        example.apply(set_message_text(example.text, 1, "Who?"), "Edit message 2", "a")
        example.flush()
    project.set_setting("target", "azure")
    assert example.target == "azure"


def test_nothing_is_changed_without_an_open_example(example, project):
    example.apply("{}", "Edit")
    assert example.text == ""
    assert undo_name(project) is None


def test_the_kind_follows_the_text(example, opened):
    assert example.kind is CONVERSATION
    example.apply('{"prompt": "Why?", "completion": "Because."}', ChangeName("edit_raw_json", {}))
    assert example.kind is PROMPT_COMPLETION
    example.apply("{", ChangeName("edit_raw_json", {}))
    assert example.kind is UNREADABLE
