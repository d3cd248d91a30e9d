"""Late imports: one at a time, whichever thread; no import inside a function goes without."""

import ast
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from tunedesk.lazy_imports import importing

SOURCE = Path(__file__).parents[1] / "src" / "tunedesk"
BEFORE_ANY_THREAD = ("cli.py", "commands", "lazy_imports.py")
"""The command line reads its options before it starts anything."""

ANOTHER_PROCESS = ("training_server",)


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


def test_never_do_two_threads_import_at_once(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    names = [f"late_module_{number}" for number in range(12)]
    inside, most = [], []
    all_ready = threading.Barrier(len(names))

    def load(name):
        all_ready.wait(30)
        with importing(name):
            inside.append(name)
            __import__(name)  # reading the file gives the other threads a turn
            most.append(len(inside))
            inside.remove(name)

    for name in names:
        (tmp_path / f"{name}.py").write_text("import time\ntime.sleep(0)\n")
    threads = [threading.Thread(target=load, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * len(names)
    for name in names:
        assert sys.modules.pop(name, None) is not None


def test_a_late_import_inside_another_does_not_wait_for_itself():
    with importing("a_module_that_nobody_has"), importing("another_that_nobody_has"):
        pass


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
