"""Templates that leave something out are found out, and complete ones are not blamed."""

import json
from pathlib import Path

import pytest
import trl

from tunedesk.fine_tuning.sample_questions import given_beside, questions_of
from tunedesk.training_server.api.completion_requests import ChatRequest
from tunedesk.training_server.training.chat_template import (
    ChatTemplate,
    omission_in,
    template_tools,
)

TEMPLATES = Path(trl.__file__).parent / "chat_templates"
NO_TOOLS = (
    "{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "look_up",
            "description": "Looks up.",
            "parameters": {"type": "object", "properties": {}},
        },
    }
]
PLAIN = [
    {"role": "system", "content": 'Be brief.\nSay "so".'},
    {"role": "user", "content": "  Hi “there” <b> & é\n\nsecond  "},
    {"role": "assistant", "content": "Hello\n- one\n- two "},
    {"role": "user", "content": "More?"},
    {"role": "assistant", "content": '{"a": "é"}'},
]


def talk(calls):
    made = [
        {"id": f"c{n}", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}
        for n in range(calls)
    ]
    answers = [
        {"role": "tool", "tool_call_id": f"c{n}", "content": '{"found": "é \\"x\\""}'}
        for n in range(calls)
    ]
    return [
        {"role": "user", "content": "Find one."},
        {"role": "assistant", "content": None, "tool_calls": made},
        *answers,
        {"role": "assistant", "content": "Here it is."},
    ]


class Tokenizer:
    """What of a tokenizer a template needs."""

    def __init__(self, chat_template):
        self.chat_template = chat_template
        self.special_tokens_map = {"eos_token": "<eos>", "bos_token": "<bos>"}


def template(name):
    return ChatTemplate(Tokenizer((TEMPLATES / f"{name}.jinja").read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", ["qwen2_5", "qwen3", "qwen3_instruct_2507", "glm4moe", "gptoss"])
@pytest.mark.parametrize("calls", [0, 1, 2])
def test_a_template_that_has_everything_is_not_blamed(name, calls):
    messages, tools = (talk(calls), TOOLS) if calls else (PLAIN, None)
    assert template(name).render(messages, tools)
    assert template(name).prompt(messages[:-1], tools)


@pytest.mark.parametrize("name", ["llama3_2", "gemma3", "phi3", "llama3"])
def test_makers_templates_lose_no_plain_talk(name):
    assert template(name).render(PLAIN, None)


@pytest.mark.parametrize("name", ["llama3", "phi3", "deepseek_r1_distill", "qwen2_5_vl"])
def test_makers_templates_that_leave_out_calls_are_found_out(name):
    with pytest.raises(ValueError, match="it leaves out the call of “look_up”"):
        template(name).render(talk(1), TOOLS)


def test_an_answer_that_is_a_call_is_never_learnt_as_silence():
    made = ChatTemplate(Tokenizer(NO_TOOLS))
    with pytest.raises(ValueError, match="the call of “look_up”"):
        made.render(talk(1), None)
    with pytest.raises(ValueError, match="the tool “look_up”"):
        made.prompt([{"role": "user", "content": "Find one."}], TOOLS)


SMOLLM2 = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ "
    "'<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face"
    "<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + "
    "'<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' "
    "}}{% endif %}"
)


@pytest.mark.parametrize("messages", [PLAIN, PLAIN[1:], PLAIN[1:2]])
def test_smollm2_reads_talk_without_tools_as_its_own_template_writes_it(messages):
    made = ChatTemplate(Tokenizer(SMOLLM2))
    assert not made.is_shipped
    plain = ChatTemplate(Tokenizer(SMOLLM2))
    plain.text = SMOLLM2
    assert made.prompt(messages, None) == plain.prompt(messages, None)
    if len(messages) > 1:
        assert made.render(messages, None) == plain.render(messages, None)


@pytest.mark.parametrize("system", [[], [{"role": "system", "content": "Be brief."}]])
def test_smollm2_keeps_tools_and_calls_in_the_form_its_makers_document(system):
    made = ChatTemplate(Tokenizer(SMOLLM2))
    messages = [*system, *talk(2)]
    (rendered,) = made.render(messages, TOOLS)
    learnt = [rendered.text[start:end] for start, end in rendered.spans]
    call = '{"name": "look_up", "arguments": {}}'
    assert learnt[0] == f"<tool_call>[\n{call},\n{call}\n]</tool_call><|im_end|>"
    assert learnt[1] == "Here it is.<|im_end|>"
    assert "<|im_start|>user\n<tool_response>\n" in rendered.text
    assert '<tools>[{"type": "function", "function": {"name": "look_up"' in rendered.text
    assert rendered.text.count("<|im_start|>system\n") == 1
    # Arguments that are no JSON stay the text that they are.
    messages[len(system) + 1]["tool_calls"][0]["function"]["arguments"] = "{broken"
    assert '"arguments": {broken}' in made.prompt(messages, None)


def test_what_is_left_out_is_named():
    user = {"role": "user", "content": "Well?"}
    assert omission_in("Well?", [user], None) is None
    assert omission_in("", [user], None) == "it leaves out message 1 (user)"
    # A tool that is shown, and a call of it that is not.
    call = {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "look_up"}}]}
    assert omission_in("look_up", [call], TOOLS) == "it leaves out the call of “look_up”"
    assert omission_in("look_up look_up", [call], TOOLS) is None
    # Thoughts of earlier answers may be left out.
    thought = {"role": "assistant", "content": "<think>hm</think>Yes."}
    assert omission_in("Yes.", [thought], None) is None


FUNCTION = TOOLS[0]["function"]
TRAINED = [
    {"messages": PLAIN},
    {"messages": [{"role": "developer", "content": "Be brief."}, *talk(1)], "tools": TOOLS},
    {"messages": [*talk(2), *PLAIN[1:]], "tools": TOOLS, "parallel_tool_calls": True},
    {
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "Where "}]},
            {"role": "assistant", "content": "What?", "weight": 0},
            {"role": "user", "content": " Dune ", "name": "Ann"},
            {"role": "assistant", "refusal": "No."},
        ]
    },
    {
        "messages": [
            {"role": "user", "content": "Where?"},
            {"role": "assistant", "function_call": {"name": "look_up", "arguments": "{}"}},
            {"role": "function", "name": "look_up", "content": "Shelf 3"},
            {"role": "assistant", "content": "On shelf 3."},
        ],
        "functions": [FUNCTION],
    },
]


@pytest.mark.parametrize("name", ["qwen3", "qwen2_5", "glm4moe"])
@pytest.mark.parametrize("record", TRAINED)
def test_a_question_is_read_in_a_chat_as_it_was_in_training(name, record):
    """Letter by letter, through the request: tools, calls, results, weights, old functions."""
    chat = template(name)
    learnt = chat.render(record["messages"], template_tools(record))
    before = [each.text[:start] for each in learnt for start, _end in each.spans]
    questions = list(questions_of(json.dumps(record), "training"))
    assert len(questions) == len(before)
    for question in questions:
        beside = given_beside(question.more, as_tools=True)
        sent = ChatRequest.read({"model": "m", "messages": list(question.messages), **beside})
        assert chat.prompt(sent.messages, sent.tools) in before
