"""Where a project lies: on a plain disk, a network drive, or in a folder that a service copies."""

import os
import sys
from pathlib import Path, PureWindowsPath

from tunedesk.i18n import _
from tunedesk.lazy_imports import importing

_NETWORK_FILE_SYSTEMS = (
    "9p", "afpfs", "afs", "beegfs", "ceph", "cifs", "davfs", "fuse.davfs", "fuse.gvfsd-fuse",
    "fuse.rclone", "fuse.sshfs", "glusterfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3", "smbfs",
    "virtiofs", "vboxsf", "webdav",
)  # fmt: skip

# Parts of paths, in small letters, that services which copy files to and fro put there.
_CLOUD_FOLDERS = {
    "onedrive": "OneDrive",
    "dropbox": "Dropbox",
    "google drive": "Google Drive",
    "googledrive": "Google Drive",
    "my drive": "Google Drive",
    "mobile documents": "iCloud",
    "iclouddrive": "iCloud",
    "cloudstorage": "cloud storage",
    "nextcloud": "Nextcloud",
    "owncloud": "ownCloud",
    "pcloud drive": "pCloud",
    "box sync": "Box",
}

_MOUNTS = Path("/proc/self/mounts")


def storage_note(path: Path, mounts: Path = _MOUNTS) -> str | None:
    """Why this place is unsafe for a write-ahead log, as a sentence; None for a plain disk."""
    cloud = _cloud_service(path)
    if cloud:
        return _(
            "This project lies in a folder that {service} copies. Keep it open on one computer"
            " at a time, and let the copy finish before you open it on another."
        ).format(service=cloud)
    if _on_network(path, mounts):
        return _(
            "This project lies on a network folder. Saving is a little slower there; keep it"
            " open on one computer at a time."
        )
    return None


def _cloud_service(path: Path) -> str | None:
    for part in path.absolute().parent.parts:
        small = part.lower()
        for folder, service in _CLOUD_FOLDERS.items():
            # "OneDrive - Law Firm", "Dropbox (Personal)", "GoogleDrive-ann@example.org"
            if small == folder or small.startswith((folder + " ", folder + "-", folder + "_")):
                return service
    return None


def _on_network(path: Path, mounts: Path) -> bool:
    if os.name == "nt":
        return _on_windows_network(path)
    if sys.platform == "darwin":
        # Network volumes cannot be told from plugged-in disks by path: stay on the safe side.
        return path.absolute().parts[:2] == ("/", "Volumes")
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    wanted = os.path.realpath(path.parent)
    best, kind = "", ""
    for line in lines:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ")
        inside = wanted == point or wanted.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind in _NETWORK_FILE_SYSTEMS


def _on_windows_network(path: Path) -> bool:
    if sys.platform != "win32":
        return False
    with importing("ctypes"):
        import ctypes

    drive = PureWindowsPath(path.absolute()).drive
    if drive.startswith("\\\\"):
        return True
    remote = 4
    return bool(ctypes.windll.kernel32.GetDriveTypeW(drive + "\\") == remote)
