"""A report as one HTML file: text, tables, charts and what draws them, and nothing that is fetched."""

import base64
import hashlib
from functools import cache
from typing import Any, Literal

import vl_convert
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from mmm.vocabulary import Language
from service.language import Reader
from service.report import change, channels, explained, long_run, opening, trust
from service.report.blocks import Report
from service.report.subject import ReportSubject
from service.report.tracking import tracking_section
from service.tracking.document import Tracking

CHART_LOCALES: dict[Language, Literal["en-US", "zh-CN"]] = {"en": "en-US", "zh": "zh-CN"}
"""Name of each language for a browser."""

DRAWING = """
const charts = JSON.parse(document.getElementById("charts").textContent);
const options = JSON.parse(document.getElementById("options").textContent);
for (const [name, spec] of Object.entries(charts)) vegaEmbed(document.getElementById(name), spec, options);
"""
"""Draws every chart once the page is read."""


def report_of(subject: ReportSubject, running: Tracking | None = None) -> Report:
    """The report, in the order in which a planner reads; with the plan that runs, where there is one."""
    _ = subject.reader.gettext
    return Report(
        title=_("What the channels did"),
        lead=f"{subject.manifest.market} · {subject.kpi}",
        sections=(
            opening.in_short(subject),
            opening.identity(subject),
            *(() if running is None else (tracking_section(running, subject.reader),)),
            explained.made_of(subject),
            channels.returns(subject),
            channels.responses(subject),
            *long_run.long_run(subject),
            change.last_year(subject),
            explained.fit(subject),
            trust.taught(subject),
            trust.checks(subject),
            trust.trace(subject),
        ),
    )


def page(report: Report, reader: Reader) -> str:
    """The report as HTML.

    Its content security policy lets it run the one script that it carries, known by its hash,
    and ask no host for anything. Charts are drawn by an interpreter, so that no text becomes code.
    """
    drawing = drawing_script()
    environment = Environment(
        loader=PackageLoader("service.report"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html").render(
        report=report,
        locale=CHART_LOCALES[reader.language],
        charts={chart.name: chart.spec for chart in report.charts},
        options=_options(reader),
        drawing=Markup(drawing),  # noqa: S704 (ours, and checked)
        policy=_policy(drawing),
        without_scripts=reader.gettext(
            "The charts need a browser that runs the script in this file; the tables can be read without it."
        ),
    )


@cache
def drawing_script() -> str:
    """The library that draws charts, and the lines that start it, put together once a process.

    Raises
    ------
    ValueError
        When the library holds text that would end its script element.
    """
    script: str = vl_convert.javascript_bundle(DRAWING)
    if "</script" in script.lower() or "<!--" in script:
        raise ValueError("the library that draws charts holds text that would end its script element")
    return script


def _options(reader: Reader) -> dict[str, Any]:
    """How charts are drawn: with the reader's numbers, dates and words."""
    _ = reader.gettext
    chosen = CHART_LOCALES[reader.language]
    dates = dict(vl_convert.get_time_format_locale(chosen))
    if reader.language == "zh":
        dates["shortMonths"] = dates["months"] = [f"{month}月" for month in range(1, 13)]
    return {
        "mode": "vega-lite",
        "renderer": "svg",
        "ast": True,
        "actions": {"export": True, "source": False, "compiled": False, "editor": False},
        "formatLocale": vl_convert.get_format_locale(chosen),
        "timeFormatLocale": dates,
        "i18n": {
            "CLICK_TO_VIEW_ACTIONS": _("Save this chart"),
            "PNG_ACTION": _("Save as PNG"),
            "SVG_ACTION": _("Save as SVG"),
        },
    }


def _policy(script: str) -> str:
    known = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{known}'; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )
