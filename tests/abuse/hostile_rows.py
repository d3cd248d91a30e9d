"""Rows that no Tunedesk wrote: unknown codes, numbers beyond all bounds, texts missing, loops.

Each variant changes a small project as a newer Tunedesk, a stranger or a damaged page would, tables
that forbid it notwithstanding. Whatever is then done with the project must end in a sentence or in
a row marked as damaged: never in a traceback, which would be a crash report, and never in a hang.
"""

import contextlib
import multiprocessing
import os
import random
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.abuse import walk
from tests.abuse.outcome import Outcome
from tests.project.made_examples import add_run

from tunedesk.checks.checker import Checker
from tunedesk.project.project import Project
from tunedesk.project.run_records import Metric, RunCheckpoint, RunEvent, RunExample

HANG_SECONDS = 60.0
LARGE, SMALL = 2**63 - 1, -(2**63)
DEEP = "'" + "[" * 100_000 + "'"
LONG = "printf('%.*c', 3000000, 'x')"
LONGER = "printf('%.*c', 30000000, 'x')"

VARIANTS: dict[str, tuple[str, ...]] = {
    # Examples
    "state unknown": ("UPDATE example SET state = 99",),
    "state negative": ("UPDATE example SET state = -1",),
    "state a text": ("UPDATE example SET state = 'approved' WHERE id = 2",),
    "state missing": ("UPDATE example SET state = NULL WHERE id = 2",),
    "tags unknown": ("UPDATE example SET tag_set = 12345",),
    "tags a text": ("UPDATE example SET tag_set = 'law' WHERE id = 2",),
    "tags no list": ("UPDATE tag_set SET members = '{\"a\": ' || id || '}'",),
    "tags of numbers": ("UPDATE tag_set SET members = '[1, null, [\"x\"], \"ok\"]' WHERE id = 2",),
    "tags nested too deep": (f"UPDATE tag_set SET members = {DEEP} WHERE id = 2",),
    "tags 3 MB": (f"UPDATE tag_set SET members = '[\"' || {LONG} || '\"]' WHERE id = 2",),
    "tags of letters alone": ("UPDATE tag_set SET members = '[\"\\ud800\"]' WHERE id = 2",),
    "code set of numbers": ("UPDATE code_set SET members = '[1, ' || id || ']'",),
    "code set no JSON": ("UPDATE code_set SET members = 'x' || id",),
    "codes of a newer version": (
        "UPDATE code_set SET members = '[\"future_rule\", \"x\", ' || id || ']'",
        "UPDATE version SET problems = '[[\"future_rule\", [\"messages\", 0], {\"n\": 1}]]'",
    ),
    "source unknown": ("UPDATE example SET source_id = 999",),
    "source missing": ("UPDATE example SET source_id = NULL WHERE id = 2",),
    "source line negative": (f"UPDATE example SET source_line = {SMALL}",),
    "source line a text": ("UPDATE example SET source_line = 'seven' WHERE id = 2",),
    "source of another kind": ("UPDATE source SET kind = 'future', time = -5",),
    "source without a name": ("UPDATE source SET name = NULL, path = NULL",),
    "source name of bytes": ("UPDATE source SET name = x'ff00fe'",),
    "source name 3 MB": (f"UPDATE source SET name = {LONG}",),
    "version unknown": ("UPDATE example SET version_id = 77777 WHERE id = 2",),
    "version of another example": ("UPDATE example SET version_id = 1",),
    "version missing": ("DELETE FROM version WHERE id = 2",),
    "version a text": ("UPDATE example SET version_id = 'two' WHERE id = 2",),
    "version at the end of numbers": (f"UPDATE version SET id = {LARGE} WHERE id = 5",),
    "example at the end of numbers": (f"UPDATE example SET id = {LARGE} WHERE id = 5",),
    "example with a negative number": ("UPDATE example SET id = -7 WHERE id = 5",),
    "text missing": ("DELETE FROM version_text WHERE id = 2",),
    "all texts missing": ("DELETE FROM version_text",),
    "text empty": ("UPDATE version_text SET text = x'' WHERE id = 2",),
    "text a text": ("UPDATE version_text SET text = '{\"messages\": []}' WHERE id = 2",),
    "text a number": ("UPDATE version_text SET text = 5 WHERE id = 2",),
    "text not UTF-8": ("UPDATE version_text SET text = x'ff7bfe' WHERE id = 2",),
    "text nested too deep": (f"UPDATE version_text SET text = CAST({DEEP} AS BLOB) WHERE id = 2",),
    "text of zero bytes": ("UPDATE version_text SET text = zeroblob(300000) WHERE id = 2",),
    "position missing": ("UPDATE example SET position = NULL WHERE id = 2",),
    "position empty": ("UPDATE example SET position = x''",),
    "position a text": ("UPDATE example SET position = 'first' WHERE id = 2",),
    "position a number": ("UPDATE example SET position = 5",),
    "positions equal": ("UPDATE example SET position = x'10'",),
    "positions at the end": ("UPDATE example SET position = x'ffffffffffff'",),
    "position 1 MB": ("UPDATE example SET position = zeroblob(1000000) WHERE id = 2",),
    "deleted unknown": ("UPDATE example SET deleted = 7 WHERE id = 2",),
    "deleted missing": ("UPDATE example SET deleted = NULL WHERE id = 2",),
    "changed after all time": (f"UPDATE example SET changed_at = {LARGE}",),
    "changed before all time": (f"UPDATE example SET changed_at = {SMALL}",),
    "changed a text": ("UPDATE example SET changed_at = 'today' WHERE id = 2",),
    "tokens beyond all bounds": (f"UPDATE example SET tokens = {LARGE}",),
    "tokens negative": (f"UPDATE example SET tokens = {SMALL}, trained_tokens = -1",),
    "tokens a text": ("UPDATE example SET tokens = 'many', turns = 'few' WHERE id = 2",),
    "counts of problems beyond all bounds": (
        f"UPDATE example SET errors = {LARGE}, warnings = {LARGE}, hints = {LARGE}",
    ),
    "turns beyond all bounds": (f"UPDATE example SET turns = {LARGE} WHERE id = 2",),
    "preview 30 MB": (
        f"UPDATE version SET preview = {LONGER}, roles = {LONGER} WHERE id = 2",
    ),
    "start of preview 3 MB": (f"UPDATE example SET preview_start = {LONG} WHERE id = 2",),
    "preview missing": ("UPDATE version SET preview = NULL, roles = NULL WHERE id = 2",),
    "preview not UTF-8": ("UPDATE version SET preview = CAST(x'41ff' AS TEXT)",),
    "preview of bytes": ("UPDATE version SET preview = x'41ff'",),
    "preview with line breaks and signs": (
        "UPDATE version SET preview = char(10, 0, 8238, 13, 65, 1114111)",
    ),
    "kind of a newer version": ("UPDATE version SET kind = 'picture_story'",),
    "kind missing": ("UPDATE version SET kind = NULL",),
    "roles unknown": ("UPDATE version SET roles = '~~~'",),
    "facts beyond all bounds": (
        (f"UPDATE version SET tokens = {LARGE}, message_tokens = {LARGE}, tool_tokens = {LARGE},"
        f" image_tokens = {LARGE}, fingerprint = {LARGE}, question = {SMALL}"),
    ),
    "facts missing": ("UPDATE version SET tokens = NULL, errors = NULL, code_set = NULL",),
    "hashes of texts": ("UPDATE version SET fingerprint = 'x', question = 1.5, system = x'00'",),
    "problems no JSON": ("UPDATE version SET problems = 'oops'",),
    "problems of other shapes": ("UPDATE version SET problems = '[1, [\"a\"], [[], [], []], {}]'",),
    "problems nested too deep": (f"UPDATE version SET problems = {DEEP}",),
    "problems at strange paths": (
        ("UPDATE version SET problems = '[[\"content_empty\", [\"messages\", 999999999999, \"x\"],"
        " {}], [\"content_empty\", [-5], {\"role\": {}}]]'"),
    ),
    "problems with other parameters": (
        ("UPDATE version SET problems = '[[\"over_token_limit\", [], {\"tokens\": \"x\"}],"
        " [\"over_token_limit\", [], {}]]'"),
    ),
    "checked by nobody": ("UPDATE example SET checked_as = 999", "DELETE FROM check_basis"),
    # Changes
    "added range of 2^62": (
        f"UPDATE change SET first_added = 1, last_added = {2**62} WHERE first_added NOT NULL",
    ),
    "added range backwards": ("UPDATE change SET first_added = 9, last_added = 1",),
    "added range from the least number": (
        f"UPDATE change SET first_added = {SMALL}, last_added = {LARGE}, stack = 1",
    ),
    "added range half missing": ("UPDATE change SET first_added = 1, last_added = NULL",),
    "added range of texts": ("UPDATE change SET first_added = 'a', last_added = 'b'",),
    "added range cut off": (
        f"UPDATE change SET first_added = 1, last_added = {2**62}, incomplete = 1",
    ),
    "change of a newer version": ("UPDATE change SET code = 'teleport'",),
    "change without a code": ("UPDATE change SET code = NULL",),
    "change with a format of its own": (
        ("UPDATE change SET code = 'worded',"
        " parameters = '{\"text\": \"{0} {x.y} {text!r:>99999999}\"}'"),
    ),
    "change with other parameters": (
        "UPDATE change SET parameters = '{\"count\": {}, \"tag\": 1}'",
    ),
    "change with a count beyond all bounds": (
        "UPDATE change SET parameters = '{\"count\": 1e400, \"file\": [1]}'",
    ),
    "change parameters no JSON": ("UPDATE change SET parameters = x'ff'",),
    "change parameters nested too deep": (f"UPDATE change SET parameters = {DEEP}",),
    "change parameters 3 MB": (
        f"UPDATE change SET parameters = '{{\"text\": \"' || {LONG} || '\"}}'",
    ),
    "change at the end of numbers": (f"UPDATE change SET id = {LARGE} WHERE id = 3",),
    "change after all time": (f"UPDATE change SET time = {LARGE}",),
    "change by nobody": ("UPDATE change SET actor = NULL, machine = NULL",),
    "change on no stack": ("UPDATE change SET stack = 55",),
    "a change that undoes nothing that is there": (
        "UPDATE change SET undoes = 4444, incomplete = 1 WHERE id = 2",
        "UPDATE change SET redoes = 4444, incomplete = 1 WHERE id = 3",
    ),
    "changes that undo one another": (
        "UPDATE change SET undoes = 3, incomplete = 1 WHERE id = 2",
        "UPDATE change SET undoes = 2, incomplete = 1 WHERE id = 3",
    ),
    "a change that undoes itself": ("UPDATE change SET undoes = id, incomplete = 1, stack = 1",),
    "every change cut off": ("UPDATE change SET incomplete = 1",),
    "items of no change": ("UPDATE change_item SET change_id = 999",),
    "items of no column": ("UPDATE change_item SET column_id = 99",),
    "items with other values": ("UPDATE change_item SET before = x'00', after = 'x'",),
    "items with nothing": ("UPDATE change_item SET before = NULL, after = NULL",),
    "items beyond all bounds": (f"UPDATE change_item SET before = {LARGE}, after = {SMALL}",),
    "columns of a newer version": (
        "UPDATE changed_column SET table_name = 'future', column_name = 'x' || id",
    ),
    "columns of other tables": ("UPDATE OR IGNORE changed_column SET table_name = 'setting'",),
    "columns twice": (
        ("INSERT INTO changed_column SELECT id + 50, table_name || ' ', column_name"
        " FROM changed_column"),
    ),
    # Runs
    "metrics infinite": ("UPDATE run_metric SET train_loss = 9e999, valid_loss = -9e999",),
    "metrics no numbers": ("UPDATE run_metric SET train_loss = 'nan', full_valid_loss = x'00'",),
    "metrics missing": ("UPDATE run_metric SET train_loss = NULL",),
    "metrics as large as can be": (
        "UPDATE run_metric SET train_loss = 3.4e38, valid_loss = -3.4e38",
    ),
    "metrics huge": ("UPDATE run_metric SET train_loss = 1e308, valid_loss = -1e308",),
    "metrics of steps beyond all bounds": (
        f"UPDATE run_metric SET step = {LARGE} - step, time = {LARGE}",
    ),
    "metrics of negative steps": ("UPDATE run_metric SET step = -step",),
    "run stage unknown": ("UPDATE run SET stage = 'dreaming', status = 'levitating'",),
    "run stage missing": ("UPDATE run SET stage = NULL, status = NULL",),
    "run provider unknown": ("UPDATE run SET provider = 'nobody', base_url = 'file:///etc'",),
    "run still going at a strange address": (
        "UPDATE run SET stage = 'following', base_url = 'http://[::1', job_id = '../../x'",
    ),
    "run settings no object": ("UPDATE run SET settings = '[1]', job = '7'",),
    "run settings nested too deep": (f"UPDATE run SET settings = {DEEP}, job = {DEEP}",),
    "run settings of other types": (
        ("UPDATE run SET settings = '{\"epochs\": [], \"batch_size\": {}, \"method\": 5,"
        " \"where\": 1, \"suffix\": null, \"validation\": \"x\"}'"),
    ),
    "run job of other types": (
        ("UPDATE run SET job = '{\"hyperparameters\": 5, \"method\": [], \"error\": \"x\","
        " \"estimated_finish\": 1e300, \"created_at\": \"x\"}'"),
    ),
    "run files of other types": (
        ("UPDATE run SET training = '{\"file_id\": [], \"bytes\": \"x\"}', validation = '[]',"
        " error = '{\"message\": {}}'"),
    ),
    "run files beyond all bounds": (
        ("UPDATE run SET training = '{\"file_id\": \"f\", \"sha256\": \"s\", \"bytes\": 1e999,"
        " \"examples\": 1e999}'"),
    ),
    "run times beyond all bounds": (
        f"UPDATE run SET created_at = {LARGE}, finished_at = {SMALL}",
    ),
    "run steps beyond all bounds": (
        f"UPDATE run SET step = {LARGE}, total_steps = -1, trained_tokens = {SMALL}",
    ),
    "run names 3 MB": (f"UPDATE run SET name = {LONG}, note = {LONG}",),
    "run without names": ("UPDATE run SET name = NULL, base_model = NULL, job_id = NULL",),
    "run number negative": ("UPDATE run SET id = -3",),
    "events of other types": ("UPDATE run_event SET data = '[]', time = 'x', level = 5",),
    "events after all time": (f"UPDATE run_event SET time = {LARGE}, level = 'fatal', kind = ''",),
    "events 3 MB": (f"UPDATE run_event SET message = {LONG}",),
    "checkpoints of other types": ("UPDATE run_checkpoint SET metrics = '7', step = 'x'",),
    "run examples of other parts": ("UPDATE run_example SET part = 7",),
    "run examples that are not there": ("UPDATE run_example SET example_id = 99, version_id = 98",),
    # Presets, work, settings
    "presets of one name": ("UPDATE preset SET name = 'same'",),
    "presets without a name": ("UPDATE preset SET name = NULL",),
    "preset of bytes": ("UPDATE preset SET name = x'ff', text = x'00ff'",),
    "preset 3 MB": (f"UPDATE preset SET text = {LONG}, name = {LONG}",),
    "work of a newer version": ("UPDATE work SET kind = 'fly', state = 'hovering'",),
    "work of other types": ("UPDATE work SET parameters = '[]', progress = 'x', total = -5",),
    "work of nobody": ("UPDATE work SET uid = 'x', seal = 'y', session = 5",),
    "settings no JSON": ("INSERT OR REPLACE INTO setting VALUES ('target', '{'), ('model', 'x')",),
    "settings of other types": (
        ("INSERT OR REPLACE INTO setting VALUES ('target', '[]'), ('encoding', '{}'),"
        " ('model', '5'), ('search_filled_to', 'soon')"),
    ),
    "settings unknown": (
        ("INSERT OR REPLACE INTO setting VALUES ('target', '\"mars\"'), ('encoding', '\"elvish\"'),"
        " ('model', '\"gpt-99\"')"),
    ),
    "settings nested too deep": (
        f"INSERT OR REPLACE INTO setting VALUES ('target', {DEEP}), ('fine_tune.last', {DEEP})",
    ),
    "search filled beyond all bounds": (
        "INSERT OR REPLACE INTO setting VALUES ('search_filled_to', '99999999999999999999999')",
    ),
    # The file
    "a version newer than ours": ("PRAGMA user_version = 99",),
    "a version that never was": ("PRAGMA user_version = 0",),
    "a version of before": ("PRAGMA user_version = 2",),
    "a version below zero": ("PRAGMA user_version = -1",),
    "another application": ("PRAGMA application_id = 7",),
    "a view that asks itself": (
        "CREATE VIEW a AS SELECT * FROM b", "CREATE VIEW b AS SELECT * FROM a",
    ),
    "a trigger that fires itself": (
        ("CREATE TRIGGER t AFTER UPDATE ON example BEGIN"
        " UPDATE example SET state = state + 1 WHERE id = new.id; END"),
    ),
    "an index that computes": ("CREATE INDEX i ON example(hex(zeroblob(state * 1000)))",),
    "300 tables": tuple(f"CREATE TABLE t{number}(x)" for number in range(300)),
}  # fmt: skip


def small_project(path: Path) -> None:
    """Five examples with tags, states, a preset, runs, work and a history of changes."""
    checker = Checker("local")
    with Project.create(path, author="Ann") as project:
        for number in range(5):
            text = (
                f'{{"messages": [{{"role": "user", "content": "Question {number}?"}},'
                f' {{"role": "assistant", "content": "{"" if number == 3 else "Yes."}"}}]}}'
            )
            project.add_example(text, checker.check(text.encode()))
        project.add_tag(project.ids()[:3], "law")
        project.set_state(project.ids()[:2], "approved")
        project.set_preset("Short", "Be short.")
        project.set_preset("Long", "Be long.")
        run = add_run(
            project,
            settings={"epochs": 2},
            stage="ended",
            status="succeeded",
            job_id="ftjob-1",
            step=20,
            total_steps=20,
        )
        project.runs.add_metrics(
            run.id, [Metric(step, 2 / step, None, 2.1 / step, time=step) for step in range(1, 21)]
        )
        project.runs.add_events(run.id, [RunEvent("e1", 1000, "info", "Began")])
        project.runs.set_checkpoints(run.id, [RunCheckpoint("c1", 10, "ft:c", 5, {"loss": 1.0})])
        project.runs.set_examples(run.id, [RunExample("training", 1, 1, 1)])
        project.work.add("follow", {"run": run.id})
        project.delete(project.ids()[4:])
        project.undo()


def tamper(path: Path, statements: tuple[str, ...]) -> None:
    """Change a project; what its tables forbid is done with tables that allow it."""
    with _connected(path) as connection:
        tables = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql LIKE '%STRICT%'"
        ).fetchall()
        connection.execute("PRAGMA writable_schema = ON")
        for name, sql in tables:
            loose = sql.replace(" STRICT", "").replace(", STRICT", "").replace("STRICT", "")
            loose = loose.replace(" NOT NULL", "").rstrip(" ,")
            for kind in (" INTEGER,", " TEXT,", " BLOB,", " REAL,"):
                loose = loose.replace(kind, ",")
            connection.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (loose, name))
    with _connected(path) as connection:
        for statement in statements:
            connection.execute(statement)
    with _connected(path) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        for name, sql in tables:
            connection.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (sql, name))


@contextlib.contextmanager
def _connected(path: Path) -> Any:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def _work(connection: Any, original: str) -> None:
    """A process that walks one variant after the other, with the window."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    folder = Path(tempfile.mkdtemp(prefix="tunedesk-rows-"))
    walk.own_folders(folder)
    path = folder / "Rows.tunedesk"
    while (name := connection.recv()) is not None:
        shutil.copy(original, path)
        tamper(path, VARIANTS[name])
        connection.send(walk.walk(path).bugs)


def run(count: int, seed: int) -> Outcome:
    """Walk every variant once, or so many of them; each must end without a bug or a hang."""
    names = list(VARIANTS)
    if count < len(names):
        names = random.Random(seed).sample(names, count)
    folder = Path(tempfile.mkdtemp(prefix="tunedesk-rows-"))
    walk.own_folders(folder)
    original = folder / "Original.tunedesk"
    small_project(original)
    failures: list[str] = []
    context = multiprocessing.get_context("spawn")
    process: Any = None
    for number, name in enumerate(names, 1):
        print(f"{number} of {len(names)}: {name}", file=sys.stderr, flush=True)
        if process is None:
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(theirs, str(original)), daemon=True)
            process.start()
            theirs.close()
        ours.send(name)
        try:
            bugs = ours.recv() if ours.poll(HANG_SECONDS) else ["it hangs"]
        except EOFError:
            bugs = ["the process died"]
        failures.extend(f"{name}: {bug}" for bug in bugs)
        if bugs in (["it hangs"], ["the process died"]):
            process.kill()
            process = None
    if process is not None:
        ours.send(None)
        process.join(10)
        process.kill()
    shutil.rmtree(folder, ignore_errors=True)
    return Outcome(len(names), failures)
