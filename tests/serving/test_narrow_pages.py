"""No page loses a character of its tables, however long the names are and however narrow the terminal."""

import io
from collections import Counter
from datetime import date
from functools import cache

import numpy as np
import pytest
from builders import CHANNELS, make_artifact
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text
from serving.test_registry import NOW, gated

from mmm.backtest.document import Backtest, ForecastScore, Window
from mmm.checks.sensitivity import ChannelSensitivity, LearntShapeReturn, PriorSensitivity, WidenedReturn
from mmm.errors import Fault
from mmm.sentence import sentence
from optimizer.plan.document import Plan
from optimizer.planning import Planner
from optimizer.question.asked import PlanningModel
from optimizer.scenario.document import Flighting, Scenario
from service.answers import Variant, WhatIfAnswer, curves_answer, frontier_answer
from service.cli.backtest_page import backtest_page
from service.cli.curve_page import curve_page
from service.cli.explanation_page import explanation_page
from service.cli.frontier_page import frontier_page
from service.cli.gates import gate_table, model_table
from service.cli.memo import Setting, memo
from service.cli.phasing import blocks
from service.cli.refusal import fault_table
from service.cli.sensitivities import sensitivity_page
from service.cli.session import print_trimmed
from service.cli.side_by_side import side_by_side
from service.home import Home
from service.language import Reader
from service.markets import model_detail

NAMES = (
    "短视频信息流广告投放（抖音与快手两个平台）",
    "楼宇电梯广告",
    "programmatic_display_retargeting_emea_north",
    "搜索",
)
KPI = "官网与小程序合计订单数量"
MARKET = "consumer-brand-northern-europe-and-asia"
ARTIFACT = make_artifact(
    draws=40,
    market=MARKET,
    kpi=KPI,
    channels=tuple(info.model_copy(update={"name": name}) for info, name in zip(CHANNELS, NAMES, strict=True)),
)
ASKED = Scenario.model_validate(
    {
        "name": "Q1 2027",
        "market": MARKET,
        "kpi": KPI,
        "objective": "maximize",
        "budget": 1234567.0,
        "business": "b2c",
        "horizon": {"start": "2027-01-04", "periods": 13},
        "tasks": [{"kpi": KPI, "at_least": 1000, "probability": 0.8}],
    }
)
PLANNER = Planner({KPI: PlanningModel(ARTIFACT)})
each_page = pytest.mark.parametrize("width", [48, 80, 100])
each_language = pytest.mark.parametrize("language", ["en", "zh"])


@cache
def made() -> Plan:
    return PLANNER.plan(ASKED)


@cache
def phased() -> Plan:
    return PLANNER.plan(ASKED.model_copy(update={"flighting": Flighting(pattern="optimized"), "tasks": ()}))


def printed(parts: list[RenderableType], width: int) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    for part in parts:
        print_trimmed(console, part)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def letters(text: str) -> Counter[str]:
    """What was said, without spaces and lines of a table."""
    return Counter(character for character in text if not character.isspace() and character not in "─━")


def said_in(parts: list[RenderableType]) -> Counter[str]:
    """Every character of the tables' cells and heads."""
    found: Counter[str] = Counter()
    for part in parts:
        for column in part.columns if isinstance(part, Table) else []:
            for cell in (column.header, *column.cells):
                found += letters(cell.plain if isinstance(cell, Text) else str(cell))
    return found


def holds(parts: list[RenderableType], width: int) -> None:
    expected = said_in(parts)
    assert expected
    page = printed(parts, width)
    assert not expected - letters(page)
    assert max(map(cell_len, page.splitlines())) <= width


@each_language
@each_page
def test_plans_curves_and_frontiers(width: int, language: str) -> None:
    reader = Reader(language, "EUR")
    variants = tuple(Variant(name=name, change=None, plan=made()) for name in ("€1,234,567 b2c", "b2b", "none", "own"))
    compared = WhatIfAnswer(scenario="Q1", market=MARKET, kpi=KPI, currency="EUR", variants=variants)
    points = PLANNER.frontier(ASKED.model_copy(update={"tasks": ()}), [500000.0, 1234567.0])
    holds(memo(made(), reader, Setting("week", "last_year", width)), width)
    holds(side_by_side(compared, reader, width), width)
    holds(frontier_page(frontier_answer(ASKED, ARTIFACT, points), reader, width), width)
    holds(curve_page(curves_answer(ARTIFACT, PLANNER.curves(KPI, ASKED)), "", reader, width), width)
    _, explanation = PLANNER.explain(ASKED)
    assert explanation is not None
    holds(explanation_page(explanation, reader, "week"), width)


@each_language
@each_page
def test_models_and_faults(width: int, language: str, home: Home) -> None:
    reader = Reader(language, "EUR")
    version = home.registry.publish([gated(ARTIFACT, "review")], NOW)
    detail = model_detail(home.registry, version)
    fault = Fault("market.toml", f"channels.{NAMES[2]}.spend", f"“{NAMES[0]}”", sentence("a number"), 12345)
    holds([model_table([detail, detail], reader)], width)
    holds(gate_table(detail, reader), width)
    holds([fault_table((fault, fault), reader)], width)


@each_language
@each_page
def test_sensitivities_and_backtests(width: int, language: str) -> None:
    reader = Reader(language, "EUR")
    wider = tuple(
        WidenedReturn(widening=factor, mean=1.25, p05=0.5, p95=11.0, moved=-0.31, stretched=1.4) for factor in (1.5, 2)
    )
    learnt = LearntShapeReturn(mean=1.25, p05=0.5, p95=11.0, moved=-0.31, stretched=1.4)
    channels = tuple(
        ChannelSensitivity(channel=name, mean=1.3, p05=0.5, p95=12.5, widened=wider, learnt_shape=learnt)
        for name in NAMES
    )
    moved = PriorSensitivity(
        market=MARKET,
        outcome=KPI,
        is_valued=True,
        channels=channels,
        said=sentence("None."),
        said_of_shapes=sentence("None."),
    )
    holds(sensitivity_page(moved, reader), width)
    scores = tuple(ForecastScore(name, 0.123, 12345.6, 0.9) for name in ("model", "seasonal_naive", "ridge"))
    window = Window(date(2026, 12, 28), date(2027, 12, 28), 104, 13, scores)
    found = Backtest(
        MARKET, KPI, "orders", "week", (window, window), scores, (), "model", True, (sentence("It leads."),)
    )
    holds(backtest_page(found, reader), width)


@each_language
@each_page
def test_plans_with_a_phasing_of_their_own(width: int, language: str) -> None:
    holds(memo(phased(), Reader(language, "EUR"), Setting("week", "last_year", width)), width)


def test_phasings_are_drawn_period_by_period_and_together_where_there_is_no_room() -> None:
    assert blocks(np.array([0.0, 1.0, 8.0, 4.0]), 10) == " ▁█▄"
    assert blocks(np.array([0.0, 2.0, 8.0, 4.0, 3.0]), 3) == "▁█▄"
    assert blocks(np.zeros(3), 10) == "   "


def test_a_page_that_is_wide_enough_keeps_figures_on_one_line() -> None:
    reader = Reader("en", "EUR")
    page = printed(memo(made(), reader, Setting("week", "last_year", 100)), 100)
    assert any(line.startswith("Total") and "€1,234,567" in line and "(" in line for line in page.splitlines())
