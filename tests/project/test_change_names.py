"""Each change has three whole sentences, whatever a stranger wrote of it."""

import ast
from pathlib import Path

import pytest

import tunedesk
from tunedesk.project.change_names import _WORDED, ChangeName, from_row, worded

PARAMETERS = {
    "count": 1234,
    "number": 3,
    "name": "Kind",
    "file": "a.jsonl",
    "title": "Blanks",
    "tag": "law",
    "find": "{law}",
    "rules": 2,
    "text": "Edit",
}


@pytest.mark.parametrize("code", sorted(_WORDED))
def test_every_code_has_three_sentences(code):
    name = ChangeName(code, PARAMETERS)
    done, undo, redo = (worded(name, sentence) for sentence in ("done", "undo", "redo"))
    assert len({done, undo, redo}) == 3
    assert (undo.startswith("Undo"), redo.startswith("Redo")) == (True, True)
    for sentence in (done, undo, redo):
        assert "{" not in sentence.replace("{law}", "")
        assert "1234" not in sentence


def test_they_are_in_the_singular_and_in_the_plural():
    assert worded(ChangeName("delete", {"count": 1}), "undo") == "Undo delete 1 example"
    assert worded(ChangeName("delete", {"count": 2_000}), "redo") == "Redo delete 2,000 examples"
    assert worded(ChangeName("set_state", {"state": "approved", "count": 1})) == "Approve 1 example"
    assert worded(ChangeName.of("Edit {it}"), "undo") == "Undo: Edit {it}"


@pytest.mark.parametrize(
    ("code", "parameters", "shown"),
    [
        ("add", "[]", "Add 1 example"),
        ("add", '{"count": [1]}', "Add"),
        ("add", '{"count": 1e999}', "Add"),
        ("add_tag", '{"count": 1}', "Add tag"),
        ("set_state", '{"state": "unheard_of"}', "Set the state"),
        ("set_state", "no json", "Set the state"),
        ("from_the_future", "{}", "From the future"),
        ("worded", "{}", "Worded"),
    ],
)
def test_what_is_not_understood_is_named_by_its_code(code, parameters, shown):
    assert worded(from_row(code, parameters)) == shown
    assert worded(from_row(code, parameters), "undo").startswith("Undo")


def test_every_code_that_is_used_is_known():
    used = set()
    for file in Path(tunedesk.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ChangeName":
                used |= {part.value for part in ast.walk(node.args[0])
                         if isinstance(part, ast.Constant)}  # fmt: skip
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in (
                "_do",
                "change_tools",
            ):
                used |= {part.value for part in ast.walk(node.args[1])
                         if isinstance(part, ast.Constant)}  # fmt: skip
    known = {code.split(".")[0] for code in _WORDED}
    assert len(used) > 30
    assert used - {None} <= known


COUNTED = {
    "add": {},
    "import": {"file": "letters.jsonl"},
    "duplicate": {},
    "delete": {},
    "move": {},
    "set_state": {"state": "approved"},
    "add_tag": {"tag": "law"},
    "remove_tag": {"tag": "law"},
    "replace": {"find": "the"},
    "fix": {"title": "Blanks around the text"},
    "fix_several": {"rules": 3},
    "set_system_prompt": {},
    "embed_pictures": {},
}


@pytest.mark.parametrize("code", COUNTED)
def test_the_sentence_fits_the_number(code):
    one, many = (worded(ChangeName(code, {"count": n, **COUNTED[code]})) for n in (1, 12_000))
    assert "1 example" in one
    assert "examples" not in one
    assert "12,000 examples" in many
    for value in COUNTED[code].values():
        assert str(value) in many or value == "approved"


@pytest.mark.parametrize("state", ["approved", "rejected", "draft", "to_review", "changes_wanted"])
def test_each_state_has_a_sentence_of_its_own(state):
    said = worded(ChangeName("set_state", {"state": state, "count": 2}))
    assert "2 examples" in said
    assert worded(ChangeName("set_state", {"state": "of a newer Tunedesk"})) == "Set the state"


def test_a_name_comes_back_from_the_file():
    name = ChangeName("add_tag", {"tag": "law", "count": 2})
    assert from_row(name.code, name.stored()) == name
    assert worded(ChangeName.of("Edit message 2")) == "Edit message 2"


@pytest.mark.parametrize(
    ("code", "parameters"),
    [("of_a_newer_tunedesk", {}), ("import", {"count": "many"}), ("add_tag", {"count": 1})],
)
def test_what_cannot_be_worded_is_named_by_its_code(code, parameters):
    assert worded(ChangeName(code, parameters)) == code.replace("_", " ").capitalize()
