"""The table of severities: whole, sourced, said in words, and every code produced by a test."""

import pytest

from tunedesk.catalogue.targets import targets
from tunedesk.checks.checker import Checker
from tunedesk.checks.messages.sentences import advice, sentence, title
from tunedesk.checks.problem import Problem, codes, severity, source

# Made by the readers of files, and tested with them.
OF_FILES = {
    "encoding_guessed",
    "encoding_not_utf8",
    "byte_order_mark",
    "blank_line",
    "line_ends",
    "comma_between_rows",
    "container_array",
    "record_over_lines",
    "messages_bare",
    "record_too_long",
    "row_without_text",
    "quote_not_closed",
}
# Tested in test_set_rules, test_checker, test_parse_record and test_images; the last is the net
# under the rules, which test_schema shows to be empty.
ELSEWHERE = {
    "too_few_examples",
    "few_examples",
    "duplicate_examples",
    "same_question_different_answers",
    "similar_system_prompts",
    "mostly_copies",
    "alike_examples",
    "alike_not_searched",
    "pairs_contradict",
    "pair_lengths",
    "some_without_system",
    "image_turned",
    "over_token_limit",
    "bytes_not_text",
    "image_too_large",
    "schema_mismatch",
}


def test_every_code_is_produced_by_a_sample(all_faults):
    checker = Checker(encoding=None)
    produced = {p.code for _fault, text in all_faults for p in checker.check(text).problems}
    assert produced | OF_FILES | ELSEWHERE == set(codes())


@pytest.mark.parametrize("code", codes())
def test_every_code_has_severity_source_and_words(code):
    for target in targets():
        assert severity(code, target) in ("error", "warning", "hint")
    assert source(code)
    assert title(code)
    assert advice(code).endswith((".", "?"))
    said = sentence(Problem(code, (), {}))
    assert "{" not in said
    assert said == said.strip()
