"""A plan by geo on its page, over HTTP and as files, in both languages."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from builders import make_panel
from flask.testing import FlaskClient
from serving.conftest import NOW, SCENARIO_TOML
from typer.testing import Result

from optimizer.plan.document import Plan
from service.cli.geo_page import geo_parts
from service.client.answers import Plan as ReadPlan
from service.home import Home
from service.language import Reader

type Mixplan = Callable[..., Result]

GEOS = """
[geos]
floor = 20000

[geos.limits.west.channels.search]
max = 30000

[[geos.groups]]
name = "coast"
geos = ["south", "west"]
share = [0.3, 0.8]
"""


@pytest.fixture
def panel(home: Home) -> None:
    artifact = make_panel(draws=30, effects={("west", "search"): 3.0}, local=("social", "search"))
    version = home.registry.publish([artifact], NOW)
    home.registry.promote("testland", version.version, NOW)


@pytest.fixture
def by_geo(scenario_file: Path) -> Path:
    scenario_file.write_text(SCENARIO_TOML.replace("periods = 13", "periods = 4") + GEOS, encoding="utf-8")
    return scenario_file


@pytest.mark.usefixtures("panel")
def test_the_page_has_a_table_of_channels_by_geo(mixplan: Mixplan, by_geo: Path) -> None:
    page = mixplan("plan", by_geo).stdout
    assert "Where in the country" in page
    (north,) = [line for line in page.splitlines() if line.startswith("north")]
    assert north.count("€") == 3
    assert "Shared out over geos as last year, the same money by channel would bring" in page
    assert max(map(len, page.splitlines())) <= 100
    assert "花在哪些地区" in mixplan("plan", by_geo, "--lang", "zh").stdout


@pytest.mark.usefixtures("panel")
def test_the_command_http_and_files_say_the_same(
    mixplan: Mixplan, by_geo: Path, client: FlaskClient, document: dict[str, Any]
) -> None:
    printed = json.loads(mixplan("plan", by_geo, "--json").stdout)
    asked = {**document, "horizon": {"start": "2027-01-04", "periods": 4}}
    asked["geos"] = {
        "floor": 20000,
        "limits": {"west": {"channels": {"search": {"max": 30000}}}},
        "groups": [{"name": "coast", "geos": ["south", "west"], "share": [0.3, 0.8]}],
    }
    answered = client.post("/v1/scenarios", json=asked)
    assert answered.status_code == 201, answered.json
    assert answered.json is not None
    assert answered.json["plan"]["geos"] == printed["geos"]
    assert answered.json["scenario"]["geos"]["floor"] == 20000
    read = ReadPlan.model_validate(answered.json["plan"])
    assert read.geos is not None
    cells = {(cell.channel, cell.geo): cell.spend for cell in read.geos.cells}
    assert cells["search", "west"] == pytest.approx(30_000.0)

    address = f"/v1/scenarios/{answered.json['id']}/plan"
    rows = list(csv.DictReader(io.StringIO(client.get(f"{address}.csv").data.decode("utf-8-sig"))))
    assert [(row["Channel"], row["Geo"]) for row in rows] == [("tv", ""), ("video", ""), *cells]
    for row in rows:
        phased = sum(float(value) for name, value in row.items() if name.startswith("2027-"))
        assert phased == pytest.approx(float(row["Spend"]), abs=1e-6)
        assert not row["Geo"] or float(row["Spend"]) == pytest.approx(cells[row["Channel"], row["Geo"]])
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{address}.xlsx").data), read_only=True)
    sheet = [row[:3] for row in book["Geos"].iter_rows(values_only=True)][1:]
    assert {(row[0], row[1]): row[2] for row in sheet} == pytest.approx(cells)
    assert "Flighting of geos" in book.sheetnames


def test_a_market_without_geos_is_refused_with_422(client: FlaskClient, document: dict[str, Any]) -> None:
    answered = client.post("/v1/scenarios", json={**document, "geos": {}})
    assert answered.status_code == 422
    assert answered.json is not None
    assert answered.json["errors"][0]["pointer"] == "/geos"
    chinese = client.post("/v1/scenarios", json={**document, "geos": {}}, headers={"Accept-Language": "zh"})
    assert chinese.json is not None
    assert "地区" in chinese.json["errors"][0]["detail"]


@pytest.mark.usefixtures("panel")
def test_a_narrow_page_has_a_line_a_channel_in_a_geo(client: FlaskClient, document: dict[str, Any]) -> None:
    asked = {**document, "business": "none", "horizon": {"start": "2027-01-04", "periods": 4}, "geos": {}}
    answered = client.post("/v1/scenarios", json=asked).json
    assert answered is not None
    plan = Plan.model_validate(_with_sentences(answered["plan"]))
    table = list(geo_parts(plan, Reader("en", "EUR"), "last_year", 60))[1]
    assert table.row_count == 3 * 3  # type: ignore[attr-defined]


def _with_sentences(plan: dict[str, Any]) -> dict[str, Any]:
    """A plan as it was told, with its texts as sentences without values."""

    def said(text: str) -> dict[str, Any]:
        return {"template": text.replace("{", "(").replace("}", ")"), "values": {}}

    channels = [{**channel, "reason": said(channel["reason"])} for channel in plan["channels"]]
    binding = [{**rule, "text": said(rule["text"])} for rule in plan["binding"]]
    return {**plan, "channels": channels, "binding": binding, "warnings": []}
