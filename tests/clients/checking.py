"""What the scripts share: checks with a name each, told as a line of JSON each.

It needs nothing but Python: each script runs in an environment of its own.
"""

import asyncio
import inspect
import json
import os
import traceback
from typing import Literal

from pydantic import BaseModel

BASE_URL = os.environ.get("CLIENT_BASE_URL", "")
API_KEY = os.environ.get("CLIENT_API_KEY", "")
MODEL = os.environ.get("CLIENT_MODEL", "tunedesk-starter")
MOST_TOKENS = 300
"""The model has learnt little: what it is not held to, it may write without end."""


class Visitor(BaseModel):
    """A visitor, in types of which every value is short."""

    kind: Literal["guest", "member"]
    is_new: bool


QUESTION = "Who came to the door?"
_CHECKS = []


def check(function):
    """Mark a function as a check; the first line of its docstring is its name."""
    _CHECKS.append(function)
    return function


def run_checks():
    """Run all checks and tell of each."""
    for function in _CHECKS:
        name = inspect.getdoc(function).splitlines()[0].rstrip(".")
        said = ""
        try:
            result = function()
            if inspect.isawaitable(result):
                asyncio.run(result)
        except Exception as error:
            traceback.print_exc()
            said = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        print(json.dumps({"check": name, "works": not said, "said": said}), flush=True)
