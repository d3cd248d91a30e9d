"""Launch settings come back from JSON as they were, whatever a stranger wrote beside them."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tunedesk.fine_tuning.launch_settings import LaunchSettings
from tunedesk.project.query import ExampleQuery

NUMBERS = st.none() | st.integers(1, 50)
SETTINGS = st.builds(
    LaunchSettings,
    provider=st.sampled_from(["local", "openai"]),
    base_model=st.text(),
    method=st.sampled_from(["supervised", "dpo"]),
    query=st.builds(
        ExampleQuery,
        states=st.lists(st.sampled_from(["draft", "approved"])).map(tuple),
        tokens=st.tuples(NUMBERS, NUMBERS),
        ids=st.none() | st.lists(st.integers()).map(tuple),
        search=st.text(),
    ),
    leave_out_errors=st.booleans(),
    validation_share=st.floats(0, 0.5),
    name=st.text(),
    epochs=NUMBERS,
    learning_rate=st.none() | st.floats(0.01, 10),
    metadata=st.dictionaries(st.text(), st.text()),
)


@given(SETTINGS)
def test_they_come_back(settings):
    assert LaunchSettings.from_json(json.loads(json.dumps(settings.to_json()))) == settings


@given(st.dictionaries(st.sampled_from([*LaunchSettings.__dataclass_fields__, "x"]), st.integers()))
def test_what_is_no_setting_is_left_out(stored):
    found = LaunchSettings.from_json(stored)
    assert isinstance(found.base_model, str)
    assert isinstance(found.query, ExampleQuery)
