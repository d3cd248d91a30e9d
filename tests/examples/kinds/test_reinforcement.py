"""Items for reinforcement are told from conversations that merely lack their answer."""

import pytest

from tunedesk.examples.kinds.registry import kind_of
from tunedesk.examples.kinds.reinforcement import REINFORCEMENT

ASKED = {"role": "user", "content": "Name the part."}
ANSWER = {"role": "assistant", "content": "The hub."}


@pytest.mark.parametrize(
    "others",
    [
        {"reference": "hub"},
        {"reference_answer": "hub", "id": 3},
        {"solution": 7},
        {"ground_truth": ["a"]},
        {"unit_tests": "assert f(1) == 2"},
        {"difficulty_words": "hard"},
    ],
)
def test_a_question_with_something_to_grade_by_is_an_item(others):
    assert kind_of({"messages": [ASKED], **others}) is REINFORCEMENT


@pytest.mark.parametrize(
    "others",
    [
        {},
        {"tools": []},
        {"id": 3},
        {"row_id": 3, "source": "mail", "meta": {}},
        {"conversation_id": "a", "lang": "de", "created_at": 5, "tags": []},
    ],
)
def test_a_conversation_that_lacks_its_answer_is_a_conversation(others):
    assert kind_of({"messages": [ASKED], **others}).name == "chat"


def test_where_the_assistant_has_spoken_it_takes_a_key_of_graders():
    messages = [ASKED, ANSWER, ASKED]
    assert kind_of({"messages": messages, "reference_answer": "a"}) is REINFORCEMENT
    assert kind_of({"messages": messages, "topic": "a"}).name == "chat"
    assert kind_of({"messages": [ASKED, ANSWER], "reference_answer": "a"}).name == "chat"


def test_items_are_compared_with_their_references():
    hub, rim, copy = (
        REINFORCEMENT.hashes({"messages": [ASKED], "reference": word, "id": number})
        for number, word in enumerate(("hub", "rim", "hub"))
    )
    assert hub.fingerprint == copy.fingerprint
    assert hub.fingerprint != rim.fingerprint
    assert hub.question is None
