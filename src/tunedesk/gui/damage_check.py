"""Looks in the background whether the project file is whole, and says calmly if it is not."""

import contextlib

from tunedesk.errors import UserError
from tunedesk.gui.background import Background, Task
from tunedesk.gui.feedback import Feedback
from tunedesk.i18n import _
from tunedesk.progress import Progress
from tunedesk.project.project import Project

DELAY = 5_000
"""Milliseconds after opening: the first rows and the search come first."""


def look_for_damage(project: Project, background: Background, feedback: Feedback) -> Task:
    """Begin to look; what is found is said once."""

    def tell(found: list[str]) -> None:
        if found:
            feedback.error(damage_error(project))

    return background.run(_find, project, on_result=tell, delay_ms=DELAY)


def damage_error(project: Project) -> UserError:
    """What to say of a damaged file, and what to do next."""
    return UserError(
        _("“{name}” is damaged on the disk, though it can be read.").format(name=project.path.name),
        _("Export all examples now, and go on in a new project made from that file."),
    )


def _find(project: Project, progress: Progress) -> list[str]:
    with contextlib.closing(project.handle()) as handle:
        return handle.find_damage(progress)
