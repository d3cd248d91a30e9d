"""The table of what works; the clients themselves are tried by hand, for they need the index."""

import json

from tests.clients.run import CLIENTS, HERE, Result, examples, table, write_table


def test_each_client_has_its_script():
    assert {client.script for client in CLIENTS} == {
        path.name for pattern in ("*_client.py", "*_client.mjs") for path in HERE.glob(pattern)
    }


def test_what_fails_stands_in_the_table(tmp_path):
    first, second = CLIENTS[:2]
    checks = [
        {"check": "a | b", "works": True, "said": ""},
        {"check": "c", "works": False, "said": "<b>"},
    ]
    shown = table([Result(first, "x 1", checks), Result(second, failure="could not be installed")])
    assert f"| **{first.name}**<br>x 1 | | **1 of 2** |" in shown
    assert "| | a &#124; b | yes |" in shown
    assert "| | c | no: &#60;b&#62; |" in shown
    assert f"| **{second.name}** | | **no** (could not be installed) |" in shown
    readme = tmp_path / "README.md"
    readme.write_text("Before\n<!-- table -->\nold\n<!-- end of the table -->\nAfter\n")
    for _time in range(2):
        write_table(readme, shown)
        text = readme.read_text()
        assert text.startswith("Before\n")
        assert text.endswith("After\n")
        assert "old" not in text
        assert text.count(first.name) == 1


def test_the_examples_are_conversations():
    records = [json.loads(line) for line in examples().splitlines()]
    assert len(records) == 16
    assert all(record["messages"][-1]["role"] == "assistant" for record in records)
