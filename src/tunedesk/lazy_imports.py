"""Imports that wait until they are needed, one at a time, whichever thread needs them.

The window starts fast since much is imported late, by the thread of the window or by one in the
background. Two threads that import packages with circles inside at the same moment can each wait
for a module that the other has begun; Python then raises an error in one of them. So every import
inside a function stands in a `with importing(...)`; a test holds that.
"""

import contextlib
import sys
import threading
from contextlib import AbstractContextManager

_ONE_AT_A_TIME = threading.RLock()
_NOTHING_TO_WAIT_FOR: AbstractContextManager[None] = contextlib.nullcontext()


def importing(*modules: str) -> AbstractContextManager[object]:
    """Hold other late imports back while these modules are imported in the `with` block.

    Args:
        *modules: Their full names. Where all are there, nobody is waited for.
    """
    if all(map(_is_there, modules)):
        return _NOTHING_TO_WAIT_FOR
    return _ONE_AT_A_TIME


def _is_there(name: str) -> bool:
    """Whether a module has been imported to its end."""
    module = sys.modules.get(name)
    spec = getattr(module, "__spec__", None)
    return module is not None and not getattr(spec, "_initializing", False)
