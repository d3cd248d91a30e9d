"""The tables of older project files, as they were: files are compared with them and brought up.

Nothing here ever changes. A new version of the schema puts that of before here.
"""

_VERSION_1 = """
CREATE TABLE example(
    id INTEGER PRIMARY KEY,
    position BLOB NOT NULL,
    hidden INTEGER NOT NULL,
    state INTEGER NOT NULL,
    tag_set INTEGER NOT NULL,
    source_id INTEGER NOT NULL,
    source_line INTEGER,
    created_change INTEGER NOT NULL,
    version_id INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    turns INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    trained_tokens INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    warnings INTEGER NOT NULL,
    hints INTEGER NOT NULL,
    code_set INTEGER NOT NULL,
    checked_as INTEGER NOT NULL,
    preview_start TEXT NOT NULL COLLATE NOCASE,
    uid BLOB NOT NULL
) STRICT;
CREATE INDEX example_position ON example(position) WHERE hidden = 0;
CREATE INDEX example_changed ON example(changed_at) WHERE hidden = 0;
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
    checked_as INTEGER NOT NULL,
    fingerprint INTEGER,
    question INTEGER,
    answer INTEGER,
    system INTEGER,
    problems TEXT
) STRICT;
CREATE TABLE version_text(id INTEGER PRIMARY KEY, text BLOB NOT NULL) STRICT;
CREATE TABLE check_basis(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE tag_set(id INTEGER PRIMARY KEY, members TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE code_set(id INTEGER PRIMARY KEY, members TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE source(
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    encoding TEXT NOT NULL,
    model TEXT NOT NULL,
    time INTEGER NOT NULL
) STRICT;
CREATE TABLE change(
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL,
    parameters TEXT NOT NULL,
    actor TEXT NOT NULL,
    machine TEXT NOT NULL,
    time INTEGER NOT NULL,
    stack INTEGER NOT NULL,
    undoes INTEGER,
    redoes INTEGER,
    incomplete INTEGER NOT NULL,
    merge_key TEXT,
    first_added INTEGER,
    last_added INTEGER
) STRICT;
CREATE INDEX change_stack ON change(stack, id) WHERE stack > 0;
CREATE INDEX change_undoes ON change(undoes) WHERE undoes IS NOT NULL;
CREATE INDEX change_redoes ON change(redoes) WHERE redoes IS NOT NULL;
CREATE INDEX change_incomplete ON change(id) WHERE incomplete = 1;
CREATE TABLE change_item(
    change_id INTEGER NOT NULL,
    field TEXT NOT NULL,
    example_id INTEGER NOT NULL,
    before ANY,
    after ANY,
    PRIMARY KEY(change_id, field, example_id)
) WITHOUT ROWID, STRICT;
CREATE INDEX change_item_example ON change_item(example_id);
CREATE TABLE preset(name TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID, STRICT;
CREATE TABLE preset_item(
    change_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    before TEXT,
    after TEXT,
    PRIMARY KEY(change_id, name)
) WITHOUT ROWID, STRICT;
CREATE TABLE setting(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT;
CREATE VIRTUAL TABLE search USING fts5(words, content='', tokenize='ascii');
"""

VERSION_2_ADDED = """
CREATE TABLE run(
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    hidden INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    provider TEXT NOT NULL,
    base_url TEXT NOT NULL,
    base_model TEXT NOT NULL,
    settings TEXT NOT NULL,
    stage TEXT NOT NULL,
    status TEXT NOT NULL,
    job_id TEXT NOT NULL,
    job TEXT NOT NULL,
    training TEXT,
    validation TEXT,
    program_version TEXT NOT NULL,
    finished_at INTEGER,
    fine_tuned_model TEXT NOT NULL,
    trained_tokens INTEGER,
    error TEXT,
    step INTEGER,
    total_steps INTEGER,
    note TEXT NOT NULL
) STRICT;
CREATE TABLE run_example(
    run_id INTEGER NOT NULL,
    part INTEGER NOT NULL,
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
    arrival INTEGER NOT NULL,
    level TEXT NOT NULL,
    message TEXT NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY(run_id, event_id)
) WITHOUT ROWID, STRICT;
CREATE TABLE run_checkpoint(
    run_id INTEGER NOT NULL,
    checkpoint_id TEXT NOT NULL,
    step INTEGER NOT NULL,
    model TEXT NOT NULL,
    time INTEGER NOT NULL,
    metrics TEXT NOT NULL,
    PRIMARY KEY(run_id, checkpoint_id)
) WITHOUT ROWID, STRICT;
"""

_VERSION_3 = """
CREATE TABLE example(
    id INTEGER PRIMARY KEY,
    position BLOB NOT NULL,
    deleted INTEGER NOT NULL,
    state INTEGER NOT NULL,
    tag_set INTEGER NOT NULL,
    source_id INTEGER NOT NULL,
    source_line INTEGER,
    created_change INTEGER NOT NULL,
    version_id INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    turns INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    trained_tokens INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    warnings INTEGER NOT NULL,
    hints INTEGER NOT NULL,
    code_set INTEGER NOT NULL,
    checked_as INTEGER NOT NULL,
    preview_start TEXT NOT NULL COLLATE NOCASE,
    uid BLOB NOT NULL
) STRICT;
CREATE INDEX example_position ON example(position) WHERE deleted = 0;
CREATE INDEX example_changed ON example(changed_at) WHERE deleted = 0;
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
    checked_as INTEGER NOT NULL,
    fingerprint INTEGER,
    question INTEGER,
    answer INTEGER,
    system INTEGER,
    problems TEXT,
    uid BLOB NOT NULL
) STRICT;
CREATE TABLE version_text(id INTEGER PRIMARY KEY, text BLOB NOT NULL) STRICT;
CREATE TABLE check_basis(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE tag_set(id INTEGER PRIMARY KEY, members TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE code_set(id INTEGER PRIMARY KEY, members TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE source(
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    encoding TEXT NOT NULL,
    model TEXT NOT NULL,
    time INTEGER NOT NULL,
    uid BLOB NOT NULL
) STRICT;
CREATE TABLE change(
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL,
    parameters TEXT NOT NULL,
    actor TEXT NOT NULL,
    machine TEXT NOT NULL,
    time INTEGER NOT NULL,
    stack INTEGER NOT NULL,
    undoes INTEGER,
    redoes INTEGER,
    incomplete INTEGER NOT NULL,
    merge_key TEXT,
    first_added INTEGER,
    last_added INTEGER,
    uid BLOB NOT NULL
) STRICT;
CREATE INDEX change_stack ON change(stack, id) WHERE stack > 0;
CREATE INDEX change_undoes ON change(undoes) WHERE undoes IS NOT NULL;
CREATE INDEX change_redoes ON change(redoes) WHERE redoes IS NOT NULL;
CREATE INDEX change_incomplete ON change(id) WHERE incomplete = 1;
CREATE TABLE changed_column(
    id INTEGER PRIMARY KEY,
    table_name TEXT NOT NULL,
    column_name TEXT NOT NULL,
    UNIQUE(table_name, column_name)
) STRICT;
CREATE TABLE change_item(
    change_id INTEGER NOT NULL,
    column_id INTEGER NOT NULL,
    row_id INTEGER NOT NULL,
    before ANY,
    after ANY,
    PRIMARY KEY(change_id, column_id, row_id)
) WITHOUT ROWID, STRICT;
CREATE INDEX change_item_row ON change_item(row_id);
CREATE TABLE preset(
    id INTEGER PRIMARY KEY,
    uid BLOB NOT NULL,
    deleted INTEGER NOT NULL,
    name TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE TABLE work(
    id INTEGER PRIMARY KEY,
    uid BLOB NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    parameters TEXT NOT NULL,
    state TEXT NOT NULL,
    progress INTEGER NOT NULL,
    total INTEGER,
    cursor TEXT NOT NULL,
    error TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    finished_at INTEGER,
    session BLOB,
    seal BLOB NOT NULL
) STRICT;
CREATE TABLE setting(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT;
CREATE VIRTUAL TABLE search USING fts5(words, content='', tokenize='ascii');
CREATE TABLE run(
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    deleted INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    provider TEXT NOT NULL,
    base_url TEXT NOT NULL,
    base_model TEXT NOT NULL,
    settings TEXT NOT NULL,
    stage TEXT NOT NULL,
    status TEXT NOT NULL,
    job_id TEXT NOT NULL,
    job TEXT NOT NULL,
    training TEXT,
    validation TEXT,
    program_version TEXT NOT NULL,
    finished_at INTEGER,
    fine_tuned_model TEXT NOT NULL,
    trained_tokens INTEGER,
    error TEXT,
    step INTEGER,
    total_steps INTEGER,
    note TEXT NOT NULL
) STRICT;
CREATE TABLE run_example(
    run_id INTEGER NOT NULL,
    part INTEGER NOT NULL,
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
    arrival INTEGER NOT NULL,
    level TEXT NOT NULL,
    message TEXT NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY(run_id, event_id)
) WITHOUT ROWID, STRICT;
CREATE TABLE run_checkpoint(
    run_id INTEGER NOT NULL,
    checkpoint_id TEXT NOT NULL,
    step INTEGER NOT NULL,
    model TEXT NOT NULL,
    time INTEGER NOT NULL,
    metrics TEXT NOT NULL,
    PRIMARY KEY(run_id, checkpoint_id)
) WITHOUT ROWID, STRICT;
"""

OLD_SCHEMAS = {1: _VERSION_1, 2: _VERSION_1 + VERSION_2_ADDED, 3: _VERSION_3}
"""By version, the statements that made the tables."""
