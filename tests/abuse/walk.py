"""Goes through all a project file is read for, and notes what comes: rows, sentences, bugs.

Used for files that were damaged on purpose and for rows that no Tunedesk wrote. `real_project`
makes the file to begin with; `walk` does with it what people do, in the library, on the command
line and in a window on the screen that nobody sees.
"""

import contextlib
import dataclasses
import io
import logging
import os
import shutil
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from tunedesk import cli
from tunedesk.errors import UserError
from tunedesk.paths import resource
from tunedesk.project.check_project import check_again, set_problems
from tunedesk.project.exporting import export, training_rows, version_records
from tunedesk.project.importing import import_file
from tunedesk.project.project import Project
from tunedesk.project.query import ExampleQuery
from tunedesk.project.rescue import rescue
from tunedesk.project.run_records import Metric, RunCheckpoint, RunEvent, RunExample

REJECTED = "are rejected; --where"
CALM_SECONDS = 0.25
LONGEST_WINDOW_SECONDS = 20.0


@dataclasses.dataclass
class Outcome:
    """What a walk came upon.

    Attributes:
        sentences: What was said to the user.
        bugs: Tracebacks: each would be a crash report in the window.
        texts: The records that could be read, by example.
        listed: How many examples the list names.
    """

    sentences: list[str] = dataclasses.field(default_factory=list)
    bugs: list[str] = dataclasses.field(default_factory=list)
    texts: dict[int, str] = dataclasses.field(default_factory=dict)
    listed: int = 0

    def attempt(self, what: str, work: Callable[[], Any]) -> Any:
        """Do something; a `UserError` is noted as a sentence, any other as a bug."""
        try:
            return work()
        except UserError as error:
            self.sentences.append(f"{what}: {error}")
        except Exception as error:
            self.note_bug(what, error)
        return None

    def note_bug(self, what: str, error: BaseException) -> None:
        """Write down where it happened, the last call first."""
        frames = traceback.extract_tb(error.__traceback__)
        where = " < ".join(f"{Path(f.filename).stem}.{f.name}:{f.lineno}" for f in frames[:-9:-1])
        self.bugs.append(f"{what}: {type(error).__name__}: {str(error)[:120]} [{where}]")


def real_project(path: Path, copies: int = 4) -> None:
    """A project as it is after some days of work: examples, tags, states, presets, runs, undo."""
    sample = path.with_name("sample.jsonl")
    shutil.copy(resource("samples/night_library.jsonl"), sample)
    with Project.create(path, author="Ann") as project:
        for _copy in range(copies):
            import_file(project, sample)
        ids = project.ids()
        project.set_state(ids[:60], "approved")
        project.set_state(ids[60:70], "rejected")
        project.add_tag(ids[5:25], "opening hours")
        project.add_tag(ids[15:45], "fines")
        checker = project.checker()
        for example_id in ids[:20]:
            text = project.text(example_id).replace("library", "reading room")
            project.set_text(example_id, text, checker.check(text.encode()), "Edit message 1")
        project.move(ids[40:45], ids[0])
        project.delete(ids[100:110])
        project.set_preset("Librarian", "You are a librarian of a night library.")
        project.set_preset("Short", "Answer in one sentence.")
        _add_runs(project)
        while project.fill_search(1.0):
            pass
        project.delete(project.ids()[-5:])
        project.undo()
        project.add_tag(project.ids()[:3], "late")
        project.undo()
    sample.unlink()


def _add_runs(project: Project) -> None:
    rows = training_rows(project, ExampleQuery())
    for number in range(2):
        run = project.runs.add(
            name=f"Run {number}",
            provider="local",
            base_url="http://127.0.0.1:9/v1",
            base_model="tunedesk-starter",
            settings={"epochs": 3, "suffix": "night", "where": "state:approved"},
            program_version="0.2",
            stage="ended",
            status="succeeded",
            job_id=f"ftjob-{number}",
            fine_tuned_model=f"ft:starter:night:{number}",
            step=60,
            total_steps=60,
            finished_at=1_790_000_000_000,
        )
        project.runs.set_examples(
            run.id,
            [
                RunExample("training", line, row.example_id, row.version_id)
                for line, row in enumerate(rows[:80], 1)
            ],
        )
        project.runs.add_metrics(
            run.id,
            [
                Metric(step, 2.5 / step, 0.5, 2.6 / step if step % 10 == 0 else None, time=step)
                for step in range(1, 61)
            ],
        )
        project.runs.add_events(
            run.id,
            [RunEvent(f"ev-{step}", step * 1000, "info", f"Step {step}/60") for step in range(60)],
        )
        project.runs.set_checkpoints(
            run.id, [RunCheckpoint("cp-1", 30, "ft:ck-30", 5, {"full_valid_loss": 1.0})]
        )


def walk(path: Path, *, window: bool = True, commands: bool = True) -> Outcome:
    """Do with a project what people do; the file is changed by it."""
    outcome = Outcome()
    pristine = path.read_bytes()
    outcome.attempt("project", lambda: walk_project(path, outcome))
    if commands:
        _restore(path, pristine)
        walk_commands(path, outcome)
    if window:
        _restore(path, pristine)
        walk_window(path, outcome)
    _restore(path, pristine)
    return outcome


def _restore(path: Path, content: bytes) -> None:
    for left in path.parent.glob(f"*{path.name}*"):
        if left.is_file():
            left.unlink()
    path.write_bytes(content)


def walk_project(path: Path, outcome: Outcome) -> None:
    """Read all of it, change it, undo and redo, open it again."""
    attempt = outcome.attempt
    project = attempt("open", lambda: Project.open(path))
    if project is None:
        return
    try:
        ids = attempt("ids", project.ids) or []
        outcome.listed = len(ids)
        attempt("rows", lambda: project.rows(ids))
        for example_id in ids:
            text = attempt("text", lambda one=example_id: project.text(one))
            if text is not None:
                outcome.texts[example_id] = text
        for example_id in list(ids)[::7]:
            attempt("facts", lambda one=example_id: project.facts(one))
            attempt("history", lambda one=example_id: project.history(one))
            attempt("number", lambda one=example_id: project.number_of(one))
        _read_figures(project, attempt)
        _read_runs(project, attempt)
        attempt("find damage", lambda: _say_damage(project, outcome))
        out = path.with_name("out.jsonl")
        attempt("export", lambda: export(project, out))
        rows = attempt("training rows", lambda: training_rows(project, ExampleQuery())) or []
        attempt("records", lambda: list(version_records(project, [row[1] for row in rows])))
        attempt("check", lambda: check_again(project, None))
        attempt("set problems", lambda: set_problems(project))
        attempt("fill search", lambda: project.fill_search(0.2))
        attempt("state", lambda: project.set_state(list(ids)[:300], "draft"))
        attempt("tag", lambda: project.add_tag(list(ids)[:300], "walked"))
        attempt("preset", lambda: project.set_preset("Walked", "Yes."))
        attempt("duplicate", lambda: project.duplicate(list(ids)[:2]))
        for _step in range(6):
            attempt("undo name", project.undo_sentence)
            attempt("undo", project.undo)
        for _step in range(4):
            attempt("redo name", project.redo_sentence)
            attempt("redo", project.redo)
    finally:
        attempt("close", project.close)
    again = attempt("open again", lambda: Project.open(path, read_only=True))
    if again is not None:
        again.close()


def _say_damage(project: Project, outcome: Outcome) -> None:
    if project.find_damage():
        outcome.sentences.append("find damage: the file is damaged")


def _read_figures(project: Project, attempt: Callable[[str, Callable[[], Any]], Any]) -> None:
    attempt("totals", project.totals)
    attempt("statistics", project.statistics)
    attempt("histogram", project.histogram)
    attempt("problem counts", project.problem_counts)
    attempt("estimated", project.estimated_tokens)
    attempt("tags", project.tags)
    attempt("sources", project.sources)
    attempt("presets", project.presets)
    attempt("settings", lambda: project.context.check_settings)
    for query in (
        ExampleQuery(search="reading room"),
        ExampleQuery(search="fin"),
        ExampleQuery(states=("approved",), sort="tokens", descending=True),
        ExampleQuery(tags=("fines",), sort="preview"),
        ExampleQuery(sources=("sample.jsonl",), sort="changed"),
    ):
        attempt("query", lambda one=query: project.rows(project.ids(one)[:50]))
    attempt("id at", lambda: project.id_at(3))
    attempt("undo name", project.undo_sentence)
    attempt("redo name", project.redo_sentence)


def _read_runs(project: Project, attempt: Callable[[str, Callable[[], Any]], Any]) -> None:
    for run in attempt("runs", project.runs.all) or []:
        attempt("metrics", lambda one=run: project.runs.metrics(one.id))
        attempt("last metric", lambda one=run: project.runs.last_metric(one.id))
        attempt("events", lambda one=run: project.runs.events(one.id))
        attempt("checkpoints", lambda one=run: project.runs.checkpoints(one.id))
        attempt("run examples", lambda one=run: project.runs.examples(one.id))
    attempt("work", project.work.items)


def walk_commands(path: Path, outcome: Outcome) -> None:
    """What the command line does with a project."""
    out = path.with_name("command.jsonl")
    for arguments in (
        ["export", str(path), str(out)],
        ["export", str(path), str(out), "--where", "state:approved fines"],
        ["jobs", "list", "--project", str(path)],
        ["jobs", "list", "--project", str(path), "--json"],
        ["jobs", "show", "1", "--project", str(path)],
        ["jobs", "metrics", "2", "--project", str(path)],
        ["import", str(path), str(resource("samples/night_library.jsonl"))],
    ):
        said, printed = io.StringIO(), io.StringIO()
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(printed):
            try:
                cli.main(arguments)
            except SystemExit:
                pass
            except Exception as error:
                outcome.note_bug(f"tunedesk {arguments[0]} {arguments[1][:5]}", error)
        if "Traceback" in said.getvalue():
            outcome.bugs.append(f"tunedesk {arguments[0]}: {said.getvalue()[-300:]}")
        # That rejected examples are among those exported is said of every project that has some.
        told = "".join(line for line in said.getvalue().splitlines(True) if REJECTED not in line)
        if told:
            outcome.sentences.append(f"tunedesk {arguments[0]}: {told[:200]}")


def walk_window(path: Path, outcome: Outcome) -> None:
    """Open it in a window, go through rows, panels and pages, undo, and close it."""
    from PySide6.QtCore import QObject

    from tunedesk.gui import application
    from tunedesk.gui.main_window import MainWindow
    from tunedesk.gui.theme import Theme
    from tunedesk.settings import Settings

    app = application._application()
    theme = Theme("light", 1.0, app)
    theme.apply(app)
    window = MainWindow(Settings(), theme)

    def handle(failure: BaseException) -> None:
        # As the window does: what can be understood is a sentence, the rest a crash report.
        if isinstance(failure, UserError):
            outcome.sentences.append(f"window: {failure}")
        else:
            outcome.note_bug("window", failure)

    window.crashes.keep = lambda failure: (handle(failure), None)  # type: ignore[method-assign]
    window.crashes.handle = handle  # type: ignore[method-assign]
    window.background.crashed.disconnect()
    window.background.crashed.connect(window.crashes.handle)
    window.crashes.crashed.disconnect()
    window.crashes.crashed.connect(window.crashes.handle)
    say = window.feedback.error

    def error(said: Any, *more: Any, **names: Any) -> Any:
        outcome.sentences.append(f"window: {said}")
        return say(said, *more, **names)

    window.feedback.error = error  # type: ignore[method-assign]
    window.background.user_error.disconnect()
    window.background.user_error.connect(window.feedback.error)
    window.crashes.install()
    # PySide prints what a slot raises through sys.excepthook, which the handler has taken.
    try:
        window.show()
        outcome.attempt("window open", lambda: window.open_path(path))
        _calm(app, window)
        if window.workspace is not None:
            page = window.workspace.examples
            steps: list[Callable[[], Any]] = [
                lambda: page.table.go_to_first(),
                lambda: page.panel.show_all_problems(),
                lambda: page.panel.focus_tab("history"),
                lambda: page.panel.focus_tab("tokens"),
                lambda: (
                    page.go_to(next(iter(page.model._ids), 1))
                    if hasattr(page.model, "_ids")
                    else None
                ),
                lambda: page._search("fin"),
                lambda: page._search(""),
                lambda: window.actions_["edit.undo"].trigger(),
                lambda: window.actions_["edit.redo"].trigger(),
                lambda: window.workspace.show_page("fine_tune"),
                lambda: window.workspace.show_page("examples"),
            ]
            for step in steps:
                outcome.attempt("window step", step)
                _calm(app, window, 0.05)
        _calm(app, window)
    finally:
        outcome.attempt("window close", window.close)
        window.crashes.uninstall()
        window.deleteLater()
        QObject.deleteLater(theme)
        app.processEvents()
        app.sendPostedEvents(None, 0)


def _calm(app: Any, window: Any, seconds: float = CALM_SECONDS) -> None:
    """Run the event loop until nothing has been under way in the background for a moment."""
    import time

    end = time.monotonic() + LONGEST_WINDOW_SECONDS
    calm_since = time.monotonic()
    while time.monotonic() < end:
        app.processEvents()
        if window.background.busy > 1:
            calm_since = time.monotonic()
        if time.monotonic() - calm_since > seconds:
            return
        time.sleep(0.002)


def walk_rescue(path: Path, outcome: Outcome) -> tuple[set[int], int, bool] | None:
    """Rescue it: the examples that came out, how many were named as lost, if anything was told."""
    out = path.with_name("rescued.tunedesk")
    for left in path.parent.glob("*rescued*"):
        left.unlink()
    report = outcome.attempt("rescue", lambda: rescue(path, out))
    if report is None:
        return None
    try:
        with Project.open(out) as project:
            ids = project.ids()
            for example_id in ids:
                project.text(example_id)
                project.facts(example_id)
            project.rows(ids)
            if project.find_damage():
                outcome.bugs.append("rescue: what was written is damaged")
            project.undo()
            project.undo()
            project.redo()
            return set(ids), report.lost_examples, bool(report.lines)
    except Exception as error:
        outcome.note_bug("what was rescued", error)
    return None


def own_folders(home: Path) -> None:
    """Point the user's folders to a place that is thrown away."""
    for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"):
        os.environ[name] = str(home)
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_DOCUMENTS_DIR"):
        os.environ[name] = str(home / name.lower())
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    logging.disable(logging.CRITICAL)
    sys.setswitchinterval(0.0002)
