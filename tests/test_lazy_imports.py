"""Late imports: one at a time, whichever thread; no import inside a function goes without."""

import ast
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tunedesk.lazy_imports import importing

SOURCE = Path(__file__).parents[1] / "src" / "tunedesk"
BEFORE_ANY_THREAD = ("cli.py", "commands", "lazy_imports.py")
"""The command line reads its options before it starts anything."""

ANOTHER_PROCESS = ("training_server",)

CIRCLE = """
import threading_of_test
threading_of_test.reached("{name}")
import {other}
here = "{name}"
from {other} import here as there
"""


def late_imports(tree: ast.AST) -> Iterator[tuple[list[str], list[str]]]:
    """The modules of each import inside a function, and those that `importing` names there."""

    def visit(node: ast.AST, named: list[str] | None) -> Iterator[tuple[list[str], list[str]]]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            named = []
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            return
        if isinstance(node, ast.With) and named is not None:
            for item in node.items:
                call = item.context_expr
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "importing":
                    named = [ast.literal_eval(argument) for argument in call.args]
        if named is not None and isinstance(node, ast.Import):
            yield [alias.name for alias in node.names], named
        if named is not None and isinstance(node, ast.ImportFrom):
            yield [node.module or ""], named
        for child in ast.iter_child_nodes(node):
            yield from visit(child, named)

    yield from visit(tree, None)


def test_each_late_import_waits_for_the_others():
    found = []
    number = 0
    for path in sorted(SOURCE.rglob("*.py")):
        place = path.relative_to(SOURCE)
        if place.parts[0] in BEFORE_ANY_THREAD + ANOTHER_PROCESS:
            continue
        for modules, named in late_imports(ast.parse(path.read_text(encoding="utf-8"))):
            number += 1
            found += [f"{place}: {module}" for module in modules if module not in named]
    assert number > 40
    assert found == []


@pytest.fixture
def circle(tmp_path, monkeypatch):
    """Two modules that import each other, each of them slowly while the other is imported."""
    events = {name: threading.Event() for name in ("circle_one", "circle_two")}

    def reached(name):
        events[name].set()
        other = "circle_two" if name == "circle_one" else "circle_one"
        events[other].wait(1.0)

    helper = type(sys)("threading_of_test")
    helper.reached = reached
    monkeypatch.setitem(sys.modules, "threading_of_test", helper)
    monkeypatch.syspath_prepend(str(tmp_path))
    names = ("circle_one", "circle_two")
    for name, other in zip(names, names[::-1], strict=True):
        text = CIRCLE.format(name=name, other=other)
        # Only the second half of the circle is needed at once, as in packages that work alone.
        if name == "circle_two":
            text = text.replace("from circle_one import here as there", "there = circle_one")
        (tmp_path / f"{name}.py").write_text(text)
    yield names
    for name in names:
        sys.modules.pop(name, None)


def import_both(names, guard):
    """Import each name in a thread of its own; returns what went wrong."""
    failures = []

    def load(name):
        try:
            with guard(name):
                __import__(name)
        except ImportError as failure:
            failures.append(failure)
        except RuntimeError as failure:  # importlib's own error of a deadlock
            failures.append(failure)

    threads = [threading.Thread(target=load, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


class Unguarded:
    """As a plain import inside a function."""

    def __init__(self, _name):
        pass

    def __enter__(self):
        pass

    def __exit__(self, *_exception):
        pass


def test_two_threads_that_import_a_circle_hurt_each_other(circle):
    """The reason for all this: it fails without a guard."""
    assert import_both(circle, Unguarded)


def test_with_the_guard_they_do_not(circle):
    assert import_both(circle, importing) == []
    assert sys.modules["circle_one"].there == "circle_two"


def test_what_is_there_is_not_waited_for():
    held = importing("a_module_that_nobody_has")
    with held:
        waited = threading.Event()

        def use():
            with importing("json"):
                waited.set()

        thread = threading.Thread(target=use)
        thread.start()
        thread.join(5)
        assert waited.is_set()
