"""`tunedesk fix`: mend what can be mended safely in a data file, and write it anew."""

import argparse
import sys
from collections.abc import Iterator

from tunedesk.checks.fixes import FixJob, fix_texts, fixable
from tunedesk.checks.problem import codes
from tunedesk.commands.progress_line import ProgressLine
from tunedesk.errors import UserError
from tunedesk.formats.inspect_file import describe, inspect_file
from tunedesk.formats.read_records import read_batches
from tunedesk.formats.record_batch import RecordBatch
from tunedesk.formats.writers.jsonl import RecordWriter
from tunedesk.workers import WorkerPool


def run(options: argparse.Namespace) -> int:
    """Write every record, fixed where a rule has a safe fix; nothing is left out."""
    rules = frozenset(options.rule) or None
    unknown = [code for code in options.rule if code not in codes() or not fixable(code)]
    if unknown:
        raise UserError(
            f"There is no fix for “{unknown[0]}”.",
            f"Rules with a fix: {', '.join(code for code in codes() if fixable(code))}.",
        )
    info = inspect_file(options.file)
    if info.is_empty or not info.is_checked:
        raise UserError(describe(info))
    waiting: list[RecordBatch] = []

    def jobs() -> Iterator[FixJob]:
        for batch in read_batches(options.file, info):
            waiting.append(batch)
            yield FixJob(batch.texts, rules)

    changed = fixes = 0
    with (
        ProgressLine(options.file.name) as line,
        WorkerPool() as pool,
        RecordWriter(options.out) as writer,
    ):
        for results in pool.map_ordered(fix_texts, jobs()):
            writer.write_all(text for text, _count in results)
            changed += sum(count > 0 for _text, count in results)
            fixes += sum(count for _text, count in results)
            line.progress(waiting.pop(0).bytes_read, info.size)
    print(f"{options.out}: {writer.records:,} records, {fixes:,} fixes in {changed:,} of them")
    if fixes == 0:
        print("  nothing was to be fixed; the file is a copy", file=sys.stderr)
    return 0
