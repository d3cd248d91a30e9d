"""Schemathesis asks every operation of OpenAI's document whatever fits it, and whatever does not.

Every answer of 200 must fit the document; everything else must be a refusal in OpenAI's envelope,
never an error of the server; and what does not fit the document must be refused.
"""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance
from tests.openai_document import ANSWERS, DOCUMENT
from tests.training_server.conftest import KEY

EXAMPLES = 12
OPERATIONS = {
    f"{operation.method.upper()} {operation.path}": operation
    for operation in (
        found.ok() for found in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()
    )
}
CASES = [
    pytest.param(name, mode, id=f"{name} {mode.value}")
    for name, operation in OPERATIONS.items()
    for mode in GenerationMode
    # Any text may be an id: where nothing else is asked for, nothing fails to fit.
    if mode is GenerationMode.POSITIVE or operation.body or operation.query
]


@pytest.mark.parametrize(("name", "mode"), CASES)
def test_whatever_is_asked_the_answer_fits_the_document(server, trained, name, mode):
    operation = OPERATIONS[name]
    known = {"fine_tuning_job_id": trained.id, "model": trained.fine_tuned_model}

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), is_known=some.booleans())
    def ask(case, is_known):
        if is_known and not name.startswith("DELETE") and case.path_parameters:
            # A job and a model that are there, so that more than "no such job" is answered.
            case.path_parameters.update(
                {key: known[key] for key in case.path_parameters if key in known}
            )
        if is_known and isinstance(case.body, dict) and mode is GenerationMode.POSITIVE:
            shorten(case.body)
        answer = case.call(
            base_url=server.url, headers={"Authorization": f"Bearer {KEY}"}, timeout=60
        )
        checks = [not_a_server_error]
        # An unknown word in a query is nothing to OpenAI either.
        assert mode is GenerationMode.POSITIVE or not operation.body or answer.status_code != 200
        if answer.status_code == 200:
            checks.append(response_schema_conformance)
        else:
            assert 400 <= answer.status_code < 500, answer.status_code
            assert not ANSWERS.problems_of("ErrorResponse", answer.json()), answer.text
        case.validate_response(answer, checks=checks)

    def shorten(body):
        if "messages" in body and "model" in body:
            body |= {"model": "tunedesk-starter", "max_completion_tokens": 2, "n": 1}
            body.pop("stream", None)

    ask()
