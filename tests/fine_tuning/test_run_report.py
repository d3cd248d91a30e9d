from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fine_tuning.made_curves import made_chart, made_checkpoints, made_run

from tunedesk.fine_tuning.advice import advice
from tunedesk.fine_tuning.charted_run import ChartedRun
from tunedesk.fine_tuning.curves import RunCurves
from tunedesk.fine_tuning.run_report import MOST_EVENTS, RunPage, run_report
from tunedesk.project.run_records import RunError, RunEvent

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&"
VOID = {"meta", "img", "br"}


class Reader(HTMLParser):
    """Reads a page as a browser does; fails where a tag is not closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict]] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)

    @property
    def names(self):
        return {tag for tag, _attributes in self.tags}

    @property
    def said(self):
        return " ".join(self.text)


def page(name="pharmacy-v4", **more):
    chart = made_chart(name)
    points = made_checkpoints(40, 80, 120)
    values = {
        "advice": advice(chart.curves, points, 120, 3, True),
        "events": [RunEvent("e", 1_763_640_000_000, "info", "Checkpoint created at step 80")],
        "checkpoints": points,
        "snippet": "print('hello')\n",
    }
    run = more.pop("run", made_run(name))
    return RunPage(run, chart, **values | more)


def test_the_page_says_everything():
    read = Reader(run_report(page()))
    for words in (
        "pharmacy-v4",
        "tunedesk-starter",
        "412",
        "103",
        "a" * 64,
        "Checkpoint created at step 80",
        "ft:model:ckpt-80",
        "print('hello')",
        "Validation loss",
    ):
        assert words in read.said
    assert page().advice[0].sentence in read.said
    assert "svg" in read.names


def test_the_page_needs_nothing_from_outside_and_runs_nothing():
    text = run_report(page())
    read = Reader(text)
    assert not read.names & {"script", "link", "iframe", "object", "img"}
    for _tag, attributes in read.tags:
        assert not {"src", "href", "onload", "onclick"} & set(attributes)
    assert text.replace("http://www.w3.org/2000/svg", "").count("://") == 0


def test_what_comes_from_data_shows_as_it_is():
    run = made_run(
        EVIL,
        base_model=EVIL,
        provider="custom",
        base_url=EVIL,
        error=RunError(EVIL, EVIL),
        fine_tuned_model=EVIL,
        status=EVIL,
        settings={"extra_body": {EVIL: EVIL}},
        job={"method": {"type": EVIL}},
    )
    given = page(
        EVIL,
        run=run,
        events=[RunEvent("e", 0, "error", EVIL)],
        snippet=EVIL,
        note=EVIL,
    )
    read = Reader(run_report(given))
    assert not read.names & {"script", "img"}
    assert read.said.count(EVIL) >= 6


@settings(max_examples=25)
@given(st.text(), st.text())
def test_any_text_gives_a_well_formed_page(name, message):
    read = Reader(run_report(page(name, events=[RunEvent("e", 0, "info", message)])))
    assert "h1" in read.names


def test_a_run_without_anything():
    chart = ChartedRun("", RunCurves.from_metrics([]))
    run = made_run("", training=None, validation=None, settings={}, status="", stage="preparing")
    read = Reader(run_report(RunPage(run, chart)))
    assert "There are no figures of this run." in read.said
    assert "svg" not in read.names


def test_a_very_long_log_is_cut_and_says_so():
    events = [RunEvent(str(n), 0, "info", f"event {n}") for n in range(MOST_EVENTS + 3)]
    said = Reader(run_report(page(events=events))).said
    assert "event 1999" in said
    assert "event 2000" not in said
    assert "3 older events are left out." in said


def test_events_are_told_without_ids_and_in_words_of_this_program():
    message = "Validating validation file: file-KSxsHWZRDF8Pwjv"
    said = Reader(run_report(page(events=[RunEvent("e", 0, "info", message)]))).said
    assert "Checking the examples held back" in said
    assert "file-KSx" not in said


def test_figures_are_not_told_as_events():
    told = [RunEvent("m", 0, "info", "Step 1/9: training loss=2", "metrics")]
    assert "Step 1/9" not in run_report(page(events=told))


def test_for_a_reader_without_svg_the_chart_is_a_picture():
    read = Reader(run_report(page(), picture="chart.png"))
    assert "svg" not in read.names
    assert ("img", "chart.png") in [(tag, a.get("src")) for tag, a in read.tags]
