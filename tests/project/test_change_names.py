"""The names of changes: words from a code and parameters, by their number."""

import pytest

from tunedesk.project.change_names import ChangeName, from_row, worded

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
