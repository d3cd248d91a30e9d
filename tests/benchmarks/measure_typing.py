"""Types into a long example; prints the time from each key until its checks and tokens are there.

Run as `python measure_typing.py PROJECT`; the first example of the project is typed into.
"""

import json
import statistics
import sys
import time
from pathlib import Path

from PySide6.QtTest import QTest
from window_driver import WindowDriver

from tunedesk.gui.examples.form.message_text import MessageText

KEYS = 40


def main(project: Path) -> None:
    driver = WindowDriver()
    driver.open(project)
    driver.wait_calm()
    page = driver.page
    field = next(text for text in page.form.findChildren(MessageText) if text.isVisible())
    field.setFocus()
    example = page.open_example
    driver.wait_until(lambda: example.checks_are_current)
    took, worked = [], []
    for number in range(KEYS):
        QTest.qWait(30)
        before = example.text
        began, cpu = time.perf_counter(), time.process_time()
        QTest.keyClicks(field, "word s"[number % 6])
        assert example.text != before
        while not example.checks_are_current:
            driver.app.processEvents()
        driver.app.processEvents()
        took.append(time.perf_counter() - began)
        worked.append(time.process_time() - cpu)
    checker = example._make_checker()
    record = example.text.encode()
    alone = []
    for number in range(KEYS):
        changed = record.replace(b'"content": "', b'"content": "%d' % number, 1)
        began = time.perf_counter()
        checker.check(changed)
        checker.message_tokens(changed)
        alone.append(time.perf_counter() - began)
    tokens = example.facts.tokens if example.facts else 0
    driver.close()
    print(
        json.dumps(
            {
                "tokens": tokens,
                "wall": statistics.median(took),
                "wall_worst": max(took),
                "work": statistics.median(worked),
                "work_worst": max(worked),
                "check": statistics.median(alone),
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
