"""`tunedesk serve`: the training server, on this computer."""

import argparse

from tunedesk.errors import UserError
from tunedesk.i18n import _
from tunedesk.paths import models_dir, user_data_dir
from tunedesk.services.local_install import is_built_in


def run_serve(options: argparse.Namespace) -> int:
    """Run the server until it is stopped."""
    if not is_built_in():
        raise UserError(
            _("The training server is not installed."),
            _("This installs it: {command}").format(command='pip install "tunedesk[local]"'),
        )
    from tunedesk.training_server.serve import serve

    if options.models is None:
        models_dir().mkdir(parents=True, exist_ok=True)

    serve(
        data_dir=options.data_dir or user_data_dir() / "server",
        host=options.host,
        port=options.port,
        models_dir=options.models or models_dir(),
        allow_download=options.allow_download,
        accelerate_config=options.accelerate_config,
        exit_when_idle=options.exit_when_idle,
        allowed_hosts=options.allowed_host,
    )
    return 0
