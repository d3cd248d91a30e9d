"""Edits of many texts: one step each, checked anew, nothing of others' typing lost."""

import re

import pytest
from tests.project.made_examples import undo_name

from tunedesk.checks.checker import Checker
from tunedesk.errors import Cancelled
from tunedesk.project import check_project, text_edits
from tunedesk.project.query import ExampleQuery
from tunedesk.project.row_edits import NewExample
from tunedesk.workers import WorkerPool

CHECKER = Checker()


def text_of(question, answer="Yes.", role="user"):
    return (
        f'{{"messages": [{{"role": "{role}", "content": "{question}"}},'
        f' {{"role":"assistant","content":"{answer}"}}], "id": 1e2}}'
    )


def fill(project, texts):
    return project.add_examples(
        [NewExample(text.encode(), CHECKER.check(text.encode())) for text in texts]
    )


@pytest.fixture
def ids(project):
    return fill(project, [text_of(f"Is law {number} good law?") for number in range(30)])


def checked(project, ids):
    """The facts in the project are those of the texts."""
    for example in ids:
        assert project.facts(example) == CHECKER.check(project.text(example).encode())
    rows = project.rows(ids)
    assert [row.tokens for row in rows] == [project.facts(row.id).tokens for row in rows]


def test_find_and_replace(project, ids):
    before = [project.text(example) for example in ids]
    seen = []
    summary = text_edits.find_and_replace(
        project.context,
        None,
        re.compile("law"),
        "rule",
        ids[:20],
        lambda done, total: seen.append((done, total)),
    )
    assert (summary.examples, summary.places, summary.left) == (20, 40, 0)
    assert seen[-1] == (20, 20)
    assert project.text(ids[3]) == text_of("Is rule 3 good rule?")
    assert project.text(ids[25]) == before[25]
    assert undo_name(project) == "Replace “law” in 20 examples"
    checked(project, ids)
    project.undo()
    assert [project.text(example) for example in ids] == before
    project.redo()
    assert project.text(ids[19]) == text_of("Is rule 19 good rule?")
    checked(project, ids)


def test_replace_by_role_and_template(project, ids):
    summary = text_edits.find_and_replace(
        project.context, None, re.compile(r"(Y)es"), r"\1up", roles={"assistant"}, template=True
    )
    assert summary.examples == 30
    assert project.text(ids[0]) == text_of("Is law 0 good law?", "Yup.")
    summary = text_edits.find_and_replace(
        project.context, None, re.compile("law"), "x", roles={"assistant"}
    )
    assert (summary.examples, summary.places) == (0, 0)
    assert undo_name(project) == "Replace “(Y)es” in 30 examples"


def test_fix_all(project):
    ids = fill(project, [text_of(f" {number} blanks ") for number in range(4)] + [text_of("good")])
    assert project.problem_counts()["blanks_around"] == 4
    summary = text_edits.fix_all(project.context, None, ["blanks_around"])
    assert (summary.examples, summary.places) == (4, 4)
    assert "blanks_around" not in project.problem_counts()
    assert project.text(ids[0]) == text_of("0 blanks")
    assert undo_name(project).startswith("Fix 4 examples: ")
    checked(project, ids)
    project.undo()
    assert project.problem_counts()["blanks_around"] == 4


def test_set_system_prompt(project, ids):
    broken = fill(project, ["{broken"])
    summary = text_edits.set_system_prompt(project.context, None, "Be brief.", [*ids[:3], *broken])
    assert summary.examples == 3
    assert '"Be brief."' in project.text(ids[0])
    assert project.text(broken[0]) == "{broken"
    assert undo_name(project) == "Set the system prompt of 3 examples"
    checked(project, ids)


def test_problems_found_by_other_rules_are_looked_for_again(project):
    text = text_of(" blanks ")
    facts = CHECKER.check(text.encode())
    moved = facts.problems[0]._replace(path=("messages", 1, "content"))
    (example,) = project.add_examples(
        [NewExample(text.encode(), facts._replace(problems=(moved,)))]
    )
    project.set_setting("target", "azure")
    assert text_edits.fix_all(project.context, None, ["blanks_around"], [example]).places == 1
    assert project.text(example) == text_of("blanks")


def test_workers_do_the_same(project, monkeypatch):
    monkeypatch.setattr(text_edits, "_HERE", 1)
    ids = fill(project, [text_of(f"Is law {number} good law?") for number in range(900)])
    with WorkerPool(1) as pool:
        summary = text_edits.find_and_replace(project.context, pool, re.compile("good"), "bad")
    assert (summary.examples, summary.places) == (900, 900)
    assert project.text(ids[899]) == text_of("Is law 899 bad law?")
    checked(project, ids[::100])
    project.undo()
    assert project.text(ids[899]) == text_of("Is law 899 good law?")
    assert undo_name(project) == "Add 900 examples"


def test_cancel_takes_everything_back(project, ids, monkeypatch):
    monkeypatch.setattr(text_edits, "_JOB_ROWS", 10)

    def cancel(done, _total):
        if done == 20:
            raise Cancelled

    with pytest.raises(Cancelled):
        text_edits.find_and_replace(project.context, None, re.compile("law"), "x", progress=cancel)
    assert project.text(ids[0]) == text_of("Is law 0 good law?")
    assert undo_name(project) == "Add 30 examples"


def test_what_is_typed_meanwhile_is_kept(project, ids, monkeypatch):
    monkeypatch.setattr(text_edits, "_JOB_ROWS", 10)
    real = text_edits.edit_texts
    typed = text_of("typed meanwhile, law")

    def slow(job):
        with project.handle() as handle:
            handle.set_text(ids[0], typed, CHECKER.check(typed.encode()), "Edit message 1")
        return real(job)

    monkeypatch.setattr(text_edits, "edit_texts", slow)
    summary = text_edits.find_and_replace(project.context, None, re.compile("law"), "x")
    assert (summary.examples, summary.left) == (29, 1)
    assert project.text(ids[0]) == typed
    assert undo_name(project) == "Edit message 1"
    project.undo()
    project.undo()
    assert project.text(ids[0]) == text_of("Is law 0 good law?")
    assert undo_name(project) == "Add 30 examples"


def test_another_target_checks_again(project, ids):
    assert len(check_project.stale_ids(project.context)) == 0
    before = undo_name(project)
    old_tokens = project.totals().tokens
    project.set_setting("encoding", "cl100k_base")
    project.set_setting("target", "azure")
    assert len(check_project.stale_ids(project.context)) == 30
    told = []
    project.subscribe(told.append)
    assert check_project.check_again(project, None, only_stale=True) == 30
    assert len(check_project.stale_ids(project.context)) == 0
    assert undo_name(project) == before
    assert [set(change.kinds) for change in told] == [{"facts", "set"}]
    other = Checker("azure", "cl100k_base")
    for example in ids:
        assert project.facts(example) == other.check(project.text(example).encode())
    assert project.totals().tokens == sum(
        other.check(project.text(example).encode()).tokens for example in ids
    )
    assert old_tokens
    assert check_project.check_again(project, None) == 30


def test_undo_to_a_text_checked_otherwise_is_told(project, ids):
    text_edits.find_and_replace(project.context, None, re.compile("law"), "x", ids[:5])
    project.set_setting("encoding", "cl100k_base")
    check_project.check_again(project, None)
    assert len(check_project.stale_ids(project.context)) == 0
    project.undo()
    assert len(check_project.stale_ids(project.context)) == 5
    check_project.check_again(project, None, only_stale=True)
    other = Checker("openai", "cl100k_base")
    assert project.facts(ids[0]) == other.check(project.text(ids[0]).encode())
    assert project.count(ExampleQuery(search="law")) == 30


LAPSED = ExampleQuery(lapsed=True)


def states(project, ids):
    return [row.state for row in project.rows(ids)]


def test_an_approval_lapses_with_the_text_and_undo_gives_it_back(project, ids):
    one, other = ids[:2]
    project.set_state([one, other], "approved")
    project.set_state(ids[2:3], "rejected")
    new = text_of("Is it?")
    facts = CHECKER.check(new.encode())
    for example in ids[:3]:
        project.set_text(example, new, facts, "Edit message 1", f"{example}/messages/0")
    assert states(project, ids[:3]) == ["to_review", "to_review", "rejected"]
    assert list(project.ids(LAPSED)) == [one, other]
    longer = text_of("Is it so?")
    project.set_text(one, longer, CHECKER.check(longer.encode()), "Edit message 1", "1")
    assert list(project.ids(LAPSED)) == [one, other]
    project.undo()
    assert states(project, [one]) == ["to_review"]
    project.undo()
    project.undo()
    assert (states(project, [other]), list(project.ids(LAPSED))) == (["approved"], [one])
    project.redo()
    assert (states(project, [other]), list(project.ids(LAPSED))) == (["to_review"], [one, other])
    project.set_state([one], "approved")
    assert list(project.ids(LAPSED)) == [other]
    project.undo()
    assert list(project.ids(LAPSED)) == [one, other]
    project.set_state([one], "approved")
    project.set_state([one], "to_review")
    assert list(project.ids(LAPSED)) == [other]


def test_a_new_text_that_is_the_same_leaves_the_approval(project, ids):
    project.set_state(ids[:1], "approved")
    text = project.text(ids[0])
    assert not project.set_text(ids[0], text, project.facts(ids[0]), "Edit message 1")
    assert states(project, ids[:1]) == ["approved"]


@pytest.mark.parametrize("kind", ["replace", "fix", "prompt"])
def test_edits_of_many_let_approvals_lapse_and_say_how_many(project, kind):
    ids = fill(project, [text_of(f" Is law {number}? ") for number in range(6)])
    project.set_state(ids[:4], "approved")
    if kind == "replace":
        pattern = re.compile("law [0-2]")
        summary = text_edits.find_and_replace(project.context, None, pattern, "rule")
        lapsed = ids[:3]
    elif kind == "fix":
        summary = text_edits.fix_all(project.context, None, ["blanks_around"], ids[1:])
        lapsed = ids[1:4]
    else:
        summary = text_edits.set_system_prompt(project.context, None, "Be kind.", ids)
        lapsed = ids[:4]
    assert summary.lapsed == len(lapsed)
    assert list(project.ids(LAPSED)) == lapsed
    assert states(project, ids) == [
        "to_review" if example in lapsed else "approved" if example in ids[:4] else "draft"
        for example in ids
    ]
    project.undo()
    assert states(project, ids) == ["approved"] * 4 + ["draft"] * 2
    assert not project.count(LAPSED)
