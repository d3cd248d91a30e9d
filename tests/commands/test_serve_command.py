"""`tunedesk serve` without what it needs."""

import pytest

from tunedesk import cli
from tunedesk.services import local_install


def test_without_the_extra_it_says_how_to_install_it(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(local_install, "NEEDED", ("no_such_module_of_anybody",))
    assert cli.main(["serve", "--data-dir", str(tmp_path / "data")]) == 2
    said = capsys.readouterr().err
    assert 'pip install "tunedesk[local]"' in said
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none_is_wrong_use(port, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["serve", "--port", port])
    assert stop.value.code == 2
    assert "--port" in capsys.readouterr().err
