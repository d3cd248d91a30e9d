"""Calls of tools in the text of an answer."""

from tests.training_server.training.test_chat_template import SMOLLM2, Tokenizer

from tunedesk.training_server.inference.tool_calls import CallForm, ToolCallParser, call_form
from tunedesk.training_server.training.chat_template import ChatTemplate
from tunedesk.training_server.training.starter import train_tokenizer
from tunedesk.training_server.training.tokenizer import load_tokenizer


def found(text, step, is_cut=False, **options):
    watch = ToolCallParser(("f", "g"), **options)
    told = "".join(watch.add(text[at : at + step]) for at in range(0, len(text), step))
    flush, calls = watch.finish(is_cut)
    return told + flush, [call["function"] for call in calls]


def test_calls_are_found_in_both_ways_of_writing():
    for step in (1, 3, 100):
        text = 'Let me see.\n<tool_call>\n{"name": "f", "arguments": {"a":1}}\n</tool_call>'
        text += '\n<tool_call>\n{"name": "g", "arguments": {}}\n</tool_call>'
        both = [{"name": "f", "arguments": '{"a":1}'}, {"name": "g", "arguments": "{}"}]
        assert found(text, step) == ("Let me see.", both)
        assert found(text, step, is_parallel=False) == ("Let me see.", both[:1])
        text = '{"name": "f", "parameters": {"a": "ü"}}'
        assert found(text, step) == ("", [{"name": "f", "arguments": '{"a": "ü"}'}])


def test_the_marks_of_a_call_may_stand_in_its_arguments():
    raw = '{"a": "<tool_call>{}</tool_call> }"}'
    text = f'<tool_call>{{"name": "f", "arguments": {raw}}}</tool_call>'
    assert found(text, 1) == ("", [{"name": "f", "arguments": raw}])


def test_calls_in_a_list_are_found():
    text = '<tool_call>[\n{"name": "f", "arguments": {"a":1}},\n{"name": "g", "arguments": {}}\n]'
    both = [{"name": "f", "arguments": '{"a":1}'}, {"name": "g", "arguments": "{}"}]
    for step in (1, 100):
        assert found(f"{text}</tool_call>", step) == ("", both)
        assert found(f"{text}</tool_call>", step, is_parallel=False) == ("", both[:1])
    assert found(text[:60], 1, is_cut=True) == ("", both[:1])
    assert found("<tool_call>[]</tool_call>", 1) == ("<tool_call>[]</tool_call>", [])
    assert found("<tool_call>[1, 2", 1) == ("<tool_call>[1, 2", [])


def test_the_form_of_calls_in_a_list_is_that_of_the_template():
    form = call_form(ChatTemplate(Tokenizer(SMOLLM2)))
    assert form == CallForm('<tool_call>[\n{"name": ', ', "arguments": ', "}\n]</tool_call>")
    assert form.is_marked


def test_what_is_no_call_stays_text():
    texts = ('{"a": 1}', "<tool_call>never ended", "a < b", "x\n", '{"name": 1}', "", "<tool")
    for text in (*texts, '{"name": "Ada", "arguments": {}}', '{"name": "Ada"}'):
        for step in (1, 100):
            assert found(text, step) == (text, [])


def test_a_call_that_is_cut_off_is_no_text():
    call = '<tool_call>\n{"name": "f", "arguments": {"a": "b"}}'
    whole = [{"name": "f", "arguments": '{"a": "b"}'}]
    for end in range(5, len(call)):
        assert found(call[:end], 1, is_cut=True) == ("", [])
    assert found(call, 1, is_cut=True) == ("", whole)
    assert found(f"{call}\n</tool_call>\n<tool_call>\n{{", 1, is_cut=True) == ("", whole)
    assert found(f"Well.\n{call[:40]}", 1, is_cut=True) == ("Well.", [])
    bare = '{"name": "f", "parameters": {}}'
    for end in range(1, len(bare)):
        assert found(bare[:end], 1, is_cut=True) == ("", [])
    for text in ('{"name": "Ada", "age', '{"a": 1', "a <", "plain"):
        assert found(text, 1, is_cut=True) == (text, [])


def test_one_call_is_the_end_where_there_may_be_one():
    text = '<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call>'
    for is_parallel in (True, False):
        watch = ToolCallParser(("f",), is_parallel)
        overs = [watch.add(letter) or watch.is_over for letter in text]
        assert overs == [False] * (len(text) - 1) + [not is_parallel]


def test_the_form_of_a_call_is_that_of_the_template(base_folder):
    forms = {}
    for family in ("llama", "qwen3", "gemma3"):
        forms[family] = call_form(ChatTemplate(load_tokenizer(base_folder(family))))
    assert forms["llama"] == CallForm('{"name": ', ', "parameters": ', "}")
    assert not forms["llama"].is_marked
    usual = CallForm('<tool_call>\n{"name": ', ', "arguments": ', "}\n</tool_call>")
    assert forms["qwen3"] == forms["gemma3"] == usual
    assert call_form(ChatTemplate(train_tokenizer(()))) == usual
    for form in forms.values():
        parser = ToolCallParser(["f"])
        assert parser.add(f'{form.before}"f"{form.between}{{}}{form.after}') == ""
        assert parser.finish()[1][0]["function"] == {"name": "f", "arguments": "{}"}
