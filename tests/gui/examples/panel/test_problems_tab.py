"""The Problems tab: all problems of the open example, those of the set, and their fixes."""

import json

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QListView
from tests.project.made_examples import undo_name

from tunedesk.checks.messages import sentences
from tunedesk.gui.examples.panel.problem_list import ProblemList
from tunedesk.project.query import ExampleQuery


@pytest.fixture
def faulty(talk):
    """A placeholder in the answer, blanks around the question."""
    return talk(("user", " How much? "), ("assistant", "Take {{dose}} mg."))


def titles(problem_list: ProblemList) -> list[str]:
    return [row.title for row in problem_list.rows()]


def row_of(problem_list: ProblemList, title: str) -> int:
    return titles(problem_list).index(title)


def test_the_list_is_found_by_its_name(panel):
    names = [part.accessibleName() for part in panel.findChildren(QListView)]
    assert names.count("Problems") == 1


def test_all_problems_show_at_once_errors_first(panel, store, show, talk, qtbot):
    text = talk(("user", "Hello "), ("narrator", "It rains."), ("assistant", "{{name}}"))
    show(store(text)[0])
    rows = panel.problems.example.list.rows()
    assert len(rows) >= 3
    order = ["error", "warning", "hint"]
    ranks = [order.index(row.severity) for row in rows]
    assert ranks == sorted(ranks)
    assert all(row.sentence and row.advice for row in rows)
    assert "hint" in {row.severity for row in rows}
    problems = sum(row.severity != "hint" for row in rows)
    assert panel.tabs.tabText(0) == f"Problems {problems}"
    assert panel.tabs.accessibleTabName(0) == "Problems"


def test_severity_is_said_in_words(panel, store, show, faulty):
    show(store(faulty)[0])
    model = panel.problems.example.list.model()
    said = [model.data(model.index(n)) for n in range(model.rowCount())]
    assert all(words.startswith(("Error: ", "Warning: ", "Hint: ")) for words in said)


def test_problems_follow_each_keystroke(panel, store, show, talk, faulty, example, qtbot):
    show(store(faulty)[0])
    problems = panel.problems.example.list
    before = titles(problems)
    example.apply(talk(("user", " How much? "), ("assistant", "Take 5 mg.")), "Edit message 2")
    qtbot.waitUntil(lambda: titles(problems) != before)
    assert "Placeholder not filled in" not in titles(problems)
    example.apply(talk(("user", "How much?"), ("assistant", "Take 5 mg.")), "Edit message 1")
    qtbot.waitUntil(lambda: not titles(problems))
    assert panel.tabs.tabText(0) == "Problems"


def test_the_chosen_problem_stays_chosen_while_others_go(panel, store, show, talk, example, qtbot):
    show(store(talk(("user", " a "), ("assistant", "{{x}}"), ("user", " b ")))[0])
    problems = panel.problems.example.list
    last = len(problems.rows()) - 1
    problems.choose(last)
    key = problems.chosen_key()
    example.apply(talk(("user", " a "), ("assistant", "y"), ("user", " b ")), "Edit message 2")
    qtbot.waitUntil(lambda: len(problems.rows()) <= last)
    assert problems.chosen_key() == key


def test_enter_goes_to_the_message_and_field(panel, store, show, faulty, example, qtbot):
    show(store(faulty)[0])
    problems = panel.problems.example.list
    problems.choose(row_of(problems, "Placeholder not filled in"))
    with qtbot.waitSignal(example.go_to_requested) as asked:
        qtbot.keyClick(problems, Qt.Key.Key_Return)
    assert asked.args[0][:2] == ("messages", 1)


def test_the_place_in_the_list_is_said(panel, store, show, faulty, qtbot):
    show(store(faulty)[0])
    problems = panel.problems.example.list
    total = len(problems.rows())
    problems.choose(0)
    assert panel.problems.example.position == f"1 of {total}"
    qtbot.keyClick(problems, Qt.Key.Key_Down)
    assert panel.problems.example.position == f"2 of {total}"


def test_the_last_problem_shows_whole_with_its_buttons_when_it_is_gone_to(
    panel, store, show, talk, qtbot
):
    show(store(talk(("user", " How much? "), ("narrator", "{{dose}} "), ("user", " Now ")))[0])
    problems = panel.problems.example.list
    panel.resize(280, 420)
    last = problems.model().rowCount() - 1
    assert last > 2
    problems.setFocus()
    qtbot.keyClick(problems, Qt.Key.Key_End)
    assert problems.currentIndex().row() == last
    qtbot.waitUntil(
        lambda: (
            problems.visualRect(problems.currentIndex()).bottom()
            <= problems.viewport().rect().bottom()
        )
    )
    bar = problems.verticalScrollBar()
    assert bar.maximum() > 0
    assert bar.value() == bar.maximum()


def test_next_problem_goes_round(panel, store, show, faulty, example, qtbot):
    show(store(faulty)[0])
    problems = panel.problems.example.list
    visited = []
    example.go_to_requested.connect(visited.append)
    for _time in range(len(problems.rows()) + 1):
        panel.next_problem()
    assert len(visited) == len(problems.rows()) + 1
    assert visited[0] == visited[-1]


def test_the_same_in_others_is_counted_and_filtered_to(panel, store, show, faulty, good, qtbot):
    ids = store(faulty, faulty.replace("dose", "amount"), good(1))
    show(ids[0])
    problems = panel.problems.example.list
    problems.choose(row_of(problems, "Placeholder not filled in"))
    qtbot.waitUntil(lambda: problems.button("same") is not None)
    assert problems.button("same").text() == "Same in 1 more"
    with qtbot.waitSignal(panel.filter_requested) as asked:
        problems.button("same").click()
    query, words = asked.args
    assert query.problems == (problems.chosen_key()[0],)
    assert words == "Placeholder not filled in"


def test_a_fix_is_shown_before_it_is_made_and_can_be_undone(
    panel, store, show, faulty, example, project, qtbot
):
    show(store(faulty)[0])
    problems = panel.problems.example.list
    fixable = next(n for n, r in enumerate(problems.rows()) if len(r.actions) > 1)
    problems.choose(fixable)
    problems.button("fix").click()
    preview = panel.fixes.preview
    qtbot.waitUntil(preview.fix_button.isEnabled)
    assert example.text == faulty
    preview.fix_button.click()
    qtbot.waitUntil(lambda: example.text != faulty)
    example.flush()
    assert undo_name(project).startswith("Fix")
    project.undo()
    qtbot.waitUntil(lambda: example.text == faulty)


def test_all_examples_are_grouped_by_rule_with_counts(panel, store, faulty, good, qtbot):
    store(*[faulty.replace("dose", f"dose{n}") for n in range(12)], good(1))
    panel.show_all_problems()
    everything = panel.problems.all.list
    qtbot.waitUntil(lambda: len(everything.rows()) > 0)
    counts = {row.title: row.count for row in everything.rows()}
    assert counts["Placeholder not filled in"] == 12
    everything.choose(row_of(everything, "Placeholder not filled in"))
    with qtbot.waitSignal(panel.filter_requested) as asked:
        qtbot.keyClick(everything, Qt.Key.Key_Return)
    assert asked.args[1] == "Placeholder not filled in"


def test_fix_all_is_one_step_of_undo(panel, store, talk, project, feedback, qtbot):
    ids = store(*[talk(("user", f" Blank {n} "), ("assistant", "Yes.")) for n in range(12)])
    texts = [project.text(i) for i in ids]
    panel.show_all_problems()
    everything = panel.problems.all.list
    qtbot.waitUntil(lambda: "Blanks around the text" in titles(everything))
    everything.choose(row_of(everything, "Blanks around the text"))
    assert everything.button("fix_all").text() == "Fix all 12…"
    everything.button("fix_all").click()
    preview = panel.fixes.preview
    qtbot.waitUntil(preview.fix_button.isEnabled)
    qtbot.waitUntil(lambda: preview.fix_button.text() == "Fix all 12")
    preview.fix_button.click()
    qtbot.waitUntil(lambda: "Blanks around the text" not in titles(everything), timeout=20_000)
    assert project.text(ids[0]) == talk(("user", "Blank 0"), ("assistant", "Yes."))
    assert undo_name(project) == "Fix 12 examples: Blanks around the text"
    toast = feedback.toasts()[-1]
    assert "12 examples fixed." in toast.accessibleName()
    project.undo()
    assert [project.text(i) for i in ids] == texts


def test_problems_of_the_set_show_their_members(panel, store, good, project, qtbot):
    first, _second, third = store(good(1), good(2), good(1))
    panel.show_all_problems()
    everything = panel.problems.all.list
    qtbot.waitUntil(lambda: len(everything.rows()) >= 2)
    duplicates = next(row for row in everything.rows() if row.count == 2)
    everything.choose(everything.rows().index(duplicates))
    with qtbot.waitSignal(panel.filter_requested) as asked:
        everything.button("show").click()
    assert set(project.ids(asked.args[0])) == {first, third}


def test_too_few_examples_are_said(panel, store, good, qtbot):
    store(good(1))
    panel.show_all_problems()
    everything = panel.problems.all.list
    qtbot.waitUntil(lambda: len(everything.rows()) == 1)
    assert "10" in everything.rows()[0].sentence


def test_a_project_without_examples_says_so(panel, qtbot):
    panel.show_all_problems()
    assert not panel.problems.all.list.rows()
    assert not panel.problems.all.list.isVisible()


def test_many_groups_of_duplicates_are_one_row(panel, store, good, project, qtbot):
    ids = store(*[good(n) for n in range(6)], *[good(n) for n in range(6)])
    panel.show_all_problems()
    everything = panel.problems.all.list
    qtbot.waitUntil(lambda: any(row.count == 12 for row in everything.rows()))
    everything.choose([row.count for row in everything.rows()].index(12))
    with qtbot.waitSignal(panel.filter_requested) as asked:
        everything.button("show").click()
    assert sorted(project.ids(asked.args[0])) == sorted(ids)
    with qtbot.waitSignal(panel.duplicates_requested):
        everything.button("compare").click()


def test_what_cannot_be_fixed_is_not_counted_nor_offered(panel, store, talk, show, project, qtbot):
    """A role that nothing is known of needs a person; "Assistant" and "AI" do not."""
    said = [talk(("user", f"Question {n}?"), ("Assistant", "Yes.")) for n in range(3)]
    odd = [talk(("user", f"Strange {n}?"), ("narrator", "It rains.")) for n in range(2)]
    ids = store(*said, *odd)
    panel.show_all_problems()
    everything = panel.problems.all.list
    title = sentences.title("role_unknown")
    qtbot.waitUntil(lambda: title in titles(everything))
    everything.choose(row_of(everything, title))
    assert everything.button("fix_all").text() == "Fix 3 of 5…"
    everything.button("fix_all").click()
    preview = panel.fixes.preview
    qtbot.waitUntil(lambda: preview.fix_button.text() == "Fix 3 of 5")
    assert preview.fix_button.isEnabled()
    assert "2 cannot be fixed safely" in preview._count.text()
    preview.fix_button.click()
    qtbot.waitUntil(lambda: project.count(ExampleQuery(problems=("role_unknown",))) == 2)
    qtbot.waitUntil(lambda: everything.button("fix_all") is None)
    panel.problems.show_all(False)
    show(ids[4])
    problems = panel.problems.example.list
    problems.choose(row_of(problems, title))
    assert problems.button("fix") is None


def test_a_new_example_is_not_called_right_before_it_is_written(panel, store, show, talk, example):
    show(store(talk(("user", ""), ("assistant", "")))[0])
    assert titles(panel.problems.example.list)
    example.begin_new()
    assert not titles(panel.problems.example.list)
    assert [label.text() for label in panel.problems.example._empty.findChildren(QLabel)][1:] == [
        "Not written yet",
        "A field is checked when you leave it.",
    ]
    example.leave_message(0)
    assert len(titles(panel.problems.example.list)) == 1


def test_pictures_named_by_a_path_are_embedded(panel, store, project, qtbot, tmp_path):
    record = {
        "messages": [
            {"role": "user", "content": "<image>What is it?"},
            {"role": "assistant", "content": "A wheel."},
        ],
        "images": ["photos/wheel.png"],
    }
    (example_id,) = store(json.dumps(record))
    Image.new("L", (8, 8)).save(tmp_path / "wheel.png")
    panel.show_all_problems()

    def rows():
        return [row for row in panel.problems.all.list.rows() if row.key == "pictures_not_sent"]

    qtbot.waitUntil(lambda: len(rows()) == 1)
    (row,) = rows()
    assert "Embed pictures…" in [action.label for action in row.actions]
    panel.fixes.embed_pictures(tmp_path)
    qtbot.waitUntil(lambda: "data:image/png" in project.text(example_id))
    assert project.undo() is not None
    assert json.loads(project.text(example_id)) == record
