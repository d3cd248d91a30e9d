"""The connection to the service of a run that is in the project already."""

from tunedesk.fine_tuning import local_server
from tunedesk.fine_tuning.connection import Connection, connect
from tunedesk.fine_tuning.keys import Keys
from tunedesk.fine_tuning.providers import provider
from tunedesk.fine_tuning.sending import Wait
from tunedesk.project.project import Project


def connection_of(project: Project, run_id: int, keys: Keys, wait: Wait) -> Connection:
    """The connection that a run is sent, followed and asked by.

    The server of this computer is started if it does not run. It listens at another port each
    time, so the run's address is brought up to date. An address that others can read along was
    accepted when the run was launched.

    Args:
        project: The project, or a handle of it in a background thread.
        run_id: The run.
        keys: Where keys are found.
        wait: How to wait for the server; may raise `Cancelled`.

    Raises:
        UserError: There is no such provider, its key cannot be used, or the server of this
            computer does not start.
    """
    run = project.runs.get(run_id)
    if run.provider != "local":
        return connect(provider(run.provider), run.base_url, keys, plain_http=True)
    connection = local_server.ensure_running(wait)
    if run.base_url != connection.base_url:
        project.runs.update(run_id, base_url=connection.base_url)
    return connection
