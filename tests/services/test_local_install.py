"""Installing what training needs: planned, resumed, removed; the network stays out of the tests.

The whole installation was run by hand in a bare environment (see the commit that brought it).
"""

import shutil
import sys
from types import SimpleNamespace

import pytest

from tunedesk.errors import Cancelled, UserError
from tunedesk.services import local_install


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    monkeypatch.setattr(local_install, "user_data_dir", lambda: tmp_path)
    monkeypatch.setattr(local_install, "_has_nvidia", lambda: False)
    return tmp_path


def made_by(commands, fails=()):
    """A runner that notes the commands and makes the environment, as uv would."""

    def run(command, _environment):
        commands.append(command)
        if any(word in command for word in fails):
            raise UserError("no network")
        if "venv" in command:
            python = local_install._python()
            python.parent.mkdir(parents=True)
            shutil.copy(sys.executable, python)

    return run


def test_the_plan_says_what_it_takes_and_where(data):
    plan = local_install.plan()
    assert plan.folder == data / "training"
    assert plan.bytes == local_install.CPU_BYTES
    assert plan.stops == ""


@pytest.mark.parametrize(("free", "memory"), [(10**9, 8 * 10**9), (10**11, 2 * 10**9)])
def test_what_stands_against_it_is_said_before(monkeypatch, free, memory):
    monkeypatch.setattr(local_install.shutil, "disk_usage", lambda _p: SimpleNamespace(free=free))
    monkeypatch.setattr(local_install, "memory", lambda: (memory, 0))
    assert "are needed" in local_install.plan().stops
    with pytest.raises(UserError, match="are needed"):
        local_install.install()


def test_an_installation_counts_only_when_it_is_whole(monkeypatch):
    monkeypatch.setattr(local_install, "is_built_in", lambda: False)
    commands = []
    with pytest.raises(UserError):
        local_install.install(run=made_by(commands, fails=["--constraint"]))
    assert not local_install.is_installed()
    assert local_install.python_with_training() is None
    local_install.install(run=made_by(commands))
    assert local_install.is_installed()
    assert local_install.python_with_training() == local_install._python()
    # The environment that was there is gone on with, not made again.
    assert sum("venv" in command for command in commands) == 1


def test_without_a_gpu_no_cuda_is_fetched_if_it_can_be_helped():
    commands = []
    local_install.install(run=made_by(commands, fails=["--torch-backend"]))
    torch = [part for command in commands for part in command if part.startswith("torch==")]
    assert torch[0] in torch[1]
    assert torch[1].endswith("+cpu")


def test_it_installs_this_program_with_the_versions_it_was_tested_with():
    wanted = local_install.requirements()
    assert wanted[0] == "--constraint"
    assert wanted[-1].startswith("tunedesk[local]")


def test_removing_leaves_nothing(data):
    local_install.install(run=made_by([]))
    local_install.remove()
    assert not local_install.is_installed()
    assert list(data.iterdir()) == []


def command(data, program, progress=lambda _done, _total: None):
    local_install._Command(progress, local_install.plan()).run([sys.executable, "-c", program], {})


def test_it_tells_in_words_what_it_is_doing():
    told = []
    local_install.install(say=told.append, run=made_by([]))
    words = [line.partition(" ")[0] for line in told]
    assert words == ["Making", "Fetching", "Fetching", "Fetching"]


def test_an_installation_brings_the_small_model_and_bears_that_it_cannot_be_had():
    commands, told = [], []
    local_install.install(say=told.append, run=made_by(commands))
    assert commands[-1][1:6] == ["-m", "tunedesk", "models", "get", "smollm2-135m"]
    local_install.install(say=told.append, run=made_by([], fails=["models"]))
    assert local_install.is_installed()
    assert told[-1] == (
        "The small language model could not be fetched; the built-in starter is there."
    )


@pytest.mark.parametrize("there", ["training", "training-cache"])
def test_half_an_installation_can_be_removed_too(data, there):
    assert not local_install.is_anything_here()
    (data / there).mkdir()
    assert local_install.is_anything_here()
    local_install.remove()
    assert not local_install.is_anything_here()


def test_the_last_line_of_a_failure_is_told(data):
    with pytest.raises(UserError, match="no space left"):
        command(data, "import sys; print('one', flush=True); sys.exit('error: no space left\\n')")


def test_cancel_ends_the_command(data):
    def stop(_done, _total):
        raise Cancelled

    with pytest.raises(Cancelled):
        command(data, "import time; time.sleep(600)", stop)
