"""Two or more runs side by side: settings, data and results, with what differs marked."""

from collections.abc import Sequence
from dataclasses import dataclass

from tunedesk.fine_tuning.curves import RunCurves
from tunedesk.fine_tuning.run_facts import Fact, data_facts, result_facts, settings_facts
from tunedesk.project.run_records import Run


@dataclass(frozen=True)
class ComparedRow:
    """One line of the comparison.

    Attributes:
        group: What it belongs to: settings, data or results.
        name: What is compared.
        values: What it is in each run, in their order; empty where nothing is known.
        differs: Whether the runs differ in it.
    """

    group: str
    name: str
    values: tuple[str, ...]
    differs: bool


def compare(runs: Sequence[tuple[Run, RunCurves]]) -> list[ComparedRow]:
    """The lines in their groups; those of which nothing is known of any run are left out."""
    columns = [
        [*settings_facts(run), *data_facts(run), *result_facts(run, curves)] for run, curves in runs
    ]
    keys = list(dict.fromkeys((fact.group, fact.name) for column in columns for fact in column))
    groups = list(dict.fromkeys(group for group, _name in keys))
    keys.sort(key=lambda key: groups.index(key[0]))
    found = [{(fact.group, fact.name): fact for fact in column} for column in columns]
    rows = []
    for group, name in keys:
        facts = [column.get((group, name), Fact(group, name, "")) for column in found]
        if any(fact.value for fact in facts):
            differs = len({str(fact.sameness) for fact in facts}) > 1
            rows.append(ComparedRow(group, name, tuple(fact.value for fact in facts), differs))
    return rows
