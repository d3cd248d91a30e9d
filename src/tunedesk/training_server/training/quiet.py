"""Keeps libraries from painting bars where nobody looks."""

from typing import Any

import tqdm
from transformers.utils import logging


def quiet() -> None:
    """Let only errors through, and no bars of progress."""
    untyped: Any = logging
    untyped.set_verbosity_error()
    untyped.disable_progress_bar()
    # Others make bars all the same, and a thread that looks after them.
    bars: Any = tqdm.tqdm
    bars.monitor_interval = 0
