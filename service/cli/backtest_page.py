"""A backtest as a page: who forecast what how well, window by window and overall, and what that says."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from mmm.backtest.document import FORECAST_TERMS, Backtest, ForecastScore
from mmm.periods import PLURALS
from mmm.sentence import Term, Word, sentence
from service.cli.tables import bullet, heading, table, with_unit
from service.language import Reader

TWO_DECIMALS_BELOW = 100.0
"""A block whose best CRPS is smaller shows decimals, all of its lines alike."""


def backtest_page(found: Backtest, reader: Reader) -> list[RenderableType]:
    """The scores as a table, the best of each block in bold, what the figures mean, and the verdict."""
    _ = reader.gettext
    shown = table(
        _("Forecast window"),
        _("Known before"),
        _("Forecast by"),
        _("Error"),
        "CRPS",
        _("In the 90 % interval"),
        numbers=[3, 4, 5],
    )
    for window in found.windows:
        known = f"{reader.number(window.known)} {_(PLURALS[found.period])}"
        _add_scores(shown, [f"{reader.day(window.start)} –", reader.day(window.end)], known, window.scores, reader)
    _add_scores(shown, [_("All windows")], "", found.overall, reader)
    meaning = sentence(
        "Each forecast is given the spend and the controls of its window, and nothing else that came later. Error: "
        "sum of absolute errors over sum of outcomes. CRPS: how far the whole forecast, its uncertainty included, lay "
        "from what came, in {unit} per {period}; smaller is better.",
        unit=Word(text=found.unit),
        period=Term(text=found.period),
    )
    verdict = [bullet(reader.say(said)) for said in found.text]
    title = heading(f"{found.market} · {with_unit(found.kpi, found.unit)}")
    return [title, shown, "", *verdict, "", Text(reader.say(meaning), style="dim")]


def _add_scores(shown: Table, window: list[str], known: str, scores: Sequence[ForecastScore], reader: Reader) -> None:
    """A line a forecast; the dates of the window and what was known stand beside the first ones."""
    best = min(scores, key=lambda score: score.crps)
    for line, score in enumerate(scores):
        shown.add_row(
            window[line] if line < len(window) else "",
            known if line == 0 else "",
            reader.gettext(FORECAST_TERMS[score.forecast]),
            reader.share(score.error),
            reader.ratio(score.crps) if best.crps < TWO_DECIMALS_BELOW else reader.number(score.crps),
            reader.share(score.coverage, 0),
            style="bold" if score is best else "",
        )
    shown.add_section()
