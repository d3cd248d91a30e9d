"""Keeps Transformers from painting bars where nobody looks."""

from typing import Any

from transformers.utils import logging


def quiet() -> None:
    """Let only errors through, and no bars of progress."""
    untyped: Any = logging
    untyped.set_verbosity_error()
    untyped.disable_progress_bar()
