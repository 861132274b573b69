"""Refusals are read in the planner's language: on the command line and over HTTP."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from market_files import Sheet, weekly_sheet
from typer.testing import Result

from mmm.errors import FileRefused
from mmm.io import read_toml
from service.language import Reader

type Mixplan = Callable[..., Result]

MARKET_TOML = """
[market]
name = "huaxia"
data = "huaxia.csv"
period = "week"
currency = "CNY"
language = "zh"

[columns]
date = "week"

[[outcomes]]
name = "订单"
column = "orders"
unit = "单"
value_per_unit = 42.0

[[channels]]
name = "电视"
spend = "tv_spend"
role = "brand"

[[channels]]
name = "搜索"
spend = "search_spend"
role = "performance"
"""


@pytest.fixture
def market(tmp_path: Path) -> Callable[..., Path]:
    """Write the Chinese market with this sheet and this market.toml."""

    def write(sheet: Sheet, toml: str = MARKET_TOML) -> Path:
        (tmp_path / "huaxia.csv").write_bytes(sheet.csv())
        file = tmp_path / "market.toml"
        file.write_text(toml, encoding="utf-8")
        return file

    return write


def cells(result: Result) -> list[list[str]]:
    """The rows of a table of faults, without its head; a cell that was wrapped is joined again."""
    rows: list[list[str]] = []
    for block in re.split(r"\n─+\n", result.stderr)[1:]:
        lines = [re.split(r" {2,}", line.rstrip()) for line in block.splitlines() if line.strip()]
        rows.append([*lines[0][:-1], "".join(line[-1] for line in lines)])
    return rows


def english(text: str, *names: str) -> set[str]:
    """English words that are left in a text, beside names of columns, files and fields."""
    known = {part for name in names for part in re.findall(r"[A-Za-z]+", name)}
    return set(re.findall(r"[A-Za-z]{2,}", text)) - known


def is_chinese(text: str) -> bool:
    return re.search(r"[\u4e00-\u9fff]", text) is not None


def test_a_bad_cell_is_refused_in_chinese(mixplan: Mixplan, market: Callable[..., Path]) -> None:
    sheet = weekly_sheet().put(9, "tv_spend", "").put(12, "orders", "1,234")
    result = mixplan("check", market(sheet), "--lang", "zh")
    assert result.exit_code == 1
    assert "市场数据未被接受" in result.stderr
    assert "发现 2 处问题" in result.stderr
    assert cells(result) == [
        ["huaxia.csv", "9", "tv_spend", "空单元格", "每行填一个数字：确知为零时请写 0"],
        ["huaxia.csv", "12", "orders", "'1,234'", "不带千位分隔符的数字：1234"],
    ]


def test_a_refusal_in_chinese_is_a_document_too(mixplan: Mixplan, market: Callable[..., Path]) -> None:
    result = mixplan("check", market(weekly_sheet().put(9, "tv_spend", "")), "--lang", "zh", "--json")
    problem = json.loads(result.stdout)
    assert problem["title"] == "市场数据未被接受"
    assert problem["errors"] == [
        {"pointer": "/tv_spend", "detail": "实际：空单元格；预期：每行填一个数字：确知为零时请写 0"}
    ]


def test_a_long_refusal_in_chinese_is_shown_whole(mixplan: Mixplan, market: Callable[..., Path]) -> None:
    result = mixplan("check", market(weekly_sheet(6)), "--lang", "zh")
    assert "…" not in result.stderr
    assert cells(result)[0][-1].endswith("请提供更长的历史，或减少这些项目")


@pytest.mark.parametrize(
    ("spoil", "field", "expected"),
    [
        (lambda sheet: sheet.fill("tv_spend", lambda _: "5"), "tv_spend", "有变化的花费：请将该渠道移出 market.toml"),
        (lambda sheet: sheet.put(20, "week", "2025-13-40"), "week", "存在的日期：月为 1 至 12"),
        (lambda sheet: sheet.put(20, "week", "2025-05-13"), "week", "星期一，其他各周都从这一天开始"),
        (lambda sheet: sheet.put(20, "week", "2025-05-05"), "week", "每周一行"),
        (lambda sheet: sheet.add("手机号", lambda at: f"1380013{at:04d}"), "手机号", "只收按期汇总的数据：请删除该列"),
    ],
)
def test_every_kind_of_fault_is_in_chinese(
    mixplan: Mixplan, market: Callable[..., Path], spoil: Callable[[Sheet], Sheet], field: str, expected: str
) -> None:
    result = mixplan("check", market(spoil(weekly_sheet())), "--lang", "zh", "--json")
    errors = json.loads(result.stdout)["errors"]
    said = next(error["detail"] for error in errors if error["pointer"] == f"/{field}")
    assert expected in said
    assert english(said, "market.toml", field) == set()


@pytest.mark.parametrize(
    ("was", "spoilt", "expected"),
    [
        ('role = "brand"', 'rolle = "brand"', "没有这个名称的字段；您是否想写“role”？"),
        ('period = "week"', 'period = "weekly"', "'day'、'week'、'month'、'quarter' 或 'year'"),
        ('currency = "CNY"', 'currency = "RMB元"', "三个大写字母的货币代码"),
        ("value_per_unit = 42.0", "value_per_unit = -1", "大于 0"),
        ('role = "brand"', "", '请写 role = "brand"（品牌）'),
        ('name = "搜索"', 'name = "电视"', "channels：名称“电视”出现不止一次"),
        ('column = "orders"', 'column = "order"', "market.toml 的 outcomes[1].column 所指的列；您是否想写“orders”？"),
        ('data = "huaxia.csv"', 'data = "huaxie.csv"', "相对于 market.toml；您是否想写“huaxia.csv”？"),
    ],
)
def test_a_fault_of_market_toml_is_in_chinese(
    mixplan: Mixplan, market: Callable[..., Path], was: str, spoilt: str, expected: str
) -> None:
    file = market(weekly_sheet(), MARKET_TOML.replace(was, spoilt, 1))
    errors = json.loads(mixplan("check", file, "--lang", "zh", "--json").stdout)["errors"]
    assert any(expected in error["detail"] for error in errors)


@pytest.mark.parametrize(
    "text",
    [
        "a = ",
        "a b",
        "a = 1 b = 2",
        "a = 'x\n",
        'a = "x\ny"',
        'a = "\\q"',
        "a = [1, 2",
        "a = {b = 1",
        "a = {b = 1, b = 2}",
        "[a",
        "[[a]",
        "[a]\n[a]",
        "a = 1\na = 2",
        "a = 2025-13-40",
        "a = brand",
        '"a = 1',
        "= 1",
        "a = 1\x01",
        'a = "\\ud800"',
        "a = {}\n[a.b]",
    ],
)
def test_what_is_no_toml_is_refused_in_chinese(tmp_path: Path, text: str) -> None:
    file = tmp_path / "market.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(FileRefused) as refused:
        read_toml(file)
    said = Reader("zh", "CNY").say(refused.value.faults[0].found)
    assert is_chinese(said)
    assert english(said, "Unicode") == set()


BAD_SCENARIO = {
    "bugdet": 1,
    "business": "b2x",
    "horizon": {"start": "2027-13-01"},
    "channels": {"tv": {"min": -5}, "search": {"min": 5, "max": 3}},
    "groups": [{"name": "both"}],
}


def ask(client: FlaskClient, address: str, body: Any, how: str) -> Any:
    """The problem with which a request in Chinese is answered."""
    if how == "query":
        return client.post(f"{address}?lang=zh", json=body)
    return client.post(address, json=body, headers={"Accept-Language": "zh-CN,zh;q=0.9"})


@pytest.mark.parametrize("how", ["query", "header"])
def test_a_bad_scenario_is_refused_in_chinese(client: FlaskClient, document: dict[str, Any], how: str) -> None:
    response = ask(client, "/v1/scenarios", document | BAD_SCENARIO, how)
    assert response.status_code == 422
    assert response.headers["Content-Language"] == "zh-CN"
    assert response.json["title"] == "方案设定未被接受"
    said = {error["pointer"]: error["detail"] for error in response.json["errors"]}
    assert said["/bugdet"] == "实际：1；预期：没有这个名称的字段；您是否想写“budget”？"
    assert said["/horizon/periods"] == "实际：未填写；预期：此字段必填"
    assert said["/channels/tv/min"] == "实际：-5；预期：不小于 0"
    assert said["/channels/search"].endswith("预期：min 5.0 高于 max 3.0")
    assert said["/groups/0"].endswith(
        "请用 channels、stage、scene、department、role 中的一项指明渠道；"
        "请至少填写 share、amount、at_least_channels、at_most_channels 之一"
    )
    assert all(is_chinese(detail) for detail in said.values())


@pytest.mark.parametrize("how", ["query", "header"])
@pytest.mark.parametrize(
    ("change", "pointer", "detail"),
    [
        ({"market": "tesland"}, "/market", "没有名为“tesland”的市场。您是否想说“testland”？"),
        ({"kpi": "cakes"}, "/kpi", "预期：该市场的结果指标：orders"),
        ({"channels": {"serch": {"max": 5}}}, "/channels/serch", "预期：该市场的渠道；您是否想写“search”？"),
        ({"horizon": {"start": "2027-01-05", "periods": 13}}, "/horizon/start", "周的起始日：2027-01-04 或 2027-01-11"),
        ({"horizon": {"start": "2027-01-04", "periods": 300}}, "/horizon", "实际：自 2027-01-04 起 300 期"),
        ({"objective": "profit", "values": {"leads": 3.0}}, "/values/leads", "预期：该市场的结果指标：orders"),
        (
            {"flighting": {"pattern": "given", "weights": {"tv": [1, 2]}}},
            "/flighting/weights/tv",
            "实际：2 个权重；预期：13 个，规划期内每期一个",
        ),
    ],
)
def test_what_does_not_fit_the_market_is_refused_in_chinese(
    client: FlaskClient, document: dict[str, Any], how: str, change: dict[str, Any], pointer: str, detail: str
) -> None:
    response = ask(client, "/v1/scenarios", document | change, how)
    assert response.status_code == 422
    said = {error["pointer"]: error["detail"] for error in response.json["errors"]}
    assert detail in said[pointer]


def test_a_bad_change_is_refused_in_chinese(client: FlaskClient, document: dict[str, Any]) -> None:
    identity = client.post("/v1/scenarios", json=document).json["id"]
    body = {"changes": [{"set": {"tasks[3].at_least": 5}}, {"set": {"channels.tv.mix": 5}}]}
    response = ask(client, f"/v1/scenarios/{identity}/what-if", body, "query")
    assert [error["detail"] for error in response.json["errors"]] == [
        "实际：路径无所指（位于 tasks[3].at_least）；预期：有内容的列表：此列表为空",
        "实际：5（位于 channels.tv.mix）；预期：没有这个名称的字段；您是否想写“min”？",
    ]


def test_a_bad_query_and_a_bad_body_are_refused_in_chinese(client: FlaskClient) -> None:
    query = client.get("/v1/scenarios?lang=zh&limit=999")
    assert query.json["errors"] == [{"parameter": "limit", "detail": "实际：'999'；预期：不大于 200"}]
    body = client.post("/v1/scenarios?lang=zh", data=b'{"a": 1, "a": 2}', content_type="application/json")
    assert body.json["detail"] == "请求体须为一个 UTF-8 编码的 JSON 文档：名称 'a' 在同一对象中出现不止一次。"
