from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmm.errors import FileRefused
from mmm.sentence import plain
from optimizer.errors import ScenarioRefused
from optimizer.scenario.document import Scenario
from service.what_if import Change, changed, parse_setting, sized, variants


@pytest.fixture
def scenario(document: dict[str, Any]) -> Scenario:
    return Scenario.model_validate(document | {"channels": {"tv": {"max": 200000.0}}})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("channels.tv.max=90000", ("channels.tv.max", 90000)),
        ("split.brand_share = [0.1, 0.4]", ("split.brand_share", [0.1, 0.4])),
        ("objective=profit", ("objective", "profit")),
        ("name=a=b", ("name", "a=b")),
        ("channels.电视广告.max=5e4", ("channels.电视广告.max", 5e4)),
        ("channels.tv.max=", ("channels.tv.max", None)),
    ],
)
def test_a_setting_is_read_as_toml_and_else_as_text(text: str, expected: tuple[str, Any]) -> None:
    assert parse_setting(text) == expected


@pytest.mark.parametrize("text", ["channels.tv.max", "=5", " = 5"])
def test_a_setting_without_path_or_value_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected path=value"):
        parse_setting(text)


def test_a_path_reaches_into_channels_and_leaves_the_rest(scenario: Scenario) -> None:
    result = changed(scenario, Change(set={"channels.tv.max": 90000, "channels.search.min": 5}))
    assert result.channels["tv"].max == 90000
    assert result.channels["search"].min == 5
    assert result.model_copy(update={"channels": {}}) == scenario.model_copy(update={"channels": {}})


def test_a_path_reaches_into_lists_counted_from_one(document: dict[str, Any]) -> None:
    task = {"kpi": "orders", "at_least": 1000.0}
    scenario = Scenario.model_validate(document | {"tasks": [task, task]})
    result = changed(scenario, Change(set={"tasks[2].at_least": 500.0}))
    assert [task.at_least for task in result.tasks] == [1000.0, 500.0]


def test_a_value_of_nothing_takes_the_field_away(scenario: Scenario) -> None:
    assert changed(scenario, Change(set={"channels.tv.max": None})).channels["tv"].max is None


def test_a_day_given_as_toml_arrives_as_a_day(scenario: Scenario) -> None:
    path, value = parse_setting("horizon.start=2027-02-01")
    assert changed(scenario, Change(set={path: value})).horizon.start.isoformat() == "2027-02-01"


def test_a_preset_replaces_the_band_that_would_hide_it(document: dict[str, Any]) -> None:
    scenario = Scenario.model_validate(document | {"split": {"brand_share": [0.1, 0.2], "tolerance": 0.02}})
    result = changed(scenario, Change(business="b2b"))
    assert result.business == "b2b"
    assert result.split is not None
    assert result.split.brand_share is None
    assert result.split.tolerance == 0.02


def test_a_misspelt_path_names_the_nearest_field(scenario: Scenario) -> None:
    with pytest.raises(FileRefused) as refusal:
        changed(scenario, Change(set={"chanels.tv.max": 1, "channels.tv.mx": 2}))
    said = {fault.field: plain(fault.expected) for fault in refusal.value.faults}
    assert "did you mean 'channels'?" in said["chanels"]
    assert "did you mean 'max'?" in said["channels.tv.mx"]


@pytest.mark.parametrize("path", ["tasks[3].at_least", "budget.x", "tasks.first", "horizon[1]"])
def test_a_path_through_something_else_is_refused(document: dict[str, Any], path: str) -> None:
    scenario = Scenario.model_validate(document | {"tasks": [{"kpi": "orders", "at_least": 1000.0}]})
    with pytest.raises(FileRefused) as refusal:
        changed(scenario, Change(set={path: 1}))
    assert refusal.value.faults[0].field == path


def test_every_budget_is_combined_with_every_preset() -> None:
    made = variants([1.0, 2.0], ["b2b", "b2c"], {"kpi": "orders"})
    assert [(change.business, change.budget) for change in made] == [
        ("b2b", 1.0),
        ("b2b", 2.0),
        ("b2c", 1.0),
        ("b2c", 2.0),
    ]
    assert all(change.set == {"kpi": "orders"} for change in made)


def test_settings_alone_make_one_change() -> None:
    assert len(variants([], [], {"kpi": "orders"})) == 1


def test_sizing_forgets_the_budget_to_maximise_with(document: dict[str, Any]) -> None:
    scenario = Scenario.model_validate(document | {"tasks": [{"kpi": "orders", "at_least": 1000.0}]})
    result = sized(scenario)
    assert result.objective == "size"
    assert result.budget is None


def test_sizing_without_tasks_is_refused(scenario: Scenario) -> None:
    with pytest.raises(ScenarioRefused, match="at least one"):
        sized(scenario)


@given(budget=st.floats(min_value=1e-3, max_value=1e15))
def test_a_budget_changes_the_budget_alone(budget: float) -> None:
    document = {"name": "a", "market": "m", "kpi": "k", "budget": 1.0, "horizon": {"start": "2027-01-04", "periods": 4}}
    expected = Scenario.model_validate(document | {"budget": budget})
    assert changed(Scenario.model_validate(document), Change(budget=budget)) == expected
