"""Opening a project for a command, with a clear word when somebody else has it."""

from pathlib import Path

from tunedesk.errors import UserError
from tunedesk.project.project import Project


def open_for_writing(path: Path, make: bool = False) -> Project:
    """Open a project to change it.

    Args:
        path: The project file.
        make: Make it if it is not there.

    Raises:
        UserError: It is not there, damaged, or open elsewhere.
    """
    if make and not path.exists():
        return Project.create(path)
    project = Project.open(path)
    if project.read_only:
        holder = project.held_by
        project.close()
        raise UserError(
            f"“{path.name}” is open elsewhere{f': {holder}' if holder else ''}.",
            "Close it there and run the command again.",
        )
    return project
