"""The page of a run as one HTML file that needs nothing else: no program, no network, no script."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from string import Template

from tunedesk.fine_tuning.advice_rules.context import Advice
from tunedesk.fine_tuning.chart_style import chart_palette
from tunedesk.fine_tuning.chart_svg import chart_svg
from tunedesk.fine_tuning.charted_run import ChartedRun
from tunedesk.fine_tuning.curves import format_loss
from tunedesk.fine_tuning.run_facts import (
    Fact,
    data_facts,
    moment,
    origin_facts,
    result_facts,
    settings_facts,
)
from tunedesk.i18n import _, ngettext
from tunedesk.project.run_records import Run, RunCheckpoint, RunEvent
from tunedesk.services.providers import providers
from tunedesk.services.redaction import redacted
from tunedesk.services.service_errors import explain_event, without_ids

MOST_EVENTS = 2000
"""The most events on the page; of more, the newest."""

_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 Inter, system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif;
  color: $text; background: #fff; max-width: 960px; margin: 32px auto; padding: 0 20px; }
h1 { font-size: 26px; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 16px; margin: 32px 0 8px; }
p { margin: 6px 0; }
.muted, th { color: $text_muted; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 5px 16px 5px 0; font-weight: 400;
  border-bottom: 1px solid $border; overflow-wrap: anywhere; }
th { width: 34%; }
thead th { width: auto; font-weight: 600; }
td.time { white-space: nowrap; color: $text_muted; width: 1%; }
.chart svg { width: 100%; height: auto; }
.advice { border-left: 4px solid $accent; padding: 2px 0 2px 14px; margin: 10px 0; }
.advice.good { border-color: $success; }
.advice.warning { border-color: $validation_curve; }
.advice.error, tr.error td { border-color: $error; }
tr.error td { color: $error; }
pre { background: $window; border: 1px solid $border; border-radius: 7px; padding: 12px 14px;
  white-space: pre-wrap; overflow-wrap: anywhere; font-size: 13px; }
@media print { body { margin: 0; max-width: none; } h2, .advice, .chart { break-inside: avoid; } }
"""

_PAPER_STYLE = """
body { font-size: 9.5pt; color: $text; }
h1 { font-size: 18pt; margin-bottom: 0; }
h2 { font-size: 11.5pt; margin-top: 16px; margin-bottom: 4px; }
p { margin-top: 3px; margin-bottom: 3px; }
.muted, th, td.time { color: $text_muted; }
th, td { padding: 3px 12px 3px 0; text-align: left; font-weight: 400; }
.advice { margin-top: 8px; }
tr.error td { color: $error; }
pre { font-size: 8.5pt; background-color: $window; white-space: pre-wrap; }
"""
"""For Qt's text documents: what they know of style sheets, sizes in points."""


def _style(sheet: str) -> str:
    """A style sheet in the light colours of the palette: a report is printed."""
    return Template(sheet).substitute(chart_palette("light"))


@dataclass(frozen=True, eq=False)
class RunPage:
    """What stands on the page of a run.

    Attributes:
        run: The run.
        chart: Its curves.
        advice: What they mean.
        events: Its log, newest first.
        checkpoints: The checkpoints that can be had.
        snippet: A program that uses the model; empty leaves it out.
        note: A sentence above everything, such as that it is still under way.
    """

    run: Run
    chart: ChartedRun
    advice: Sequence[Advice] = ()
    events: Sequence[RunEvent] = ()
    checkpoints: Sequence[RunCheckpoint] = ()
    snippet: str = ""
    note: str = ""


def run_report(page: RunPage, *, picture: str = "") -> str:
    """The page as HTML. All that comes from data is escaped: it shows as it is and does nothing.

    Args:
        page: What stands on it.
        picture: The address of a picture of the chart, for Qt's documents, which know no SVG and
            little of style sheets; empty: the chart stands in the page itself.
    """
    run = page.run
    title = run.name or run.base_model
    curves = page.chart.curves
    parts = [
        f"<h1>{escape(title)}</h1>",
        _muted(_("Fine-tuning run, {model}").format(model=run.base_model)),
    ]
    if page.note:
        parts.append(f"<p>{escape(page.note)}</p>")
    if run.error is not None and (run.error.message or run.error.code):
        said = redacted(run.error.message or run.error.code)
        parts.append(_advice_part(_("It failed."), said, "error"))
    parts.append(f"<h2>{escape(_('Loss'))}</h2>")
    if not len(curves):
        parts.append(_muted(_("There are no figures of this run.")))
    elif picture:
        parts.append(
            f'<p><img src="{escape(picture)}" width="600" alt="{escape(_("Loss chart"))}"></p>'
        )
    else:
        svg = chart_svg([page.chart], title=_("Loss of {run}").format(run=title))
        parts.append(f'<div class="chart">{svg}</div>')
    parts += [_advice_part(one.title, one.sentence, one.tone, one.why) for one in page.advice]
    parts += [
        _facts(result_facts(run, curves)),
        _facts(settings_facts(run)),
        _facts(data_facts(run)),
        _facts(origin_facts(run)),
        _checkpoints(page),
        _snippet(page.snippet),
        _events(page.events, run.provider),
    ]
    body = "\n".join(part for part in parts if part)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'; img-src data:\">\n"
        f"<title>{escape(title)}</title>\n"
        f"<style>{_style(_PAPER_STYLE if picture else _STYLE)}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _muted(text: str) -> str:
    return f'<p class="muted">{escape(text)}</p>'


def _advice_part(title: str, sentence: str, tone: str, why: str = "") -> str:
    reason = f'<p class="muted">{escape(why)}</p>' if why else ""
    return (
        f'<div class="advice {escape(tone)}"><p><b>{escape(title)}</b> {escape(sentence)}</p>'
        f"{reason}</div>"
    )


def _facts(facts: Sequence[Fact]) -> str:
    known = [fact for fact in facts if fact.value]
    if not known:
        return ""
    rows = "".join(
        f'<tr><th width="34%">{escape(fact.name)}</th><td>{escape(fact.value)}</td></tr>'
        for fact in known
    )
    return f'<h2>{escape(known[0].group)}</h2>\n<table width="100%">{rows}</table>'


def _checkpoints(page: RunPage) -> str:
    if not page.checkpoints:
        return ""
    valid = page.chart.curves.validation()
    rows = []
    for point in sorted(page.checkpoints, key=lambda point: point.step):
        value = valid.at(point.step)
        loss = "" if value is None else format_loss(value)
        cells = (f"{point.step:,}", point.model, loss)
        rows.append("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>")
    heads = "".join(
        f"<th>{escape(text)}</th>" for text in (_("Step"), _("Model"), _("Validation loss"))
    )
    title = escape(_("Checkpoints"))
    head = f"<thead><tr>{heads}</tr></thead>"
    return f'<h2>{title}</h2>\n<table width="100%">{head}{"".join(rows)}</table>'


def _snippet(snippet: str) -> str:
    if not snippet:
        return ""
    return f"<h2>{escape(_('How to use it'))}</h2>\n<pre>{escape(snippet)}</pre>"


def _events(events: Sequence[RunEvent], provider_name: str) -> str:
    told = [event for event in events if event.kind != "metrics"]
    if not told:
        return ""
    rows = "".join(
        f'<tr class="{"error" if event.level == "error" else ""}">'
        f'<td class="time">{escape(moment(event.time))}</td>'
        f"<td>{_event_text(event, provider_name)}</td></tr>"
        for event in told[:MOST_EVENTS]
    )
    left = len(told) - MOST_EVENTS
    more = (
        _muted(
            ngettext("{n} older event is left out.", "{n} older events are left out.", left).format(
                n=f"{left:,}"
            )
        )
        if left > 0
        else ""
    )
    title = escape(_("Events"))
    return f'<h2>{title}</h2>\n<table width="100%">{rows}</table>{more}'


def _event_text(event: RunEvent, provider_name: str) -> str:
    provider = providers().get(provider_name)
    explanation = explain_event(event, provider) if provider else ""
    said = escape(without_ids(redacted(event.message)))
    return f"{escape(explanation)}<br>{said}" if explanation else said
