"""What the tests of the project file share: a project on disk."""

import pytest

from tunedesk.project.project import Project


@pytest.fixture
def project(tmp_path):
    with Project.create(tmp_path / "Test.tunedesk", author="Ann") as made:
        yield made
