"""The tables of the project file, and the numbers that say which version of them a file has."""

import re
import sqlite3
from functools import cache

from tunedesk.project.old_schemas import OLD_SCHEMAS

APPLICATION_ID = 0x54756E65  # "Tune"
SCHEMA_VERSION = 4

TABLES = """
-- One row an example. Narrow on purpose: every filter, sort and total is one scan of this table.
-- What follows changed_at is a copy of the facts of the current version.
CREATE TABLE example(
    id INTEGER PRIMARY KEY,
    position BLOB NOT NULL,           -- order key, see row_order.py
    deleted INTEGER NOT NULL,         -- 1: deleted, or its addition undone
    state INTEGER NOT NULL,           -- index into query.STATES
    tag_set INTEGER NOT NULL,
    source_id INTEGER NOT NULL,
    source_line INTEGER,
    created_change INTEGER NOT NULL,
    version_id INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,      -- milliseconds since 1970, UTC
    turns INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    trained_tokens INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    warnings INTEGER NOT NULL,
    hints INTEGER NOT NULL,
    code_set INTEGER NOT NULL,
    checked_as INTEGER NOT NULL,
    preview_start TEXT NOT NULL COLLATE NOCASE,  -- what the sort by preview goes by
    uid BLOB NOT NULL                 -- random, never changes: copies of a project merge by it
) STRICT;
CREATE INDEX example_position ON example(position) WHERE deleted = 0;
-- Rows come in rising order of time: without an index, the latest first is the slowest sort.
CREATE INDEX example_changed ON example(changed_at) WHERE deleted = 0;

-- One row a version of an example: the facts of a text that never changes. The facts are worked
-- out again when the checks change. The latest version is never deleted before its successor is
-- there, so no id is used twice (the search index counts on that); the same goes for examples.
CREATE TABLE version(
    id INTEGER PRIMARY KEY,
    example_id INTEGER NOT NULL,
    change_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    preview TEXT NOT NULL,
    roles TEXT NOT NULL,
    tokens INTEGER NOT NULL,
    message_tokens INTEGER NOT NULL,
    tool_tokens INTEGER NOT NULL,
    image_tokens INTEGER NOT NULL,
    trained_tokens INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    warnings INTEGER NOT NULL,
    hints INTEGER NOT NULL,
    code_set INTEGER NOT NULL,
    checked_as INTEGER NOT NULL,      -- row of check_basis
    fingerprint INTEGER,
    question INTEGER,
    answer INTEGER,
    system INTEGER,
    problems TEXT,                    -- JSON: [[code, path, parameters], ...]; NULL for none
    uid BLOB NOT NULL                 -- random, as all that are called so
) STRICT;
-- The text stands apart so that going through the facts does not read a gigabyte. By its checksum
-- (XXH32) a letter shows that changed on the disk; texts from before version 4 have none, and their
-- rows end before it.
CREATE TABLE version_text(id INTEGER PRIMARY KEY, text BLOB NOT NULL, checksum INTEGER) STRICT;

-- Target, encoding and rules that facts were worked out with.
CREATE TABLE check_basis(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;

-- Sets that many examples share, kept once: the tags of an example, the codes of its problems.
CREATE TABLE tag_set(id INTEGER PRIMARY KEY, members TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE code_set(id INTEGER PRIMARY KEY, members TEXT NOT NULL UNIQUE) STRICT;

CREATE TABLE source(
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,               -- written, pasted, imported or generated
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    encoding TEXT NOT NULL,
    model TEXT NOT NULL,
    time INTEGER NOT NULL,
    uid BLOB NOT NULL
) STRICT;

-- The history: it only grows. Undo and redo are changes too (undoes / redoes another one).
CREATE TABLE change(
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL,               -- see change_names.py
    parameters TEXT NOT NULL,         -- JSON
    actor TEXT NOT NULL,
    machine TEXT NOT NULL,
    time INTEGER NOT NULL,            -- milliseconds; of the last typing that was merged into it
    stack INTEGER NOT NULL,           -- 0: not on the undo stack, 1: can be undone, 2: redone
    undoes INTEGER,
    redoes INTEGER,
    incomplete INTEGER NOT NULL,      -- 1 while its transactions are being written
    merge_key TEXT,
    first_added INTEGER,              -- the examples it added: these ids with its created_change
    last_added INTEGER,
    uid BLOB NOT NULL
) STRICT;
CREATE INDEX change_stack ON change(stack, id) WHERE stack > 0;
CREATE INDEX change_undoes ON change(undoes) WHERE undoes IS NOT NULL;
CREATE INDEX change_redoes ON change(redoes) WHERE redoes IS NOT NULL;
CREATE INDEX change_incomplete ON change(id) WHERE incomplete = 1;

-- The columns that changes have touched, each kept once; see undoable_tables.py.
CREATE TABLE changed_column(
    id INTEGER PRIMARY KEY,
    table_name TEXT NOT NULL,
    column_name TEXT NOT NULL,
    UNIQUE(table_name, column_name)
) STRICT;

-- One row a changed column of a row of that table.
CREATE TABLE change_item(
    change_id INTEGER NOT NULL,
    column_id INTEGER NOT NULL,
    row_id INTEGER NOT NULL,
    before ANY,
    after ANY,
    PRIMARY KEY(change_id, column_id, row_id)
) WITHOUT ROWID, STRICT;
CREATE INDEX change_item_row ON change_item(row_id);

-- System prompts kept by name.
CREATE TABLE preset(
    id INTEGER PRIMARY KEY,
    uid BLOB NOT NULL,
    deleted INTEGER NOT NULL,
    name TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;

-- Long work that goes on after a restart. Not part of the undo.
CREATE TABLE work(
    id INTEGER PRIMARY KEY,
    uid BLOB NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    parameters TEXT NOT NULL,         -- JSON
    state TEXT NOT NULL,              -- see work.STATES
    progress INTEGER NOT NULL,
    total INTEGER,                    -- NULL: not known
    cursor TEXT NOT NULL,             -- how far it came, for who goes on with it
    error TEXT NOT NULL,
    created_at INTEGER NOT NULL,      -- milliseconds since 1970, UTC
    changed_at INTEGER NOT NULL,
    finished_at INTEGER,
    session BLOB,                     -- of the program that has it in hand
    seal BLOB NOT NULL                -- made with a secret of the computer that may do it
) STRICT;

CREATE TABLE setting(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT;

-- Full-text search; rowid is the id of the version, whose text never changes. The words are
-- prepared by search.py, so the tokenizer has only to split at blanks and punctuation.
CREATE VIRTUAL TABLE search USING fts5(words, content='', tokenize='ascii');

-- Fine-tuning runs: what was launched, with what, and what came of it. Not part of the undo: a job
-- that was asked for was asked for.
CREATE TABLE run(
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,         -- 128 random bits in hexadecimal; in the job's metadata
    name TEXT NOT NULL,
    deleted INTEGER NOT NULL,         -- 1: taken off the list
    created_at INTEGER NOT NULL,      -- milliseconds since 1970, UTC
    provider TEXT NOT NULL,
    base_url TEXT NOT NULL,
    base_model TEXT NOT NULL,
    settings TEXT NOT NULL,           -- JSON
    stage TEXT NOT NULL,              -- see run_records.STAGES
    status TEXT NOT NULL,
    job_id TEXT NOT NULL,
    job TEXT NOT NULL,                -- JSON: the service's last answer
    training TEXT,                    -- JSON of a RunFile
    validation TEXT,
    program_version TEXT NOT NULL,
    finished_at INTEGER,
    fine_tuned_model TEXT NOT NULL,
    trained_tokens INTEGER,
    error TEXT,                       -- JSON of a RunError
    step INTEGER,
    total_steps INTEGER,
    note TEXT NOT NULL
) STRICT;

-- The versions that were trained on; they live as long as the run.
CREATE TABLE run_example(
    run_id INTEGER NOT NULL,
    part INTEGER NOT NULL,            -- 0: training, 1: validation
    line INTEGER NOT NULL,
    example_id INTEGER NOT NULL,
    version_id INTEGER NOT NULL,
    PRIMARY KEY(run_id, part, line)
) WITHOUT ROWID, STRICT;
CREATE INDEX run_example_version ON run_example(version_id);

CREATE TABLE run_metric(
    run_id INTEGER NOT NULL,
    step INTEGER NOT NULL,
    train_loss REAL,
    train_accuracy REAL,
    valid_loss REAL,
    valid_accuracy REAL,
    full_valid_loss REAL,
    full_valid_accuracy REAL,
    time INTEGER NOT NULL,
    PRIMARY KEY(run_id, step)
) WITHOUT ROWID, STRICT;

CREATE TABLE run_event(
    run_id INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    time INTEGER NOT NULL,
    arrival INTEGER NOT NULL,         -- order among events of the same second
    level TEXT NOT NULL,
    message TEXT NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,               -- JSON
    PRIMARY KEY(run_id, event_id)
) WITHOUT ROWID, STRICT;

CREATE TABLE run_checkpoint(
    run_id INTEGER NOT NULL,
    checkpoint_id TEXT NOT NULL,
    step INTEGER NOT NULL,
    model TEXT NOT NULL,
    time INTEGER NOT NULL,
    metrics TEXT NOT NULL,            -- JSON
    PRIMARY KEY(run_id, checkpoint_id)
) WITHOUT ROWID, STRICT;
"""

_MOST_OBJECTS = 200
_LONGEST_STATEMENT = 20_000
"""A file with more, or longer ones, is not ours: no need to read it all."""

ADDED_COLUMNS = {"version_text": 1}
"""How many columns at the end of a table rows may lack that are older than these columns."""

SCHEMAS = {**OLD_SCHEMAS, SCHEMA_VERSION: TABLES}
"""By version, the statements that make the tables."""


def create_tables(connection: sqlite3.Connection, version: int = SCHEMA_VERSION) -> None:
    """Make the tables in an empty file, inside the caller's transaction."""
    run_script(connection, SCHEMAS[version])
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {version}")


def run_script(connection: sqlite3.Connection, script: str) -> None:
    """Run statements one by one, inside the caller's transaction."""
    for statement in statements(script):
        connection.execute(statement)


def statements(script: str) -> list[str]:
    """The statements of a script, without comments."""
    without_comments = re.sub(r"--[^\n]*", "", script)
    return [part.strip() for part in without_comments.split(";") if part.strip()]


@cache
def expected_objects(version: int) -> frozenset[tuple[str, str, str]]:
    """What sqlite_master holds in a file of that version: type, name and squeezed SQL."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        create_tables(connection, version)
        return found_objects(connection)
    finally:
        connection.close()


def found_objects(connection: sqlite3.Connection) -> frozenset[tuple[str, str, str]]:
    """What sqlite_master holds in this file: type, name and squeezed SQL."""
    rows = connection.execute(
        "SELECT type, name, substr(sql, 1, ?) FROM sqlite_master LIMIT ?",
        (_LONGEST_STATEMENT, _MOST_OBJECTS),
    )
    return frozenset((kind, name, _squeezed(sql)) for kind, name, sql in rows)


def _squeezed(sql: str | None) -> str:
    """SQL without what SQLite or a tool may lay out otherwise: blanks and quotes of names."""
    return re.sub(r"\s+", "", sql or "").replace('"', "'").lower()
