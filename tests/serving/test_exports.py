"""Plans as CSV and XLSX: whole, with numbers as numbers, and without any cell that a spreadsheet would run."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from builders import CHANNELS, make_artifact
from flask.testing import FlaskClient
from typer.testing import Result

from optimizer.plan.document import Plan
from optimizer.scenario.document import Scenario
from service.export.csv_file import plan_csv
from service.export.formulas import for_csv, starts_formula
from service.export.workbook import plan_workbook
from service.home import Home
from service.language import Reader
from service.records import SavedPlan

BODIES = (
    "1+1",
    "cmd|' /C calc'!A0",
    'HYPERLINK("http://127.0.0.1:9/?x="&A1,"click")',
    "SUM(1+1)*cmd|' /C calc'!A0",
    "IMPORTXML(CONCAT(A1),0)",
    'DDE("cmd","/C calc","x")',
    "WEBSERVICE(A1)",
    "2",
    "A1",
    "'x'!A1",
)
STARTS = ("=", "+", "-", "@", "\t=", "\r=", "\n=", " =", "\u200b=", "＝", '"=', ";=", ",=", "x\n=", "\ufeff=", "－")
PAYLOADS = [f"{start}{body}" for start in STARTS for body in BODIES]
ENGLISH = Reader("en", "EUR")
RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@pytest.fixture(scope="session")
def plan() -> Plan:
    from optimizer.planning import Planner
    from optimizer.question.asked import PlanningModel

    asked = Scenario.model_validate(
        {
            "name": "Q1 2027 base",
            "market": "testland",
            "kpi": "orders",
            "budget": 500000.0,
            "business": "b2c",
            "horizon": {"start": "2027-01-04", "periods": 4},
            "tasks": [{"kpi": "orders", "at_least": 10.0}],
        }
    )
    return Planner({"orders": PlanningModel(make_artifact(draws=60))}).plan(asked)


def saved_plan(plan: Plan) -> SavedPlan:
    digests = tuple(model.digest for model in plan.models)
    return SavedPlan("ab12", "cd34", plan, datetime(2026, 11, 21, tzinfo=UTC), digests)


def renamed(plan: Plan, payload: str) -> Plan:
    """The plan with a payload wherever a text of somebody else may stand."""
    channels = tuple(
        channel.model_copy(update={"channel": f"{payload}{at or ''}"}) for at, channel in enumerate(plan.channels)
    )
    names = dict(zip((channel.channel for channel in plan.channels), channels, strict=True))
    return plan.model_copy(
        update={
            "scenario": payload,
            "market": payload,
            "kpi": payload,
            "currency": payload,
            "channels": channels,
            "models": tuple(model.model_copy(update={"kpi": payload, "name": payload}) for model in plan.models),
            "outcomes": tuple(one.model_copy(update={"kpi": payload, "unit": payload}) for one in plan.outcomes),
            "tasks": tuple(task.model_copy(update={"kpi": payload}) for task in plan.tasks),
            "flighting": tuple(
                flight.model_copy(update={"channel": names[flight.channel].channel}) for flight in plan.flighting
            ),
            "binding": tuple(rule.model_copy(update={"rule": payload}) for rule in plan.binding),
        }
    )


def formula_cells(content: bytes) -> Iterator[str]:
    """Cells of a workbook that are formulas, by what a reader and by what the XML says."""
    for sheet in openpyxl.load_workbook(io.BytesIO(content)):
        for row in sheet.iter_rows():
            yield from (f"{sheet.title}!{cell.coordinate}" for cell in row if cell.data_type in ("f", "e"))


def run_cells(content: bytes) -> Iterator[str]:
    """Cells of a CSV that a spreadsheet would run, with any of its delimiters, quoted or not."""
    text = content.decode("utf-8-sig")
    for delimiter in ",;\t":
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            yield from (cell for cell in row if is_run(cell))
    yield from (line for line in text.splitlines() if is_run(line.lstrip('"')))


def is_run(cell: str) -> bool:
    shown = cell.lstrip(" \u200b\ufeff\u3000")
    if not shown.startswith(RUN):
        return False
    try:
        float(shown)
    except ValueError:
        return True
    return False


def test_a_hundred_payloads_start_no_formula_in_either_export(plan: Plan) -> None:
    assert len(PAYLOADS) >= 100
    started = []
    for payload in PAYLOADS:
        saved = saved_plan(renamed(plan, payload))
        started += [f"{payload!r}: {cell}" for cell in run_cells(plan_csv(saved, ENGLISH))]
    for payload in PAYLOADS[::16]:  # a workbook takes longer, and has its own test of all of them
        saved = saved_plan(renamed(plan, payload))
        started += [f"{payload!r}: {cell}" for cell in formula_cells(plan_workbook(saved, ENGLISH))]
    assert started == []


def test_all_payloads_at_once_start_no_formula_in_a_workbook(plan: Plan) -> None:
    channels = tuple(plan.channels[0].model_copy(update={"channel": payload}) for payload in PAYLOADS)
    content = plan_workbook(saved_plan(plan.model_copy(update={"channels": channels})), ENGLISH)
    assert list(formula_cells(content)) == []
    page = openpyxl.load_workbook(io.BytesIO(content))["Channels"]
    for payload, cell in zip(PAYLOADS, page["A"][1:], strict=True):
        assert cell.value == payload.translate({9: " ", 10: " ", 13: " "})
        assert cell.quotePrefix == starts_formula(payload)


@pytest.mark.parametrize("text", ["#N/A", "#REF!", "TRUE", "1e5", "2027-01-04", "0012", "'quoted"])
def test_texts_that_look_like_something_else_stay_texts(plan: Plan, text: str) -> None:
    channels = (plan.channels[0].model_copy(update={"channel": text}),)
    content = plan_workbook(saved_plan(plan.model_copy(update={"channels": channels})), ENGLISH)
    cell = openpyxl.load_workbook(io.BytesIO(content))["Channels"]["A2"]
    assert (cell.value, cell.data_type) == (text, "s")


def test_usual_names_are_left_as_they_are() -> None:
    for name in ("tv", "微信 视频号", "B2B-search", "a=b", "Q1 + Q2", "e-mail"):
        assert for_csv(name) == name


def test_a_csv_has_every_channel_with_its_flighting(plan: Plan) -> None:
    content = plan_csv(saved_plan(plan), ENGLISH)
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert [row["Channel"] for row in rows] == [info.name for info in CHANNELS]
    days = ("2027-01-04", "2027-01-11", "2027-01-18", "2027-01-25")
    for row, channel in zip(rows, plan.channels, strict=True):
        assert float(row["Spend"]) == channel.spend
        assert sum(float(row[day]) for day in days) == pytest.approx(channel.spend, abs=0.005)
        assert (row["Scenario id"], row["Artifact digest: orders"]) == ("cd34", plan.models[0].digest)


def test_a_workbook_has_numbers_that_add_up(plan: Plan) -> None:
    workbook = openpyxl.load_workbook(io.BytesIO(plan_workbook(saved_plan(plan), ENGLISH)))
    expected = ["Plan", "Channels", "Flighting", "Outcomes", "Tasks", "What limits it", "Certificate"]
    assert workbook.sheetnames == expected
    assert all(page.freeze_panes == "B2" for page in workbook)
    spend = [cell.value for cell in workbook["Channels"]["D"][1:]]
    assert spend == pytest.approx([channel.spend for channel in plan.channels], rel=1e-14)
    assert workbook["Channels"]["D2"].number_format == "#,##0.00"
    flighting = workbook["Flighting"]
    assert flighting["A2"].value == datetime(2027, 1, 4)
    assert sum(cell.value for cell in flighting["F"][1:]) == pytest.approx(sum(spend), abs=0.01)
    told = {row[0].value: row[1].value for row in workbook["Plan"]}
    assert told["Budget"] == plan.budget
    assert told["Artifact digest: orders"] == plan.models[0].digest
    assert told["Start"] == datetime.combine(date(2027, 1, 4), datetime.min.time())


def test_exports_speak_chinese(plan: Plan) -> None:
    chinese = Reader("zh", "CNY")
    workbook = openpyxl.load_workbook(io.BytesIO(plan_workbook(saved_plan(plan), chinese)))
    assert workbook.sheetnames[:3] == ["方案", "渠道", "排期"]
    words = " ".join([*workbook.sheetnames, *(cell.value for cell in workbook["渠道"][1])])
    assert set(re.findall("[A-Za-z]+", words)) <= {"CPA", "KPI", "ROAS"}
    assert "渠道" in plan_csv(saved_plan(plan), chinese).decode("utf-8-sig").splitlines()[0]


def test_a_saved_plan_is_read_as_a_file_over_http(client: FlaskClient, document: dict[str, Any]) -> None:
    made = client.post("/v1/scenarios", json=document).json
    for kind, media_type in (("csv", "text/csv"), ("xlsx", "spreadsheetml.sheet")):
        response = client.get(f"/v1/scenarios/{made['id']}/plan.{kind}?lang=zh")
        assert response.status_code == 200
        assert media_type in response.headers["Content-Type"]
        assert response.headers["Content-Language"] == "zh-CN"
        assert response.headers["Content-Disposition"] == f'attachment; filename="testland-{made["plan_id"]}.{kind}"'
        assert client.get(f"/v1/scenarios/none/plan.{kind}").status_code == 404
    assert "渠道" in client.get(f"/v1/scenarios/{made['id']}/plan.csv?lang=zh").get_data(as_text=True)


def test_the_description_says_what_a_file_is(client: FlaskClient) -> None:
    paths = client.get("/openapi.json").json["paths"]
    content = paths["/v1/scenarios/{identity}/plan.csv"]["get"]["responses"]["200"]["content"]
    assert list(content) == ["text/csv"]


def test_a_scenario_file_is_exported(
    mixplan: Callable[..., Result], scenario_file: Path, tmp_path: Path, home: Home
) -> None:
    out = tmp_path / "plan.xlsx"
    told = mixplan("export", scenario_file, "--out", out)
    assert told.exit_code == 0, told.output
    assert openpyxl.load_workbook(out).sheetnames[0] == "Plan"
    assert mixplan("export", scenario_file, "--out", out).exit_code == 1  # it is there already
    (saved,) = home.scenarios.page(10).items
    csv_file = tmp_path / "plan.csv"
    assert mixplan("export", saved.id, "--format", "csv", "--out", csv_file, "--force").exit_code == 0
    assert csv_file.read_bytes().startswith(b"\xef\xbb\xbf")


def test_what_cannot_be_exported_is_refused(
    mixplan: Callable[..., Result], scenario_file: Path, tmp_path: Path
) -> None:
    assert mixplan("export", "no-such-id", "--out", tmp_path / "a.csv").exit_code == 2
    assert mixplan("export", "no-such.toml", "--out", tmp_path / "a.csv").exit_code == 2
    scenario_file.write_text(scenario_file.read_text() + "\n[channels.tv]\nmin = 400000\n")
    told = mixplan("export", scenario_file, "--out", tmp_path / "a.csv")
    assert told.exit_code == 1
    assert not (tmp_path / "a.csv").exists()
