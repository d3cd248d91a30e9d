"""Random work on a project against a plain model in memory; all of it undone and redone."""

import copy
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.project.made_examples import example_text, facts_of, new_example, redo_name, undo_name
from tests.project.made_tables import NOTES, notes, notes_registered

from tunedesk.project.change_names import ChangeName
from tunedesk.project.project import Project
from tunedesk.project.query import STATES
from tunedesk.project.table_rows import TableChange

WORDS = st.text("abc äж", max_size=4)
PLACE = st.integers(0, 9)


class ProjectMachine(RuleBasedStateMachine):
    """A project and what it should hold: rows of [id, text, state, tags], presets and notes."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.registered = notes_registered()
        self.registered.__enter__()
        self.project = Project.create(Path(self.folder.name) / "Test.tunedesk")
        self.rows = []
        self.texts = {"presets": {}, "notes": {}}
        self.done = []
        self.undone = []

    def teardown(self):
        while self.project.undo():
            pass
        assert self.project.count() == 0
        assert (self.project.presets(), notes(self.project)) == ({}, {})
        while self.project.redo():
            pass
        if self.undone:
            self.rows, self.texts = self.undone[0]
            self.done, self.undone = [None], []
        self.compare()
        self.project.close()
        self.registered.__exit__(None, None, None)
        assert [path.name for path in Path(self.folder.name).iterdir()] == ["Test.tunedesk"]
        self.folder.cleanup()

    def step(self, new_rows=None, **new_texts):
        rows = self.rows if new_rows is None else new_rows
        texts = {**self.texts, **new_texts}
        if (rows, texts) != (self.rows, self.texts):
            self.done.append(copy.deepcopy((self.rows, self.texts)))
            self.undone.clear()
            self.rows, self.texts = rows, texts

    def pick(self, place):
        return self.rows[place % len(self.rows)] if self.rows else None

    def chosen(self, places):
        ids = []
        for place in places:
            row = self.pick(place)
            if row and row[0] not in ids:
                ids.append(row[0])
        return ids

    @initialize()
    def start(self):
        self.rows = []

    @rule(words=WORDS, place=PLACE)
    def add_behind(self, words, place):
        after = self.pick(place)
        text = example_text(words)
        new = self.project.add_example(text, facts_of(text), after and after[0])
        rows = copy.deepcopy(self.rows)
        at = self.rows.index(after) + 1 if after else 0
        rows.insert(at, [new, text, "draft", ()])
        self.step(rows)

    @rule(count=st.integers(1, 3))
    def add_at_end(self, count):
        new = [new_example(str(number)) for number in range(count)]
        ids = self.project.add_examples(new)
        added = [[id_, entry.text.decode(), "draft", ()] for id_, entry in zip(ids, new)]  # noqa: B905
        self.step([*copy.deepcopy(self.rows), *added])

    @rule(place=PLACE, words=WORDS)
    def write(self, place, words):
        row = self.pick(place)
        if row:
            text = example_text(words)
            self.project.set_text(row[0], text, facts_of(text), "Edit")
            rows = copy.deepcopy(self.rows)
            written = rows[self.rows.index(row)]
            if written[2] == "approved" and written[1] != text:
                written[2] = "to_review"  # an approval lapses with the text
            written[1] = text
            self.step(rows)

    @rule(places=st.lists(PLACE, max_size=4), state=st.sampled_from(STATES))
    def review(self, places, state):
        ids = self.chosen(places)
        self.project.set_state(ids, state)
        rows = copy.deepcopy(self.rows)
        for row in rows:
            if row[0] in ids:
                row[2] = state
        self.step(rows)

    @rule(places=st.lists(PLACE, max_size=4), tag=st.sampled_from("xyz"), add=st.booleans())
    def tag(self, places, tag, add):
        ids = self.chosen(places)
        (self.project.add_tag if add else self.project.remove_tag)(ids, tag)
        rows = copy.deepcopy(self.rows)
        for row in rows:
            if row[0] in ids:
                row[3] = tuple(sorted({*row[3], tag} if add else {*row[3]} - {tag}))
        self.step(rows)

    @rule(places=st.lists(PLACE, max_size=3))
    def delete(self, places):
        ids = self.chosen(places)
        self.project.delete(ids)
        self.step([row for row in copy.deepcopy(self.rows) if row[0] not in ids])

    @rule(places=st.lists(PLACE, max_size=3), before=PLACE)
    def move(self, places, before):
        ids = self.chosen(places)
        target = self.pick(before) if before < 8 else None
        if target and target[0] in ids:
            return
        self.project.move(ids, target and target[0])
        rows = [row for row in copy.deepcopy(self.rows) if row[0] not in ids]
        moved = [next(copy.deepcopy(row) for row in self.rows if row[0] == id_) for id_ in ids]
        at = next((at for at, row in enumerate(rows) if target and row[0] == target[0]), len(rows))
        self.step([*rows[:at], *moved, *rows[at:]])

    @rule(places=st.lists(PLACE, max_size=3))
    def duplicate(self, places):
        ids = self.chosen(places)
        copies = self.project.duplicate(ids)
        rows = copy.deepcopy(self.rows)
        originals = [row for row in rows if row[0] in ids]
        if originals:
            at = rows.index(originals[-1]) + 1
            rows[at:at] = [[new, *row[1:]] for new, row in zip(copies, originals, strict=True)]
        self.step(rows)

    @rule(name=st.sampled_from("abc"), text=st.none() | WORDS)
    def keep_preset(self, name, text):
        self.project.set_preset(name, text)
        presets = {**self.texts["presets"], name: text}
        self.step(presets={name: text for name, text in presets.items() if text is not None})

    @rule(titles=st.lists(st.sampled_from("abc"), max_size=3, unique=True), body=st.none() | WORDS)
    def write_notes(self, titles, body):
        """Rows of a table that only the tests have, several in one step; no body deletes them."""
        new = dict(self.texts["notes"])
        with TableChange(self.project.context, ChangeName.of("Write")) as change:
            for title in titles:
                row_id = self.project.context.store.value(
                    "SELECT id FROM note WHERE deleted = 0 AND title = ?", (title,)
                )
                if body is None:
                    change.delete(NOTES, row_id or 0)
                    new.pop(title, None)
                elif row_id is None:
                    change.add(NOTES, {"title": title, "body": body})
                    new[title] = body
                else:
                    change.set(NOTES, row_id, {"body": body})
                    new[title] = body
        self.step(notes=new)

    @precondition(lambda self: self.done)
    @rule()
    def undo(self):
        assert self.project.undo() is not None
        self.undone.append((self.rows, self.texts))
        self.rows, self.texts = self.done.pop()

    @precondition(lambda self: self.undone)
    @rule()
    def redo(self):
        assert self.project.redo() is not None
        self.done.append((self.rows, self.texts))
        self.rows, self.texts = self.undone.pop()

    @rule()
    def restart(self):
        path = self.project.path
        self.project.close()
        self.project = Project.open(path)

    @invariant()
    def compare(self):
        ids = self.project.ids()
        assert list(ids) == [row[0] for row in self.rows]
        shown = self.project.rows(ids)
        assert [row.number for row in shown] == list(range(1, len(ids) + 1))
        assert [
            [row.id, self.project.text(row.id), row.state, row.tags] for row in shown
        ] == self.rows
        assert self.project.presets() == self.texts["presets"]
        assert notes(self.project) == self.texts["notes"]
        assert [row.preview for row in shown] == [row[1][:160] for row in self.rows]
        assert (undo_name(self.project) is None) == (not self.done)
        assert (redo_name(self.project) is None) == (not self.undone)


TestProject = ProjectMachine.TestCase
TestProject.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
