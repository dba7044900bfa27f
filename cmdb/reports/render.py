"""Reports as Markdown and as a page of HTML."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from cmdb.reports.report import Measure, Report, Section


def value_of(measure: Measure) -> str:
    """A figure with its unit; a dash where there is no data."""
    if measure.value is None:
        return "-"
    number = f"{measure.value:,.3f}".rstrip("0").rstrip(".")
    return number if measure.unit == "records" else f"{number} {measure.unit}"


def heading(section: Section) -> str:
    """A section's number and title."""
    return f"{section.code} {section.title}".strip()


def markdown(report: Report) -> str:
    """The report in Markdown, ending in a line break."""
    return "\n".join(_markdown(report)) + "\n"


def _markdown(report: Report) -> Iterator[str]:
    yield f"# {report.title}"
    yield ""
    yield f"{_span(report)}, as of revision {report.revision}."
    for section in report.sections:
        yield ""
        yield f"## {heading(section)}"
        if section.measures:
            yield ""
            yield "| measure | value | n | definition | records |"
            yield "|---|---|---|---|---|"
        for m in section.measures:
            cells = (m.name, value_of(m), str(m.n), m.sentence, _records(m))
            yield f"| {' | '.join(_cell(c) for c in cells)} |"
        for title, lines in (("Missing", section.missing), ("To be attested", section.attest)):
            if lines:
                yield ""
                yield f"{title}:"
                yield ""
                yield from (f"- {line}" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _records(measure: Measure) -> str:
    more = measure.n - len(measure.records)
    shown = ", ".join(measure.records[:5])
    return f"{shown} …" if len(measure.records) > 5 or (more > 0 and shown) else shown


def _span(report: Report) -> str:
    return f"{report.since:%Y-%m-%d %H:%M} to {report.until:%Y-%m-%d %H:%M} UTC"


STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;
color:#1a2330}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;
border-bottom:1px solid #dde3ea;vertical-align:top}th{font-weight:600}td.value{white-space:nowrap;
font-variant-numeric:tabular-nums}h2{margin-top:2rem}"""


def html(report: Report) -> str:
    """The report as a page that stands alone: nothing is loaded from anywhere."""
    return "\n".join(_html(report)) + "\n"


def _html(report: Report) -> Iterator[str]:
    title = escape(report.title)
    yield f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
    yield f"<style>{STYLE}</style></head><body><h1>{title}</h1>"
    yield f"<p>{escape(_span(report))}, as of revision {report.revision}.</p>"
    for section in report.sections:
        yield f"<h2>{escape(heading(section))}</h2>"
        if section.measures:
            head = "<th>measure<th>value<th>n<th>definition<th>records"
            yield f"<table><thead><tr>{head}</tr></thead>"
        for m in section.measures:
            yield (
                f'<tr><td>{escape(m.name)}<td class="value">{escape(value_of(m))}<td>{m.n}'
                f"<td>{escape(m.sentence)}<td>{escape(_records(m))}</tr>"
            )
        if section.measures:
            yield "</table>"
        for name, lines in (("Missing", section.missing), ("To be attested", section.attest)):
            if lines:
                listed = "".join(f"<li>{escape(line)}" for line in lines)
                yield f"<p>{name}:</p><ul>{listed}</ul>"
    yield "</body></html>"
