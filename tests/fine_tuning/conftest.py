"""The fake services of `tests/services` as fixtures, and a project to launch from."""

import pytest
from tests.fine_tuning.made_project import library
from tests.services.conftest import any_service, openai_service

__all__ = ["any_service", "openai_service", "project"]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A library, whose launches wait for nothing and write into a temporary folder."""
    monkeypatch.setattr("tunedesk.fine_tuning.launch.user_data_dir", lambda: tmp_path / "data")
    monkeypatch.setattr("tunedesk.fine_tuning.launch.SEARCH_PAUSES", (0.0, 0.0))
    with library(tmp_path / "Test.tunedesk") as project:
        yield project
