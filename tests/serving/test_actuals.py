"""Actuals are read from tables and JSON, or refused with every fault by row and column."""

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import openpyxl
import pytest
from tracked import START, asked, tracked_artifact

from mmm.errors import FileRefused
from mmm.sentence import plain
from mmm.spec import MarketSpec
from optimizer.plan.document import Plan
from optimizer.planning import Planner, PlanningModel
from service.tracking.actuals import Actuals, read_actuals
from service.tracking.actuals_table import ActualsColumns, columns_of_market, read_actuals_table

TABLE = """date,tv,video,social,search,orders
2027-01-04,100,200,300,400,2000
2027-01-11,110,0,310,410,2100
2027-01-18,120,220,320,420,
"""


@pytest.fixture(scope="module")
def plan() -> Plan:
    artifact = tracked_artifact(draws=60)
    channels = {name: {"min": 10_000.0} for name in artifact.channels}
    return Planner({"orders": PlanningModel(artifact)}).plan(asked(channels=channels))


@pytest.fixture(scope="module")
def of_table(plan: Plan) -> Callable[..., Actuals]:
    def read(text: str | bytes, columns: ActualsColumns | None = None) -> Actuals:
        content = text.encode() if isinstance(text, str) else text
        return read_actuals_table("actuals.csv", content, plan, "week", columns)

    return read


def faults_of(read: Callable[[], Actuals]) -> list[str]:
    with pytest.raises(FileRefused) as refused:
        read()
    return [str(fault) for fault in refused.value.faults]


def row(day: str, **changes: Any) -> dict[str, Any]:
    spend = {"tv": 100.0, "video": 200.0, "social": 300.0, "search": 400.0}
    return {"date": day, "spend": spend, "outcomes": {"orders": 2000.0}, **changes}


def test_a_table_says_what_was_spent_and_what_came_so_far(of_table: Callable[..., Actuals]) -> None:
    found = of_table(TABLE)
    assert (found.start, found.periods) == (START, 3)
    assert found.spend["video"] == (200.0, 0.0, 220.0)
    assert found.outcomes == {"orders": (2000.0, 2100.0)}
    assert Actuals.model_validate_json(found.model_dump_json()) == found


def test_json_and_workbooks_say_the_same_as_a_table(plan: Plan, of_table: Callable[..., Actuals]) -> None:
    lines = [line.split(",") for line in TABLE.splitlines()]
    book = openpyxl.Workbook()
    book.active.append(lines[0])
    for line in lines[1:]:
        book.active.append([date.fromisoformat(line[0]), *(float(cell) if cell else None for cell in line[1:])])
    content = io.BytesIO()
    book.save(content)
    rows = [
        {
            "date": line[0],
            "spend": {name: float(cell) for name, cell in zip(lines[0][1:5], line[1:5], strict=True)},
            "outcomes": {"orders": float(line[5]) if line[5] else None},
        }
        for line in lines[1:]
    ]
    assert of_table(content.getvalue()) == of_table(TABLE) == read_actuals({"rows": rows[::-1]}, plan, "week")


def test_a_markets_own_file_is_read_by_its_columns(of_table: Callable[..., Actuals]) -> None:
    spec = MarketSpec.model_validate(
        {
            "market": {"name": "testland", "data": "d.csv", "period": "week", "currency": "EUR"},
            "columns": {"date": "week"},
            "outcomes": [{"name": "orders", "column": "sold", "unit": "orders", "stage": "purchase"}],
            "channels": [
                {"name": name, "spend": f"{name}_spend", "role": "brand"}
                for name in ("tv", "video", "social", "search")
            ],
        }
    )
    text = "week,tv_spend,video_spend,social_spend,search_spend,sold,price\n2027-01-04,1,2,3,4,5,9.9\n"
    found = of_table(text, columns_of_market(spec, text.split("\n")[0].split(",")))
    assert found.spend["search"] == (4.0,)
    assert found.outcomes == {"orders": (5.0,)}


PANEL = ActualsColumns(geo="region", geos=frozenset({"north", "south"}))
BY_GEO = """date,region,tv,video,social,search,orders
2027-01-04,north,60,200,300,400,1500
2027-01-04,south,40,0,0,0,500
2027-01-11,south,50,0,0,0,
2027-01-11,north,60,0,310,410,1600
"""


def test_rows_by_geo_are_summed_and_what_one_geo_does_not_know_yet_is_not_known(
    of_table: Callable[..., Actuals],
) -> None:
    found = of_table(BY_GEO, PANEL)
    assert found.spend["tv"] == (100.0, 110.0)
    assert found.outcomes == {"orders": (2000.0,)}


@pytest.mark.parametrize(
    ("line", "changed", "said"),
    [
        ("2027-01-11,south,50,0,0,0,\n", "", "no row of 'south' on 2027-01-11"),
        ("2027-01-04,south", "2027-01-04,north", "again on 2027-01-04"),
        ("2027-01-04,south", "2027-01-04,sudo", "a geo of the market"),
        ("2027-01-04,south", "2027-01-04,", "nothing"),
        ("2027-01-11,south", "2027-01-12,south", "no row of"),
    ],
)
def test_geos_that_do_not_add_up_to_the_country_are_refused(
    of_table: Callable[..., Actuals], line: str, changed: str, said: str
) -> None:
    assert line in BY_GEO
    faults = faults_of(lambda: of_table(BY_GEO.replace(line, changed), PANEL))
    assert said in faults[0]
    assert "actuals.csv" in faults[0]


@pytest.mark.parametrize(
    ("found", "changed", "said"),
    [
        (
            ",tv,",
            ",tvv,",
            "actuals.csv, row 1, tvv: found 'tvv'; expected a channel or a KPI of the plan; did you mean 'tv'",
        ),
        (",tv,", ",tv,zebra,", "expected 7 cells"),
        ("-01-11", "-01-12", "row 3, date: found 2027-01-12; expected the start of a period of the plan: 2027-01-11"),
        (
            "2027-01-18",
            "2026-01-18",
            "row 4, date: found 2026-01-18; expected the start of a period of the plan, 2027-01-04",
        ),
        ("2027-01-18", "2027-01-11", "row 4, date: found 2027-01-11, which is there 2 times"),
        ("2027-01-11", "2027-01-25", "date: found no row of 2027-01-11; expected every period"),
        (",110,", ",-110,", "row 3, tv: found '-110'; expected a number of at least 0"),
        (",110,", ",1e999,", "row 3, tv: found '1e999'; expected a finite number"),
        (",110,", ",1e300,", "row 3, tv: found '1e300'; expected 0, or a number between 1e-30 and 1e+15"),
        (",110,", ",,", "row 3, tv: found an empty cell"),
        (",2000", ",", "row 2, orders: found nothing; expected an outcome: only the newest may be missing"),
        (",2100", ",nan", "row 3, orders: found 'nan'"),
        ("date,", "day,", "actuals.csv, row 1, date: found no such column"),
        (",search,", ",spend.social,", "row 1, spend.social: found the same as another column"),
        (",search,", ",search2,", "row 1: found no column of 'search'"),
    ],
)
def test_what_is_wrong_with_a_table_is_named(
    of_table: Callable[..., Actuals], found: str, changed: str, said: str
) -> None:
    assert found in TABLE
    told = faults_of(lambda: of_table(TABLE.replace(found, changed, 1)))
    assert any(said in fault for fault in told), told


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "rows"),
        ([row("2027-01-04", spend={"tv": 1.0})], "rows[1].spend.video: found nothing; expected what was spent"),
        (
            [row("2027-01-04") | {"outcomes": {"orderz": 1.0}}],
            "rows[1].outcomes.orderz: found 'orderz'; expected a KPI",
        ),
        ([row("2027-01-04") | {"spend": {"tv": -1.0}}], "rows[1].spend.tv: found -1.0; expected greater than or equal"),
        (
            [row("2027-01-04") | {"spend": {"tv": float("nan")}}],
            "rows[1].spend.tv: found nan; expected a finite number",
        ),
        ([row("9999-12-31")], "rows[1].date: found 9999-12-31"),
        ([row("2027-01-04"), row("2027-01-04")], "rows[2].date: found 2027-01-04, which is there 2 times"),
        ([row("2027-01-04") | {"spent": 1}], "rows[1].spent"),
    ],
)
def test_what_is_wrong_with_json_is_named_by_its_path(plan: Plan, rows: list[Any], said: str) -> None:
    told = faults_of(lambda: read_actuals({"rows": rows}, plan, "week", "actuals.json"))
    assert any(said in fault for fault in told), told


def test_every_fault_comes_at_once(plan: Plan) -> None:
    rows = [row("2027-01-05"), row("2027-01-11", spend={"tvv": 1.0}), row("2027-01-11")]
    assert len(faults_of(lambda: read_actuals({"rows": rows}, plan, "week"))) == 3


def test_a_channel_that_the_plan_leaves_off_may_be_left_out() -> None:
    artifact = tracked_artifact(draws=60)
    planned = Planner({"orders": PlanningModel(artifact)}).plan(asked(channels={"video": {"max": 0.0}}))
    spend = {"tv": 1.0, "social": 2.0, "search": 3.0}
    found = read_actuals({"rows": [{"date": "2027-01-04", "spend": spend}]}, planned, "week")
    assert found.spend["video"] == (0.0,)
    assert found.outcomes == {}


def test_names_of_a_channel_and_a_kpi_that_are_one_are_told_apart() -> None:
    artifact = tracked_artifact(draws=60, kpi="search")
    planned = Planner({"search": PlanningModel(artifact)}).plan(asked(kpi="search"))
    head = "date,tv,video,social,search\n2027-01-04,1,2,3,4\n"
    with pytest.raises(FileRefused) as refused:
        read_actuals_table("a.csv", head.encode(), planned, "week")
    assert "spend. or outcomes. before the name" in plain(refused.value.faults[0].expected)
    text = "date,tv,video,social,spend.search,outcomes.search\n2027-01-04,1,2,3,4,5\n"
    found = read_actuals_table("a.csv", text.encode(), planned, "week")
    assert (found.spend["search"], found.outcomes["search"]) == ((4.0,), (5.0,))
