"""Objective-and-task: the smallest budget that reaches its tasks, recounted on the draws."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from builders import make_artifact
from rivals import best_rival, shares_reached

from mmm.baseline import forecast_baseline
from mmm.curves import channel_response
from optimizer.checker.rules import broken_rules
from optimizer.plan.document import Plan
from optimizer.planning import Planner, PlanningModel
from optimizer.program.allocation import Allocation
from optimizer.program.solve import compile_split
from optimizer.question.asked import Desk, with_budget
from optimizer.rulebook.rules import formulate
from optimizer.scenario.document import Scenario
from optimizer.tasks.lifts import lift

ARTIFACT = make_artifact(draws=500)
PLANNER = Planner({"orders": PlanningModel(ARTIFACT)})


def scenario(*tasks: dict[str, object], **changes: object) -> Scenario:
    return Scenario.model_validate(
        {
            "name": "size",
            "market": "testland",
            "kpi": "orders",
            "objective": "size",
            "business": "b2c",
            "horizon": {"start": "2027-01-04", "periods": 13},
            "tasks": tasks,
            **changes,
        }
    )


def recounted(found: Plan, at_least: float, *, is_total: bool, periods: int | None = None) -> float:
    """Probability of reaching a target, counted here from artifact and spend alone."""
    counted = periods or (13 if is_total else None)
    media = np.zeros(ARTIFACT.manifest.draws)
    carried = np.zeros(ARTIFACT.manifest.draws)
    for index, channel in enumerate(found.channels):
        response = channel_response(ARTIFACT, channel.channel, np.full(13, 1 / 13), ARTIFACT.draws.spend[:, index])
        media += response.per_period(channel.spend)[:, :counted].sum(axis=1)
        carried += response.carried_in()[:, :counted].sum(axis=1)
    if not is_total:
        return float((media >= at_least).mean())
    base = forecast_baseline(ARTIFACT, found.horizon.start, 13)[:, :counted].sum(axis=1) + carried
    noise = (
        np.random.default_rng(5).standard_normal((400, len(base))) * ARTIFACT.draws.noise_scale * np.sqrt(counted or 1)
    )
    return float((base + media + noise >= at_least).mean())


@pytest.mark.parametrize("probability", [0.5, 0.8, 0.95])
def test_the_budget_reaches_an_increment_with_its_probability_and_one_percent_less_does_not(probability: float) -> None:
    asked = scenario({"kpi": "orders", "at_least": 7_000, "probability": probability})
    found = PLANNER.plan(asked)
    assert found.status in ("optimal", "feasible")
    assert recounted(found, 7_000, is_total=False) >= probability
    assert found.tasks[0].reached_probability == pytest.approx(recounted(found, 7_000, is_total=False))
    less = PLANNER.plan(with_budget(asked, 0.99 * found.budget))
    assert recounted(less, 7_000, is_total=False) < probability


def test_a_total_counts_base_and_noise() -> None:
    asked = scenario({"kpi": "orders", "at_least": 30_000, "counts": "total", "probability": 0.8})
    found = PLANNER.plan(asked)
    assert found.tasks[0].reached_probability >= 0.8
    assert recounted(found, 30_000, is_total=True) == pytest.approx(0.8, abs=0.02)
    less = PLANNER.plan(with_budget(asked, 0.97 * found.budget))
    assert recounted(less, 30_000, is_total=True) < recounted(found, 30_000, is_total=True)


def test_the_task_that_drives_the_budget_is_named_and_each_task_has_its_own_cost() -> None:
    asked = scenario(
        {"kpi": "orders", "at_least": 4_000, "probability": 0.9},
        {"kpi": "orders", "at_least": 1_500, "probability": 0.8, "by": "2027-02-01"},
    )
    found = PLANNER.plan(asked)
    assert recounted(found, 4_000, is_total=False) >= 0.9
    assert recounted(found, 1_500, is_total=False, periods=5) >= 0.8
    assert [task.drives_budget for task in found.tasks] == [False, True]
    assert all(task.cost is not None and task.cost <= found.budget * (1 + 1e-4) for task in found.tasks)


def test_a_target_out_of_reach_gets_the_most_that_can_be_had() -> None:
    found = PLANNER.plan(scenario({"kpi": "orders", "at_least": 60_000, "probability": 0.9}))
    assert found.status == "infeasible"
    (attainable,) = found.attainable
    assert 5_000 < attainable.attainable < 60_000
    (relaxed,) = found.relaxation
    assert relaxed.rule == "tasks[1].at_least"
    again = PLANNER.plan(scenario({"kpi": "orders", "at_least": 0.999 * relaxed.to, "probability": 0.9}))
    assert again.status in ("optimal", "feasible")


AGAINST_A_TASK: dict[str, dict[str, object]] = {
    "total": {
        "channels.social": {"increment": 1_000.0},
        "either_or": [{"channels": ["tv", "search"], "at_most": 2}],
        "rules": {"at_most_channels": 4, "total_change": (-0.5, 0.1)},
    },
    "channels": {
        "channels.tv": {"max": 50_000.0},
        "channels.video": {"max": 40_000.0, "off_or_at_least": 20_000.0},
        "channels.search": {"cpa_at_most": 300.0},
        "groups": [{"name": "digital", "channels": ("social", "search"), "amount": (0.0, 120_000.0)}],
    },
    "budget": {"budget": 500_000.0, "channels.tv": {"min": 200_000.0}, "rules": {"at_most_channels": 4}},
}


def as_asked(rules: Mapping[str, object]) -> dict[str, object]:
    """Rules as a scenario has them, `channels.tv` and its like under `channels`."""
    channels = {place.partition(".")[2]: rule for place, rule in rules.items() if place.startswith("channels.")}
    return {"channels": channels, **{place: rule for place, rule in rules.items() if not place.startswith("channels.")}}


def only(rules: Mapping[str, object], named: Sequence[str]) -> dict[str, object]:
    """Of some rules those at places such as `channels.tv.max`, `groups.digital.amount` or `budget`."""
    kept: dict[str, object] = {}
    for place, rule in rules.items():
        if isinstance(rule, dict):
            fields = {field: each for field, each in rule.items() if f"{place}.{field}" in named}
            kept |= {place: fields} if fields else {}
        elif any(name == place or name.startswith((f"{place}[", f"{place}.")) for name in named):
            kept[place] = rule
    return kept


@pytest.mark.parametrize("rules", AGAINST_A_TASK.values(), ids=AGAINST_A_TASK)
def test_rules_that_stand_against_a_task_do_so_together_and_each_is_needed(rules: dict[str, object]) -> None:
    planner = Planner({"orders": PlanningModel(make_artifact(draws=100))})
    task = {"kpi": "orders", "at_least": 8_500.0, "probability": 0.8}

    def refused(held: Mapping[str, object]) -> tuple[str, ...]:
        objective = "maximize" if "budget" in held else "size"
        found = planner.plan(scenario(task, business="none", objective=objective, **as_asked(held)))
        assert (found.status == "infeasible") == bool(found.conflict)
        return tuple(each.rule for each in found.conflict)

    first, *against = refused(rules)
    assert first == "tasks[1]"
    assert against
    assert refused(only(rules, against))
    for rule in against:
        assert not refused(only(rules, [each for each in against if each != rule])), rule


def test_a_task_beside_maximize_is_kept() -> None:
    early = {"kpi": "orders", "probability": 0.8, "by": "2027-01-11"}
    rules: dict[str, object] = {"objective": "maximize", "budget": 900_000.0, "business": "none"}
    planner = Planner({"orders": PlanningModel(ARTIFACT)})
    free = planner.plan(scenario(**rules))
    attained = attained_early(free)
    kept = planner.plan(scenario({**early, "at_least": 1.1 * attained}, **rules))
    assert kept.status == "optimal"
    assert recounted(kept, 1.1 * attained, is_total=False, periods=2) >= 0.8
    assert kept.certificate is not None
    assert free.certificate is not None
    assert kept.certificate.value < free.certificate.value


def test_a_plan_does_not_depend_on_what_was_asked_before() -> None:
    task = {"kpi": "orders", "at_least": 1_500, "probability": 0.8, "by": "2027-02-01"}
    questions = [scenario(task), scenario(task, objective="maximize", budget=1_200_000.0)]
    first = [Planner({"orders": PlanningModel(ARTIFACT)}).plan(question) for question in questions]
    later = [PLANNER.plan(question) for question in questions]
    for fresh, after in zip(first, later, strict=True):
        assert fresh.status == after.status != "infeasible"
        assert fresh.channels == after.channels


def attained_early(found: Plan) -> float:
    targets = np.linspace(1.0, 2_000.0, 400)
    reached = [recounted(found, target, is_total=False, periods=2) >= 0.8 for target in targets]
    return float(targets[np.flatnonzero(reached)[-1]])


def test_a_target_that_comes_by_itself_needs_no_budget() -> None:
    found = PLANNER.plan(scenario({"kpi": "orders", "at_least": 10_000, "counts": "total", "probability": 0.9}))
    assert found.status == "optimal"
    assert found.budget == pytest.approx(0.0, abs=1e-6)


SIZED: dict[str, list[dict[str, object]]] = {
    "a high probability": [{"at_least": 5_000, "probability": 0.95}],
    "nearly certain": [{"at_least": 4_000, "probability": 0.99}],
    "a total": [{"at_least": 29_000, "probability": 0.8, "counts": "total"}],
    "a total, nearly certain": [{"at_least": 28_500, "probability": 0.95, "counts": "total"}],
    "an even chance": [{"at_least": 6_000, "probability": 0.5}],
    "a time node": [{"at_least": 1_200, "probability": 0.9, "by": "2027-02-01"}],
    "several": [
        {"at_least": 4_000, "probability": 0.9},
        {"at_least": 1_200, "probability": 0.8, "by": "2027-02-01"},
        {"at_least": 29_000, "probability": 0.7, "counts": "total"},
    ],
}
INTEGER_RULES: dict[str, object] = {
    "business": "none",
    "channels": {"tv": {"off_or_at_least": 300_000.0}},
    "rules": {"at_most_channels": 3},
}


BAND: dict[str, object] = {}


@pytest.mark.parametrize(
    ("case", "rules"),
    [
        ("an even chance", INTEGER_RULES),
        ("a high probability", BAND),
        ("nearly certain", INTEGER_RULES),
        ("a total", INTEGER_RULES),
        ("a total, nearly certain", BAND),
        ("a time node", BAND),
        ("several", BAND),
    ],
)
def test_no_split_of_one_percent_less_reaches_the_tasks(case: str, rules: dict[str, object]) -> None:
    tasks, seed = SIZED[case], 1 if rules else 2
    artifact = make_artifact(draws=120, seed=seed)
    asked = scenario(*({"kpi": "orders", **task} for task in tasks), **rules)
    found = Planner({"orders": PlanningModel(artifact)}).plan(asked)
    assert found.status in ("optimal", "feasible")
    spend = [channel.spend for channel in found.channels]
    less = 0.99 * found.budget

    def is_allowed(shares: np.ndarray) -> bool:
        if rules:
            return bool((shares > 0).sum() <= 3 and (shares[0] == 0 or shares[0] * less >= 300_000))
        return bool(0.35 - 1e-9 <= shares[0] + shares[1] <= 0.45 + 1e-9)

    assert min(shares_reached(artifact, asked, spend)) >= 1.0
    assert best_rival(artifact, asked, less, is_allowed, spend) < 1.0


@pytest.mark.parametrize("seed", range(2))
def test_what_a_rival_split_attains_is_never_called_infeasible(seed: int) -> None:
    artifact = make_artifact(draws=100, seed=seed)
    asked = scenario({"kpi": "orders", "at_least": 1.0, "probability": 0.9}, objective="maximize", budget=700_000.0)
    attained = best_rival(artifact, asked, 700_000.0, lambda shares: 0.35 <= shares[:2].sum() <= 0.45, [1, 1, 1, 1])
    task = {"kpi": "orders", "at_least": attained * (1 - 1e-3), "probability": 0.9}
    found = Planner({"orders": PlanningModel(artifact)}).plan(scenario(task, objective="maximize", budget=700_000.0))
    assert found.status in ("optimal", "feasible")
    assert found.tasks[0].reached_probability >= 0.9


def test_tasks_that_clash_are_relaxed_until_they_can_be_reached_together() -> None:
    tasks = [
        {"kpi": "orders", "at_least": 9_000.0, "probability": 0.9},
        {"kpi": "orders", "at_least": 4_000.0, "probability": 0.8, "by": "2027-02-01"},
    ]
    changes: dict[str, object] = {"objective": "maximize", "budget": 900_000.0}
    planner = Planner({"orders": PlanningModel(make_artifact(draws=60))})
    found = planner.plan(scenario(*tasks, **changes))
    assert found.status == "infeasible"
    assert {rule.rule for rule in found.relaxation} <= {"tasks[1].at_least", "tasks[2].at_least"}
    for rule in found.relaxation:
        tasks[int(rule.rule[6]) - 1]["at_least"] = rule.to
    assert planner.plan(scenario(*tasks, **changes)).status in ("optimal", "feasible")


FURTHER: dict[str, dict[str, object]] = {
    "counts": {
        "groups": [
            {"name": "some", "channels": ("tv", "social", "search"), "at_least_channels": 3},
            {"name": "few", "role": "brand", "at_most_channels": 1},
        ]
    },
    "order": {"precedence": [{"channel": "social", "after": {"search": 150_000.0, "tv": 20_000.0}}]},
    "ceilings": {"channels": {"video": {"cpa_at_most": 200.0}, "search": {"marginal_cpa_at_most": 130.0}}},
    "periods": {
        "channels": {"video": {"blackout": ["2027-01-13"], "lead_time": 2, "per_period_max": 60_000.0}},
        "rules": {"at_most_seen": 2.5, "cash_per_period": 90_000.0},
    },
    "costs": {"channels": {"video": {"fee": 0.15}, "social": {"coop": 0.5, "fee": 0.1}, "search": {"fee": 0.05}}},
}


@pytest.mark.parametrize("rules", FURTHER.values(), ids=FURTHER)
def test_a_sized_plan_keeps_every_rule_and_adds_up(rules: dict[str, object]) -> None:
    artifact = make_artifact(draws=80)
    asked = scenario({"kpi": "orders", "at_least": 4_500}, business="none", **rules)
    found = Planner({"orders": PlanningModel(artifact)}).plan(asked)
    assert found.status in ("optimal", "feasible")
    assert found.tasks[0].reached_probability >= 0.8
    assert broken_rules(asked, found, artifact) == []
    spent = sum(channel.spend for channel in found.channels)
    assert spent + found.fees - found.coop == pytest.approx(found.budget, abs=0.004)


def test_a_sized_budget_keeps_whole_steps_and_its_own_limit() -> None:
    """Splits that are tried further away need not be in steps; what is answered is, and costs no more than it says."""
    rules: dict[str, object] = {
        "channels": {"social": {"increment": 7_000.0}, "tv": {"increment": 9_000.0}},
        "rules": {"test_reserve": 0.03},
    }
    task = {"kpi": "orders", "at_least": 4_000.0, "probability": 0.8}
    free = PLANNER.plan(scenario(task, **rules))
    assert free.status != "infeasible"
    for more in (1.0001, 1.01, 1.05):
        found = PLANNER.plan(scenario(task, budget=free.budget * more, **rules))
        assert found.budget <= free.budget * more * (1 + 1e-9)
        spend = {channel.channel: channel.spend for channel in found.channels}
        for name, step in (("social", 7_000.0), ("tv", 9_000.0)):
            assert spend[name] / step == pytest.approx(round(spend[name] / step), abs=1e-9)


def test_a_lift_from_a_split_that_is_not_in_steps_is() -> None:
    asked = scenario(
        {"kpi": "orders", "at_least": 4_000.0, "probability": 0.8}, channels={"social": {"increment": 7_000.0}}
    )
    question = Desk({"orders": PlanningModel(ARTIFACT)}).question(asked, None)
    split = compile_split(formulate(question.setting(asked, spends_all=False)))
    spend = dict.fromkeys(ARTIFACT.channels, 100_000.0)
    start = Allocation(spend, {}, 400_000.0, value=0.0, bound=0.0, gap=0.0, rounds=0, seconds=0.0)
    found = lift(split, question.tasks, start)
    assert found is not None
    assert found.spend["social"] / 7_000.0 == pytest.approx(round(found.spend["social"] / 7_000.0), abs=1e-9)
