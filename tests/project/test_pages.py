"""Pages: rows are read as SQLite reads them, long ones too; what cannot be is refused."""

import contextlib
import random
import sqlite3

import pytest

from tunedesk.project import schema
from tunedesk.project.pages import INDEX_LEAF, TABLE_LEAF, Pages, Record, table_shapes

TABLE = "CREATE TABLE t(id INTEGER PRIMARY KEY, a, b, c)"


@pytest.fixture
def made(tmp_path):
    def make(rows, page_size=1024, table=TABLE):
        path = tmp_path / "t.db"
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute(f"PRAGMA page_size = {page_size}")
            connection.execute(table)
            connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", rows)
            root = connection.execute("SELECT rootpage FROM sqlite_master").fetchone()[0]
        return Pages(memoryview(path.read_bytes())), root

    return make


def records(pages, root):
    tree, missing = pages.tree(root)
    return [record for page in tree for record in pages.records(page)], missing


@pytest.mark.parametrize("page_size", [512, 1024, 8192, 65536])
def test_all_rows_are_read_whatever_they_hold(made, page_size):
    rng = random.Random(page_size)
    values = [None, 0, 1, -1, 127, -129, 40_000, 1 << 23, -(1 << 40), 1 << 62, 0.5, -1e300,
              "", "ä" * 3, "x" * 5000, b"", b"\x00" * 9000, rng.randbytes(70_000)]  # fmt: skip
    rows = [
        (number, *(rng.choice(values) for _column in range(3))) for number in (*range(-5, 300),)
    ]
    pages, root = made(rows, page_size)
    found, missing = records(pages, root)
    assert missing == 0
    assert [(record.rowid, *record.values[1:]) for record in found] == rows
    assert all(record.values[0] is None for record in found)


def test_tables_ordered_by_their_key_are_read_with_their_inner_pages(made):
    rows = [(number, f"a{number}", "x" * 40, None) for number in range(500)]
    pages, root = made(
        rows, table="CREATE TABLE t(id INTEGER, a, b, c, PRIMARY KEY(id)) WITHOUT ROWID"
    )
    found, _missing = records(pages, root)
    assert sorted(record.values for record in found) == rows
    assert pages.kind(root) != INDEX_LEAF


def test_a_missing_page_is_counted_and_costs_its_rows_only(made, tmp_path):
    pages, root = made([(number, "x" * 100, None, None) for number in range(200)])
    tree, _missing = pages.tree(root)
    leaves = [page for page in tree if pages.kind(page) == TABLE_LEAF]
    raw = bytearray((tmp_path / "t.db").read_bytes())
    raw[(leaves[3] - 1) * 1024 : leaves[3] * 1024] = bytes(1024)
    found, missing = records(Pages(memoryview(raw)), root)
    assert missing == 1
    assert 180 < len(found) < 200


def test_random_bytes_never_break_the_reader():
    rng = random.Random(1)
    for _round in range(300):
        raw = bytearray(rng.randbytes(512 * 6))
        raw[16:18] = (512).to_bytes(2, "big")
        for page in range(1, 6):
            raw[page * 512] = rng.choice((2, 5, 10, 13))
        pages = Pages(memoryview(raw))
        pages.free_pages()
        for page in range(1, pages.count + 1):
            pages.tree(page)
            assert all(one is None or isinstance(one, Record) for one in pages.records(page))


@pytest.mark.parametrize("cut", [0, 1, 99, 100, 108, 511, 513])
def test_a_file_that_is_cut_off_is_read_as_far_as_it_goes(cut):
    pages = Pages(memoryview(bytes(cut)))
    pages.free_pages()
    assert pages.tree(1)[0] == []


def test_the_shapes_are_those_of_the_tables():
    for version in schema.SCHEMAS:
        shapes = table_shapes(version)
        assert {"example", "version", "version_text", "change_item", "setting"} <= shapes.keys()
        assert not any(name.startswith("search") for name in shapes)
    item = table_shapes(3)["change_item"]
    assert item.columns[:3] == ("change_id", "column_id", "row_id")
    assert item.row(Record(None, (1, 2, 3, None, "x"))) == (1, 2, 3, None, "x")
    assert item.row(Record(None, (1, 2, None, None, "x"))) is None
    assert item.row(Record(7, (1, 2, 3, None, "x"))) is None
    tags = table_shapes(3)["tag_set"]
    assert tags.row(Record(7, (None, "[]"))) == (7, "[]")
    assert tags.row(Record(7, (None, b"[]"))) is None
    assert tags.row(Record(7, (None,))) is None
