"""Where files lie: network drives and folders that are copied are told, and get no log."""

from pathlib import Path

import pytest
from tests.project.made_examples import add, words

from tunedesk.project.project import Project
from tunedesk.project.storage import storage_note

MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
server:/share /mnt/share nfs4 rw 0 0
//server/law /mnt/law\\040firm cifs rw 0 0
/dev/sdb1 /mnt/share/disk ext4 rw 0 0
"""


@pytest.fixture
def mounts(tmp_path):
    path = tmp_path / "mounts"
    path.write_text(MOUNTS)
    return path


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        ("/home/ann/Documents", None),
        ("/mnt/share/projects", "network"),
        ("/mnt/law firm", "network"),
        ("/mnt/share/disk/x", None),
        ("/mnt/sharepoint", None),
        ("/home/ann/Dropbox/law", "Dropbox"),
        ("/home/ann/Dropbox (Personal)", "Dropbox"),
        ("/Users/ann/Library/Mobile Documents/com~apple", "iCloud"),
        ("/home/ann/OneDrive - Law Firm", "OneDrive"),
        ("/home/ann/Nextcloud", "Nextcloud"),
        ("/home/ann/nextcloudy", None),
    ],
)
def test_network_and_cloud_folders_are_told(folder, said, mounts):
    note = storage_note(Path(folder) / "Test.tunedesk", mounts)
    assert (said in note) if said else note is None


def test_a_cloud_folder_gets_no_write_ahead_log(tmp_path):
    path = tmp_path / "Dropbox" / "Test.tunedesk"
    with Project.create(path) as project:
        assert "Dropbox" in project.storage_note
        add(project, "one")
        assert project.context.store.value("PRAGMA journal_mode") == "delete"
        with project.handle() as handle:
            add(handle, "two")
            assert handle.context.store.value("PRAGMA journal_mode") == "delete"
        assert words(project) == ["one", "two"]
        assert not list(path.parent.glob("*-wal"))


def test_a_plain_folder_gets_one(project):
    assert project.storage_note is None
    assert project.context.store.value("PRAGMA journal_mode") == "wal"
