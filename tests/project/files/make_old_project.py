"""Made the old projects beside it, by the code of their time: `python make_old_project.py VERSION`.

Run in a tree of that time (its src/ and itself on PYTHONPATH); it writes the project, packed with
gzip, and what that code showed of it: at first, after each undo, and after each redo.
"""

import gzip
import json
import sys
from pathlib import Path

from tests.project.made_examples import (
    add,
    example_text,
    facts_of,
    new_example,
    redo_name,
    retype,
    undo_name,
)

from tunedesk.project.importing import import_file
from tunedesk.project.project import Project


def contents(project):
    """What a user sees: rows in order, presets, history, what can be undone."""
    rows = project.rows(project.ids())
    return {
        "rows": [
            [row.number, project.text(row.id), row.state, list(row.tags), row.source, row.tokens,
             row.errors, row.warnings, row.preview, row.source_line]
            for row in rows
        ],
        "presets": project.presets(),
        "tags": [list(use) for use in project.tags()],
        "undo": undo_name(project),
        "redo": redo_name(project),
    }  # fmt: skip


def fill(project, folder):
    """Every kind of change that the code of both times knew."""
    ticks = iter(range(1_700_000_000, 1_800_000_000, 60))
    project._store.shared.clock = lambda: next(ticks)
    project._store.shared.machine = "laptop"
    data = folder / "clients.jsonl"
    data.write_text("".join(example_text(f"imported {n}") + "\n" for n in range(6)) + "{oops\n")
    import_file(project, data)
    ids = [add(project, word, "blanks_around") for word in ("one", "two", "three")]
    project.add_examples([new_example("pasted one"), new_example("pasted two")], ids[0])
    for letters in ("o", "on", "onc", "once"):
        retype(project, ids[0], letters, merge_key="1/messages/0")
    retype(project, ids[1], "twice")
    project.set_text(
        ids[2], example_text("\u00e9t\u00e9 \u6cd5\u5f8b"), facts_of("x"), "Edit message 1"
    )
    project.set_state(ids, "approved")
    project.set_state(ids[:1], "rejected")
    project.add_tag(ids, "family law")
    project.add_tag(ids[1:], "urgent")
    project.remove_tag(ids[2:], "family law")
    project.delete(ids[1:2])
    project.move(ids[2:], ids[0])
    project.duplicate(ids[:1])
    project.set_preset("Kind", "Be kind.")
    project.set_preset("Brief", "Be brief.")
    project.set_preset("Kind", "Be very kind.")
    project.set_preset("Brief", None)
    project.set_setting("target", "azure")
    retype(project, ids[2], "an edit that is undone")
    project.set_preset("Undone", "This preset is undone.")
    project.undo()
    project.undo()
    return ids


def add_runs(project, ids):
    """Runs, which the code of the first version did not know."""
    from tunedesk.project.run_records import Metric, RunCheckpoint, RunEvent, RunExample, RunFile

    run = project.runs.add(
        name="first", provider="local", base_url="http://127.0.0.1:1/v1", base_model="tiny",
        settings={"n_epochs": 2}, program_version="0.1",
    )  # fmt: skip
    version = {row.id: row.version_id for row in project.rows(ids)}
    project.runs.set_examples(
        run.id, [RunExample("training", 1, ids[0], version[ids[0]]),
                 RunExample("validation", 1, ids[2], version[ids[2]])]
    )  # fmt: skip
    training = RunFile("file-1", "00", 90, 1)
    project.runs.update(run.id, stage="ended", status="succeeded", job_id="ftjob-1",
                        fine_tuned_model="ft:tiny:first", training=training)  # fmt: skip
    project.runs.add_metrics(run.id, [Metric(1, 2.5, 0.4), Metric(2, 1.25, 0.5, valid_loss=1.5)])
    project.runs.add_events(run.id, [RunEvent("e1", 5, "info", "Step 1/2")])
    project.runs.set_checkpoints(run.id, [RunCheckpoint("c1", 2, "ft:tiny:first:c1")])
    hidden = project.runs.add(name="taken off", provider="local", base_url="", base_model="tiny",
                              settings={}, program_version="0.1")  # fmt: skip
    (getattr(project.runs, "hide", None) or project.runs.delete)(hidden.id)


def main(version):
    """Write version-N.tunedesk.gz and version-N.json into the folder of this file."""
    folder = Path(__file__).parent
    path = folder / f"version-{version}.tunedesk"
    with Project.create(path, author="Ann") as project:
        ids = fill(project, folder)
        if version != "1":
            add_runs(project, ids)
        first = contents(project)
    kept = path.read_bytes()
    with Project.open(path, author="Ann") as project:
        seen = {"first": first, "undone": [], "redone": []}
        redone = 0
        while project.redo() is not None:
            redone += 1
            seen["redone"].append(contents(project))
        for _step in range(redone):
            project.undo()
        while project.undo() is not None:
            seen["undone"].append(contents(project))
        if version != "1":
            seen["runs"] = [[run.key, run.name, run.status] for run in project.runs.all()]
    path.unlink()
    (folder / "clients.jsonl").unlink()
    (folder / f"version-{version}.tunedesk.gz").write_bytes(gzip.compress(kept, mtime=0))
    text = json.dumps(seen, ensure_ascii=False, indent=1)
    (folder / f"version-{version}.json").write_text(text + "\n", encoding="utf-8")


main(sys.argv[1])
