import json

from hypothesis import given
from hypothesis import strategies as st

from tunedesk.gui.examples.form.code_edit import laid_out
from tunedesk.gui.examples.form.text_mapping import TextMapping, changed_span, diff_position

LETTERS = st.text(alphabet="ab\r\n\u2029\u2028\ufeff\ud800é😀", max_size=12)
PLAIN = st.text(alphabet="ab\né😀", max_size=6)


def test_a_text_box_shows_every_line_break_alike():
    shown = TextMapping.of_message("\ufeffa\r\nb\rc\u2029d\ud800\u2028")
    assert shown.shown == "a\nb\nc\nd\ufffd\u2028"


def test_an_edit_leaves_other_line_breaks_as_they_were():
    shown = TextMapping.of_message("one\r\ntwo\r\nthree")
    edited = shown.edited("one\ntwo!\nthree")
    assert edited.original == "one\r\ntwo!\r\nthree"
    assert edited.edited("one\nthree").original == "one\r\nthree"


def test_half_a_surrogate_pair_survives_an_edit_beside_it():
    assert TextMapping.of_message("a\ud800b").edited("a\ufffdbc").original == "a\ud800bc"


def test_a_byte_order_mark_at_the_beginning_survives():
    assert TextMapping.of_message("\ufeffab").edited("xab").original == "\ufeffxab"


@given(PLAIN, PLAIN)
def test_the_span_of_a_change_is_all_that_differs(old, new):
    start, old_end, new_end = changed_span(old, new)
    assert old[:start] + new[start:new_end] + old[old_end:] == new
    assert 0 <= start <= old_end <= len(old)
    assert start <= new_end <= len(new)


@given(PLAIN, PLAIN)
def test_a_text_without_hidden_letters_becomes_what_was_typed(old, new):
    assert TextMapping.of_message(old).edited(new).original == new


@given(LETTERS, st.data())
def test_an_edit_changes_only_its_own_stretch(original, data):
    shown = TextMapping.of_message(original)
    start = data.draw(st.integers(0, len(shown.shown)))
    end = data.draw(st.integers(start, len(shown.shown)))
    typed = data.draw(st.text(alphabet="xy", max_size=3))
    edited = shown.edited(shown.shown[:start] + typed + shown.shown[end:])
    assert edited.shown == shown.shown[:start] + typed + shown.shown[end:]
    if start == end:
        # An insertion takes nothing away.
        kept = edited.original.replace("x", "").replace("y", "")
        assert kept == original
    # The next edit of what is shown finds its place again.
    again = edited.edited(shown.shown)
    assert again.shown == shown.shown


@given(LETTERS)
def test_places_go_there_and_back(original):
    shown = TextMapping.of_message(original)
    for place in range(len(shown.shown) + 1):
        there = shown.to_original(place)
        assert 0 <= there <= len(original)
        assert shown.to_shown(there) == place


def test_a_record_of_one_line_is_laid_out_and_keeps_its_bytes():
    text = '{"messages": [{"role": "user", "content": "a somewhat longer text"}],"n":1}'
    shown = laid_out(text)
    assert shown.original == text
    assert shown.shown.splitlines() == [
        "{",
        '  "messages": [',
        "    {",
        '      "role": "user",',
        '      "content": "a somewhat longer text"',
        "    }",
        "  ],",
        '  "n":1',
        "}",
    ]
    edited = shown.edited(shown.shown.replace("longer", "shorter"))
    assert edited.original == text.replace("longer", "shorter")


def test_deleting_a_line_break_that_is_only_shown_changes_nothing():
    text = '{"messages":[{"role":"user","content":"a somewhat longer text"}]}'
    shown = laid_out(text)
    joined = shown.edited(shown.shown.replace("{\n", "{", 1))
    assert joined.original == text


def test_a_record_with_its_own_lines_or_no_json_is_shown_as_it_is():
    for text in ('{\n "messages": []\n}', '{"messages": [', ""):
        assert laid_out(text).shown == text


@given(
    st.recursive(
        st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_layout_only_touches_blanks_between_values(value):
    text = json.dumps({"messages": value, "pad": "x" * 40}, ensure_ascii=False)
    shown = laid_out(text)
    assert json.loads(shown.shown) == json.loads(text)
    place = shown.shown.rindex("x")
    assert shown.edited(shown.shown[:place] + "y" + shown.shown[place:]).original == (
        text[: text.rindex("x")] + "y" + text[text.rindex("x") :]
    )


def test_the_middle_of_a_picture_is_left_out_and_kept():
    text = json.dumps({"url": "data:image/png;base64," + "AbC/" * 5000, "detail": "low"})
    shown = laid_out(text)
    assert len(shown.shown) < 300
    assert "characters" in shown.shown
    assert shown.edited(shown.shown.replace("low", "high")).original == text.replace("low", "high")
    inside = shown.shown.index("characters")
    nibbled = shown.edited(shown.shown[:inside] + shown.shown[inside + 3 :])
    assert nibbled.original == text


def test_very_long_lines_are_broken_only_to_the_eye():
    for text in ("[" * 50_000, json.dumps({"messages": "word " * 10_000, "n": 1})):
        shown = laid_out(text)
        assert max(len(line) for line in shown.shown.split("\n")) < 3_000
        assert shown.edited(shown.shown + "!").original == text + "!"
        middle = len(shown.shown) // 2
        edited = shown.edited(shown.shown[:middle] + "!" + shown.shown[middle:])
        assert edited.original.replace("!", "") == text


def conversation(*messages):
    return json.dumps({"messages": [{"role": role, "content": text} for role, text in messages]})


def test_the_place_is_the_end_of_the_change_in_the_value():
    old = conversation(("user", "one two"), ("assistant", "three"))
    new = conversation(("user", "one two"), ("assistant", "three four"))
    assert diff_position(old, new) == (("messages", 1, "content"), 10)


def test_escapes_count_as_the_letters_they_are():
    old = '{"messages": [{"role": "user", "content": "a\\u00e9b"}]}'
    new = '{"messages": [{"role": "user", "content": "a\\u00e9b!"}]}'
    assert diff_position(old, new) == (("messages", 0, "content"), 4)


def test_a_change_of_the_list_is_the_list():
    old = conversation(("user", "one"), ("assistant", "two"))
    new = conversation(("user", "one"), ("assistant", "two"), ("user", "three"))
    path, _inside = diff_position(old, new)
    assert path[0] == "messages"


def test_what_is_no_json_has_no_place():
    assert diff_position("{", "{]") is None
