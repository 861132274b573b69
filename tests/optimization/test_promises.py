"""What every plan promises, over random scenarios with all rules and over hard curves."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from builders import CHANNELS, make_artifact

from mmm.artifact import ResponseArtifact, ResponseDraws, seal
from optimizer.checker.rules import broken_rules
from optimizer.plan.document import Plan
from optimizer.planning import Planner, PlanningModel
from optimizer.scenario.document import Scenario

ARTIFACT = make_artifact(draws=60)


def reshaped(artifact: ResponseArtifact, **changes: np.ndarray) -> ResponseArtifact:
    """The artifact with some of its draws replaced."""
    draws = {name: getattr(artifact.draws, name) for name in ResponseDraws.__dataclass_fields__}
    return seal(artifact.manifest.model_copy(), ResponseDraws(**{**draws, **changes}))


def hard_artifacts() -> Mapping[str, ResponseArtifact]:
    draws = ARTIFACT.draws
    idle = draws.spend.copy()
    idle[:, 0] = 0.0
    heavy = draws.spend.copy()
    heavy[-8:] *= 50.0
    return {
        "plausible": ARTIFACT,
        "very steep": reshaped(ARTIFACT, slope=np.full_like(draws.slope, 6.0)),
        "steep at zero": reshaped(ARTIFACT, slope=np.full_like(draws.slope, 0.4)),
        "mixed slopes": reshaped(ARTIFACT, slope=np.tile([0.6, 4.5, 1.0, 1.0], (len(draws.slope), 1))),
        "never spent": reshaped(ARTIFACT, spend=idle),
        "huge carry-in": reshaped(ARTIFACT, spend=heavy),
    }


HARD = hard_artifacts()


def asked(changes: dict[str, object], money: float = 1.0) -> Scenario:
    return Scenario.model_validate(
        {
            "name": "random",
            "market": "testland",
            "kpi": "orders",
            "budget": 900_000.0 * money,
            "horizon": {"start": "2027-01-04", "periods": 13},
            **changes,
        }
    )


def draw_rules(rng: np.random.Generator, money: float, kpi: float = 1.0) -> dict[str, Any]:
    """Random rules, most of which can be obeyed together."""
    budget = money * float(np.exp(rng.uniform(np.log(5e3), np.log(2e7))))
    even = budget / 4
    rules: dict[str, dict[str, object]] = {}
    for name in ARTIFACT.channels:
        channel: dict[str, object] = {}
        match rng.integers(0, 8):
            case 0:
                channel["min"] = float(even * rng.uniform(0, 0.6))
            case 1:
                channel["max"] = float(even * rng.uniform(0.5, 3))
            case 2:
                channel["off_or_at_least"] = float(even * rng.uniform(0.2, 2))
            case 3:
                channel["increment"] = float(even * rng.uniform(0.01, 1.5))
            case 4:
                channel["locked"] = float(np.round(even * rng.uniform(0, 0.9), 2)) * float(rng.random() < 0.8)
            case 5:
                channel["change"] = (-0.9, float(rng.uniform(0, 50)))
            case _:
                pass
        if rng.random() < 0.25:
            channel["fixed_cost"] = float(even * rng.uniform(0, 0.1))
        rules[name] = channel
    middle = float(rng.uniform(0, 1))
    changes: dict[str, Any] = {"budget": budget, "channels": rules}
    changes["business"] = str(rng.choice(["b2b", "b2c", "published_b2b", "none"]))
    if rng.random() < 0.3:
        changes["split"] = {"brand_share": (max(0.0, middle - 0.1), min(1.0, middle + 0.1))}
    elif rng.random() < 0.2:
        edge = float(rng.integers(0, 2))
        changes["split"] = {"brand_share": (edge, edge)}
    groups = [
        {"name": "listed", "channels": ("tv", "search"), "share": (0.0, 0.8)},
        {"name": "role", "role": "brand", "amount": (0.0, float(even * 3))},
        {"name": "stage", "stage": "evaluation", "share": (0.05, 0.9)},
        {"name": "scene", "scene": "social", "share": (0.0, 0.5)},
        {"name": "department", "department": "growth", "amount": (float(even * 0.1), float(even * 3.5))},
    ]
    changes["groups"] = [group for group in groups if rng.random() < 0.25]
    if rng.random() < 0.3:
        changes["requires"] = [{"channel": "search", "upstream": ("tv", "video"), "at_most_ratio": 0.7}]
    if rng.random() < 0.3:
        changes["either_or"] = [{"channels": ("tv", "video"), "at_most": 1}]
    changes["rules"] = {
        "test_reserve": float(rng.choice([0.0, 0.05, 0.3])),
        "at_most_channels": int(rng.integers(2, 5)) if rng.random() < 0.5 else None,
        "total_change": (-1.0, 50.0) if rng.random() < 0.3 else None,
    }
    draw_order(rng, changes, even)
    draw_periods(rng, changes, even)
    draw_costs(rng, changes, money / kpi)
    return changes


def draw_order(rng: np.random.Generator, changes: dict[str, Any], even: float) -> None:
    """Random rules about which channels are on, and in which order."""
    if rng.random() < 0.3:
        changes["groups"].append({"name": "some", "channels": ("tv", "social", "search"), "at_least_channels": 2})
    if rng.random() < 0.3:
        changes["groups"].append({"name": "few", "channels": ("tv", "video", "search"), "at_most_channels": 2})
    if rng.random() < 0.3:
        level = float(even * rng.uniform(0.1, 2.0))
        changes["precedence"] = [{"channel": "social", "after": {"search": level, "tv": 0.2 * level}}]


def draw_periods(rng: np.random.Generator, changes: dict[str, Any], even: float) -> None:
    """Random rules about periods and about what was never seen."""
    tv, search = changes["channels"]["tv"], changes["channels"]["search"]
    if rng.random() < 0.3:
        tv["blackout"] = ["2027-01-13", {"start": "2027-02-01", "periods": 3}]
        search["lead_time"] = int(rng.integers(1, 5))
    if rng.random() < 0.3:
        search["per_period_max"] = float(even * rng.uniform(0.05, 0.5))
    if rng.random() < 0.3:
        changes["rules"]["cash_per_period"] = float(4 * even / 13 * rng.uniform(0.5, 1.5))
    elif rng.random() < 0.3:
        changes["rules"]["cash_per_period"] = [float(4 * even / 13 * share) for share in rng.uniform(0.5, 2.0, 13)]
    if rng.random() < 0.2:
        changes["rules"]["at_most_seen"] = float(rng.uniform(0.5, 3.0))
    changes["flighting"] = {"pattern": str(rng.choice(["even", "history"]))}


def draw_costs(rng: np.random.Generator, changes: dict[str, Any], unit: float) -> None:
    """Random fees, co-op money and ceilings on CPA."""
    tv, video, social, search = (changes["channels"][name] for name in ARTIFACT.channels)
    if rng.random() < 0.3:
        social["cpa_at_most"] = unit * float(rng.uniform(30, 150))
        video["cpa_at_most"] = unit * float(rng.uniform(60, 250))
    if rng.random() < 0.3:
        tv["marginal_cpa_at_most"] = unit * float(rng.uniform(50, 300))
        social["marginal_cpa_at_most"] = unit * float(rng.uniform(30, 200))
    if rng.random() < 0.3:
        search |= {"fee": 0.15, "coop": 0.5}
        video["fee"] = 0.05


def check_promises(question: Scenario, found: Plan, artifact: ResponseArtifact) -> None:
    assert found.status == "optimal"
    assert found.certificate is not None
    assert found.certificate.gap <= 1e-4
    assert found.certificate.value <= found.certificate.bound * (1 + 1e-12)
    spent = sum(channel.spend for channel in found.channels) + found.fees - found.coop
    cent = max(0.005, 1e-9 * found.budget)
    assert spent + found.test_reserve + found.fixed_costs == pytest.approx(found.budget, abs=cent)
    assert broken_rules(question, found, artifact) == []
    for channel in found.channels:
        assert channel.spend >= 0
        flights = [flight.spend for flight in found.flighting if flight.channel == channel.channel]
        assert sum(flights) == pytest.approx(channel.spend, abs=cent)
    fixed = sum(
        rule.fixed_cost or 0.0
        for name, rule in question.channels.items()
        if next(channel.spend for channel in found.channels if channel.channel == name) > 0
    )
    assert found.fixed_costs == pytest.approx(fixed, abs=cent)


@pytest.mark.parametrize("kind", HARD)
@pytest.mark.parametrize("seed", range(4))
def test_every_plan_keeps_its_promises_or_names_rules_that_clash(kind: str, seed: int) -> None:
    rng = np.random.default_rng([7, seed, list(HARD).index(kind)])
    question = asked(draw_rules(rng, 1.0))
    found = Planner({"orders": PlanningModel(HARD[kind])}).plan(question)
    if found.status == "infeasible":
        assert found.conflict
        assert found.relaxation
    else:
        check_promises(question, found, HARD[kind])


@pytest.mark.parametrize("units", [(1e-3, 1.0), (1e6, 1e-3), (1.0, 1e6), (1e6, 1e6)])
@pytest.mark.parametrize("kind", ["plausible", "mixed slopes"])
def test_units_of_money_and_kpi_do_not_matter(kind: str, units: tuple[float, float]) -> None:
    money, kpi = units
    whole = Planner({"orders": PlanningModel(HARD[kind])})
    scaled = Planner({"orders": PlanningModel(in_units(HARD[kind], money, kpi))})
    for seed in range(4):
        first = whole.plan(asked(draw_rules(np.random.default_rng([8, seed]), 1.0)))
        again = scaled.plan(asked(draw_rules(np.random.default_rng([8, seed]), money, kpi)))
        assert again.status == first.status
        if first.certificate is None or again.certificate is None:
            continue
        assert again.certificate.value == pytest.approx(first.certificate.value * kpi, rel=1.5e-4)
        assert again.budget == pytest.approx(first.budget * money, rel=1e-6, abs=0.01 * money)


def in_units(artifact: ResponseArtifact, money: float, kpi: float) -> ResponseArtifact:
    draws = artifact.draws
    return reshaped(
        artifact,
        half_saturation=draws.half_saturation * money,
        spend=draws.spend * money,
        ceiling=draws.ceiling * kpi,
        baseline=draws.baseline * kpi,
        noise_scale=draws.noise_scale * kpi,
        outcome=draws.outcome * kpi,
    )


CORNERS: dict[str, dict[str, object]] = {
    "all brand": {"split": {"brand_share": (1.0, 1.0)}},
    "no brand": {"split": {"brand_share": (0.0, 0.0)}},
    "less than one increment": {"budget": 1_000.0, "channels": {"tv": {"increment": 5_000.0}}},
    "less than any increment": {
        "budget": 1_000.0,
        "channels": {name: {"increment": 5_000.0} for name in ARTIFACT.channels},
    },
    "all locked": {"channels": {name: {"locked": 12_345.67} for name in ARTIFACT.channels}},
    "one channel": {"rules": {"at_most_channels": 1}},
    "a fixed cost above the budget": {"channels": {"tv": {"fixed_cost": 1e6}}},
    "a reserve of nearly all": {"rules": {"test_reserve": 0.99}},
    "a cent": {"budget": 0.01},
}


@pytest.mark.parametrize("changes", CORNERS.values(), ids=CORNERS)
@pytest.mark.parametrize("kind", ["very steep", "steep at zero"])
def test_corner_cases_keep_their_promises(changes: dict[str, object], kind: str) -> None:
    question = asked(changes)
    found = Planner({"orders": PlanningModel(HARD[kind])}).plan(question)
    check_promises(question, found, HARD[kind])


def test_a_market_of_one_channel_gets_its_whole_budget() -> None:
    artifact = make_artifact(draws=40, channels=CHANNELS[:1])
    found = Planner({"orders": PlanningModel(artifact)}).plan(asked({}))
    assert [channel.spend for channel in found.channels] == [900_000.0]


def test_locked_spend_is_exact_and_stepped_spend_is_whole_steps_to_the_last_digit() -> None:
    channels = {"tv": {"locked": 123_456.78}, "video": {"increment": 1_700.0}, "social": {"increment": 333.33}}
    found = Planner({"orders": PlanningModel(ARTIFACT)}).plan(asked({"channels": channels}))
    spend = {channel.channel: channel.spend for channel in found.channels}
    assert spend["tv"] == 123_456.78
    assert spend["video"] == round(spend["video"] / 1_700.0) * 1_700.0
    assert spend["social"] == round(spend["social"] / 333.33) * 333.33
    assert sum(spend.values()) == pytest.approx(900_000.0, abs=1e-6)


def test_no_fixed_cost_is_paid_for_a_channel_that_is_off() -> None:
    channels = {name: {"max": 0.0, "fixed_cost": 5_000.0} for name in ("tv", "video", "social")}
    channels["search"] = {"max": 100_000.0, "fixed_cost": 1_000.0}
    found = Planner({"orders": PlanningModel(ARTIFACT)}).plan(asked({"channels": channels}))
    assert found.fixed_costs == 1_000.0
    assert found.budget == pytest.approx(101_000.0)
