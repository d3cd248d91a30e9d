import json

from tunedesk.gui.examples.form.changed_place import changed_place


def conversation(*messages):
    return json.dumps({"messages": [{"role": role, "content": text} for role, text in messages]})


def test_the_place_is_the_end_of_the_change_in_the_value():
    old = conversation(("user", "one two"), ("assistant", "three"))
    new = conversation(("user", "one two"), ("assistant", "three four"))
    assert changed_place(old, new) == (("messages", 1, "content"), 10)


def test_escapes_count_as_the_letters_they_are():
    old = '{"messages": [{"role": "user", "content": "a\\u00e9b"}]}'
    new = '{"messages": [{"role": "user", "content": "a\\u00e9b!"}]}'
    assert changed_place(old, new) == (("messages", 0, "content"), 4)


def test_a_change_of_the_list_is_the_list():
    old = conversation(("user", "one"), ("assistant", "two"))
    new = conversation(("user", "one"), ("assistant", "two"), ("user", "three"))
    path, _inside = changed_place(old, new)
    assert path[0] == "messages"


def test_what_is_no_json_has_no_place():
    assert changed_place("{", "{]") is None
