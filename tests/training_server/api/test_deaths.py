"""The reasons that a person is told when a training process dies without a word."""

import pytest

from tunedesk.training_server.jobs.deaths import reason_of_death


@pytest.mark.parametrize(
    ("status", "log", "code"),
    [
        (1, "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate", "out_of_memory"),
        (1, "RuntimeError: DefaultCPUAllocator: can't allocate memory", "out_of_memory"),
        (1, "OSError: [Errno 28] No space left on device", "disk_full"),
        (-9, "", "process_killed"),
        (137, "", "process_killed"),
        (1, "exitcode: -9 (pid: 7) of binary", "process_killed"),
        (1, "Traceback\nValueError: a bad thing\n", "process_ended"),
        (3, "", "process_ended"),
    ],
)
def test_each_death_has_its_reason(tmp_path, status, log, code):
    file = tmp_path / "log.txt"
    file.write_text(log)
    given, sentence = reason_of_death(status, file, 10**9)
    assert given == code
    assert sentence.endswith((".", "thing"))


def test_a_log_that_is_not_there_is_no_trouble(tmp_path):
    assert reason_of_death(1, tmp_path / "none", 10**9)[0] == "process_ended"


def test_on_a_full_disk_nothing_can_be_printed(tmp_path):
    assert reason_of_death(1, tmp_path / "none", 4096)[0] == "disk_full"
