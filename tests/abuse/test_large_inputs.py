"""The program of abuse for large inputs, in the suite."""

from tests.abuse.large_inputs import run


def test_a_megabyte_of_anything_takes_time_in_line_with_its_size():
    assert run(1, seed=1).failures == []
