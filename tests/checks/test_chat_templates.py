"""Texts that went through a chat template are taken apart, and loose tags of thoughts found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedesk.checks.chat_templates import find_loose_tag, read_templated, template_family

CHATML = (
    "<|im_start|>system\nYou know the museum.<|im_end|>\n<|im_start|>user\nIs there a lift?"
    "<|im_end|>\n<|im_start|>assistant\nYes.<|im_end|>\n"
)
LLAMA_2 = (
    "<s>[INST] <<SYS>>\nYou know the museum.\n<</SYS>>\n\nIs there a lift? [/INST] Yes. </s>"
    "<s>[INST] Where? [/INST] Beside the cloakroom. </s>"
)
LLAMA_3 = (
    "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nIs there a lift?<|eot_id|>"
    "<|start_header_id|>assistant<|end_header_id|>\n\nYes.<|eot_id|>"
)
GEMMA = "<bos><start_of_turn>user\nOpen?<end_of_turn>\n<start_of_turn>model\nYes.<end_of_turn>\n"
ZEPHYR = "<|system|>\nBe kind.</s>\n<|user|>\nOpen?</s>\n<|assistant|>\nYes.</s>\n"
ALPACA = "### Instruction:\nIs it open?\n\n### Input:\nSunday\n\n### Response:\nYes."
MISTRAL = (
    "<s>[SYSTEM_PROMPT]Be kind.[/SYSTEM_PROMPT][INST]Hello[/INST]Hi.</s>[INST]Open?[/INST]Yes.</s>"
)
GPT_OSS = (
    "<|start|>system<|message|>You are an assistant.<|end|><|start|>developer<|message|>Be kind."
    "<|end|><|start|>user<|message|>Open?<|end|><|start|>assistant<|channel|>analysis<|message|>"
    "They ask.<|end|><|start|>assistant<|channel|>final<|message|>Yes.<|return|>"
)
GEMMA_4 = (
    "<bos><|turn>system\nBe kind.<turn|>\n<|turn>user\nOpen?<turn|>\n<|turn>model\nYes.<turn|>\n"
)
OPENCHAT = "GPT4 Correct User: Open?<|end_of_turn|>GPT4 Correct Assistant: Yes.<|end_of_turn|>"
LLAMA_4 = (
    "<|begin_of_text|><|header_start|>user<|header_end|>\n\nOpen?<|eot|>"
    "<|header_start|>assistant<|header_end|>\n\nYes.<|eot|>"
)
GRANITE = (
    "<|start_of_role|>user<|end_of_role|>Open?<|end_of_text|>\n"
    "<|start_of_role|>assistant<|end_of_role|>Yes.<|end_of_text|>"
)
KIMI = (
    "<|im_system|>system<|im_middle|>Be kind.<|im_end|><|im_user|>user<|im_middle|>Open?<|im_end|>"
    "<|im_assistant|>assistant<|im_middle|>Yes.<|im_end|>"
)
COMMAND = (
    "<BOS_TOKEN><|START_OF_TURN_TOKEN|><|USER_TOKEN|>Open?<|END_OF_TURN_TOKEN|>"
    "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>Yes.<|END_OF_TURN_TOKEN|>"
)
EXAONE = (
    "[|system|]Be kind.[|endofturn|]\n[|user|]Open?[|endofturn|]\n[|assistant|]Yes.[|endofturn|]"
)
SEED = "<seed:bos>user\nOpen?<seed:eos><seed:bos>assistant\nYes.<seed:eos>"
PHI_4 = "<|im_start|>user<|im_sep|>Open?<|im_end|><|im_start|>assistant<|im_sep|>Yes.<|im_end|>"
OPEN_ASSISTANT = "<|prompter|>Open?<|endoftext|><|assistant|>Yes.<|endoftext|>"
DEEPSEEK = "<｜begin▁of▁sentence｜><｜User｜>Open?<｜Assistant｜>Yes.<｜end▁of▁sentence｜>"


@pytest.mark.parametrize(
    ("text", "family", "roles", "last"),
    [
        (CHATML, "ChatML", ["system", "user", "assistant"], "Yes."),
        (
            LLAMA_2,
            "Llama 2",
            ["system", "user", "assistant", "user", "assistant"],
            "Beside the cloakroom.",
        ),
        (LLAMA_3, "Llama 3", ["user", "assistant"], "Yes."),
        (GEMMA, "Gemma", ["user", "assistant"], "Yes."),
        (ZEPHYR, "Zephyr", ["system", "user", "assistant"], "Yes."),
        (ALPACA, "Alpaca", ["user", "assistant"], "Yes."),
        (MISTRAL, "Mistral", ["system", "user", "assistant", "user", "assistant"], "Yes."),
        (GPT_OSS, "gpt-oss", ["system", "user", "assistant"], "Yes."),
        (GEMMA_4, "Gemma 4", ["system", "user", "assistant"], "Yes."),
        (OPENCHAT, "OpenChat", ["user", "assistant"], "Yes."),
        (LLAMA_4, "Llama 4", ["user", "assistant"], "Yes."),
        (GRANITE, "Granite", ["user", "assistant"], "Yes."),
        (KIMI, "Kimi", ["system", "user", "assistant"], "Yes."),
        (COMMAND, "Command", ["user", "assistant"], "Yes."),
        (EXAONE, "EXAONE", ["system", "user", "assistant"], "Yes."),
        (SEED, "Seed", ["user", "assistant"], "Yes."),
        (PHI_4, "ChatML", ["user", "assistant"], "Yes."),
        (OPEN_ASSISTANT, "Zephyr", ["user", "assistant"], "Yes."),
        (DEEPSEEK, "DeepSeek", ["user", "assistant"], "Yes."),
    ],
)
def test_each_family_is_taken_apart(text, family, roles, last):
    found = read_templated(text)
    assert found.family == family
    assert [turn.role for turn in found.turns] == roles
    assert found.turns[-1].text == last
    if family != "Alpaca":
        assert template_family(text) == family


def test_a_prompt_that_waits_for_its_answer_has_no_empty_turn():
    found = read_templated("<|im_start|>user\nOpen?<|im_end|>\n<|im_start|>assistant\n")
    assert [turn.role for turn in found.turns] == ["user"]


@pytest.mark.parametrize(
    "text",
    [
        "The tower was built before the wall.",
        "Before. " + CHATML,
        CHATML.replace("<|im_end|>\n<|im_start|>user", "<|im_end|> between <|im_start|>user"),
        "[INST] never ends",
        "<|start|>assistant<|channel|>analysis<|message|>They ask.<|end|>",
        "[INST]Open?[/INST][TOOL_CALLS][{}]</s>",
        "### Response:\nOnly an answer.",
        "### Instruction:\nOpen?\n\n### Response:\n",
        "",
    ],
)
def test_what_is_not_turns_throughout_is_left_alone(text):
    assert read_templated(text) is None


@given(st.lists(st.sampled_from([CHATML, "<|im_start|>", "user\n", "[INST]", "[/INST]", "x"])))
def test_any_text_gets_an_answer(pieces):
    text = "".join(pieces)
    found = read_templated(text)
    if found is not None:
        assert all(turn.text in text for turn in found.turns)


@pytest.mark.parametrize(
    ("text", "defect"),
    [
        ("Two and two make four.\n</think>\n\nFour.", "never_opened"),
        ("Four, surely.\n</thinking>Four.", "never_opened"),
        ("So four.[/THINK]\nFour.", "never_opened"),
        ("<think>\nSix, surely.\n\nSix.", "never_closed"),
        ("  <reasoning>Six.", "never_closed"),
        ("<think>\nA.\n</think>\n\nB.", None),
        ("<think></think>B.", None),
        ("So four.</think>Four.", "never_opened"),
        ("four</thinking>Four", "never_opened"),
        ("<think>A</think>B</think>C", "never_opened"),
        ("<seed:think>A.", "never_closed"),
        ("<think>A<think>B</think> C", "opened_twice"),
        ("<think>The <think> tag.</think> C", None),
        ("Sure.\n<think>\nA.\n\nB.", "never_closed"),
        ("◁think▷A◁/think▷B", None),
        ("A◁/think▷B", "never_opened"),
        ("<|begin_of_thought|>A<|end_of_thought|>\nB", None),
        ("A<|END_THINKING|>B", "never_opened"),
        ("<scratchpad>A", "never_closed"),
        ("The tag </think> closes a block.", None),
        ("Write <think> first.", None),
        ("A thoughtful answer.", None),
        ("", None),
    ],
)
def test_tags_that_lack_their_other_half(text, defect):
    found = find_loose_tag(text)
    assert (None if found is None else found.defect) == defect
