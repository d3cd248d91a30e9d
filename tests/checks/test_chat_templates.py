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
        ("The tag </think> closes a block.", None),
        ("Write <think> first.", None),
        ("A thoughtful answer.", None),
        ("", None),
    ],
)
def test_tags_that_lack_their_other_half(text, defect):
    found = find_loose_tag(text)
    assert (None if found is None else found.defect) == defect
