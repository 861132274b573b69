from datetime import UTC, datetime
from typing import Any

import pytest

from optimizer.errors import ScenarioRefused
from optimizer.scenario.document import Scenario
from service.errors import NotKnown
from service.home import Home

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def asked(document: dict[str, Any], **changes: Any) -> Scenario:
    return Scenario.model_validate(document | changes)


def test_a_scenario_is_kept_with_its_plan(home: Home, document: dict[str, Any]) -> None:
    answer = home.desk.answer(asked(document), NOW)
    assert answer.scenario is not None
    assert home.scenarios.scenario(answer.scenario.id).scenario == asked(document)
    assert home.scenarios.latest_plan(answer.scenario.id).plan == answer.plan


def test_the_same_document_is_the_same_version_and_a_changed_one_the_next(home: Home, document: dict[str, Any]) -> None:
    first = home.desk.answer(asked(document), NOW).scenario
    same = home.desk.answer(asked(document), NOW).scenario
    changed = home.desk.answer(asked(document, budget=400000.0), NOW).scenario
    assert first is not None
    assert same is not None
    assert changed is not None
    assert (first.version, same.version, changed.version) == (1, 1, 2)
    assert first.id == same.id != changed.id


def test_an_infeasible_scenario_is_answered_and_not_kept(home: Home, document: dict[str, Any]) -> None:
    answer = home.desk.answer(asked(document, channels={"tv": {"min": 400000.0}}), NOW)
    assert answer.plan.status == "infeasible"
    assert answer.scenario is None
    assert home.scenarios.page(10).items == ()


def test_pages_list_every_scenario_once_the_newest_first(home: Home, document: dict[str, Any]) -> None:
    for number in range(5):
        home.desk.answer(asked(document, name=f"scenario {number}"), NOW)
    names, cursor = [], None
    while True:
        page = home.scenarios.page(2, cursor)
        names += [saved.name for saved in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert names == [f"scenario {number}" for number in (4, 3, 2, 1, 0)]


def test_an_unknown_id_is_refused(home: Home) -> None:
    with pytest.raises(NotKnown, match="No scenario is called “nope”"):
        home.scenarios.scenario("nope")


def test_a_saved_plan_can_be_the_reference(home: Home, document: dict[str, Any]) -> None:
    first = home.desk.answer(asked(document), NOW)
    assert first.saved is not None
    second = home.desk.plan(asked(document, budget=600000.0, reference={"kind": "plan", "plan": first.saved.id}))
    assert {row.channel: row.reference_spend for row in second.channels} == pytest.approx(
        {row.channel: row.spend for row in first.plan.channels}
    )


def test_an_unknown_reference_plan_points_at_its_field(home: Home, document: dict[str, Any]) -> None:
    with pytest.raises(ScenarioRefused) as refusal:
        home.desk.plan(asked(document, reference={"kind": "plan", "plan": "nope"}))
    assert [fault.field for fault in refusal.value.faults] == ["reference.plan"]


def test_a_promoted_model_is_planned_with_at_once(home: Home, document: dict[str, Any]) -> None:
    from builders import make_artifact

    before = home.desk.plan(asked(document))
    home.registry.publish([make_artifact(draws=60, seed=2)], NOW)
    home.registry.promote("testland", 2, NOW)
    after = home.desk.plan(asked(document))
    assert [model.version for model in before.models + after.models] == [1, 2]


def test_the_same_question_has_the_same_answer_whatever_was_asked_before(home: Home, document: dict[str, Any]) -> None:
    first = home.desk.plan(asked(document))
    home.desk.plan(asked(document, budget=400000.0, channels={"tv": {"max": 90000.0}}))
    again = home.desk.plan(asked(document))
    assert again.channels == first.channels
    assert again.outcomes == first.outcomes
