"""Rules that clash in several ways, and what is left of them where some are dropped or relaxed."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
from builders import make_artifact

from optimizer.plan.document import Plan, RelaxedRule
from optimizer.planning import Planner
from optimizer.question.asked import PlanningModel
from optimizer.scenario.document import Scenario

ARTIFACT = make_artifact(draws=20)
PLANNER = Planner({"orders": PlanningModel(ARTIFACT)})


def clashing(rng: np.random.Generator) -> dict[str, Any]:
    """Random rules that ask for too much in several ways."""
    even = 225_000.0
    channels: dict[str, dict[str, Any]] = {name: {} for name in ARTIFACT.channels}
    for rules in channels.values():
        match rng.integers(0, 5):
            case 0:
                rules["min"] = even * float(rng.uniform(0.5, 2.5))
            case 1:
                rules["max"] = even * float(rng.uniform(0.1, 0.8))
            case 2:
                rules["locked"] = even * float(rng.uniform(0.2, 2.5))
            case 3:
                rules["off_or_at_least"] = even * float(rng.uniform(0.5, 3.0))
            case _:
                rules["change"] = (float(rng.uniform(-0.5, 0.5)), float(rng.uniform(0.5, 1.0)))
        match rng.integers(0, 10):
            case 0:
                rules["cpa_at_most"] = float(rng.uniform(30, 150))
            case 1:
                rules["marginal_cpa_at_most"] = float(rng.uniform(50, 300))
            case 2:
                rules |= {"fee": 0.2, "coop": 0.3}
            case _:
                pass
        if rng.random() < 0.2:
            rules["fixed_cost"] = even * float(rng.uniform(0.05, 0.3))
    low = float(rng.uniform(0.0, 0.9))
    return {
        "budget": 900_000.0,
        "channels": channels,
        "split": {"brand_share": (low, low + 0.1)},
        "groups": [
            {"name": "growth", "department": "growth", "share": (0.4, 0.6)},
            {"name": "need", "stage": "need", "amount": (even * float(rng.uniform(0, 2)), even * 2)},
            {"name": "some", "channels": ("tv", "social", "search"), "at_least_channels": 2},
            {"name": "few", "channels": ("video", "search"), "at_most_channels": 1},
        ],
        "precedence": [{"channel": "social", "after": {"video": even * float(rng.uniform(0.5, 2))}}],
        "requires": [{"channel": "search", "upstream": ("tv",), "at_most_ratio": 0.5}],
        "either_or": [{"channels": ("tv", "video"), "at_most": 1}],
        "rules": {
            "at_most_channels": int(rng.integers(1, 4)),
            "total_change": (-0.2, float(rng.uniform(0.0, 0.5))),
            "cash_per_period": float(900_000.0 / 13 * rng.uniform(0.5, 2.0)),
        },
    }


def planned(changes: dict[str, Any]) -> Plan:
    scenario = {"name": "clash", "market": "testland", "kpi": "orders", "business": "none"}
    horizon = {"start": "2027-01-04", "periods": 13}
    return PLANNER.plan(Scenario.model_validate({**scenario, "horizon": horizon, **changes}))


def asking_too_much(seed: list[int]) -> dict[str, Any] | None:
    """Rules that hold together, some of them loose, and a task beyond what they allow; None where the rules clash.

    Half of them have a budget.
    """
    rng = np.random.default_rng(seed)
    even, channels = 225_000.0, dict[str, dict[str, Any]]()
    for name in ARTIFACT.channels:
        limits: list[dict[str, Any]] = [
            {"max": even * float(rng.uniform(0.3, 2.0))},
            {"off_or_at_least": even * float(rng.uniform(0.2, 1.0))},
            {"change": (-1.0, float(rng.uniform(0.1, 1.0)))},
            {"cpa_at_most": float(rng.uniform(80, 300))},
            {"increment": 5_000.0},
            {},
        ]
        channels[name] = limits[rng.integers(0, len(limits))]
    changes: dict[str, Any] = {
        "budget": 900_000.0 if rng.random() < 0.5 else None,
        "channels": channels,
        "groups": [
            {"name": "growth", "department": "growth", "share": (0.0, float(rng.uniform(0.4, 1.0)))},
            {"name": "need", "stage": "need", "amount": (0.0, even * float(rng.uniform(0.5, 4.0)))},
            {"name": "some", "channels": ("tv", "social", "search"), "at_least_channels": 1},
            {"name": "few", "channels": ("video", "search"), "at_most_channels": int(rng.integers(1, 3))},
        ],
        "precedence": [{"channel": "social", "after": {"video": even * float(rng.uniform(0.1, 1.0))}}],
        "requires": [{"channel": "search", "upstream": ("tv",), "at_most_ratio": float(rng.uniform(0.5, 2.0))}],
        "either_or": [{"channels": ("tv", "video"), "at_most": int(rng.integers(1, 3))}],
        "rules": {
            "at_most_channels": int(rng.integers(2, 5)),
            "total_change": (-0.9, float(rng.uniform(0.0, 1.0))),
            "cash_per_period": None,
        },
    }
    if changes["budget"] is None:
        changes["objective"] = "size"
    task = {"kpi": "orders", "at_least": 1e6, "probability": float(rng.choice([0.5, 0.8, 0.9]))}
    found = planned(changes | {"tasks": [task]})
    if not found.attainable or found.attainable[0].attainable <= 0:
        return None
    return changes | {"tasks": [task | {"at_least": float(rng.uniform(1.02, 1.3)) * found.attainable[0].attainable}]}


def moved(ends: Any, at: RelaxedRule, unit: float = 1.0, offset: float = 0.0) -> tuple[float, float]:
    """Limits of which one end gives way; `unit` and `offset` turn the rule's money into the limit's terms."""
    low, high = ends
    to = at.to / unit + offset
    if at.to < at.from_:
        return (min(low, to - 1e-7 * (1 + abs(to))), high)
    return (low, max(high, to + 1e-7 * (1 + abs(to))))


def changed_group(changes: dict[str, Any], name: str) -> dict[str, Any]:
    return next(group for group in changes["groups"] if group["name"] == name)


def relaxed(changes: dict[str, Any], rule: RelaxedRule, reference: dict[str, float]) -> None:
    """Let one rule give way as the relaxation says."""
    slack = 1 + (1e-7 if rule.to > rule.from_ else -1e-7)
    match rule.rule.replace("[1]", "").split("."):
        case ["tasks", "at_least"]:
            changes["tasks"][0]["at_least"] = rule.to
        case ["budget"]:
            changes["budget"] = rule.to * slack
        case ["split", "brand_share"]:
            low, high = moved(changes["split"]["brand_share"], rule)
            changes["split"]["brand_share"] = (max(0.0, low), min(1.0, high))
        case ["channels", name, "change"]:
            channel = changes["channels"][name]
            low, high = moved(channel["change"], rule, reference[name], -1.0)
            channel["change"] = (max(-1.0, low), high)
        case ["channels", name, "locked"]:
            del changes["channels"][name]["locked"]
            around = 1e-6 * rule.to
            changes["channels"][name] |= {"min": max(0.0, rule.to - around), "max": rule.to + around}
        case ["channels", name, limit]:
            changes["channels"][name][limit] = max(rule.to * slack, 1e-9)
        case ["precedence", "after", name]:
            changes["precedence"][0]["after"][name] = max(rule.to * slack, 1e-9)
        case ["groups", name, ("at_least_channels" | "at_most_channels") as limit]:
            if (at := round(rule.to)) > 0:
                changed_group(changes, name)[limit] = at
            else:
                dropped(changes, rule.rule)
        case ["groups", name, limit]:
            group = changed_group(changes, name)
            low, high = moved(group[limit], rule)
            group[limit] = (max(0.0, low), min(1.0, high) if limit == "share" else high)
        case ["requires"]:
            changes["requires"][0]["at_most_ratio"] = rule.to * slack
        case ["either_or"]:
            changes["either_or"][0]["at_most"] = round(rule.to)
        case ["rules", "at_most_channels"]:
            changes["rules"]["at_most_channels"] = round(rule.to)
        case ["rules", "cash_per_period"]:
            changes["rules"]["cash_per_period"] = rule.to * slack
        case ["rules", "total_change"]:
            costs = {name: 1.2 * 0.7 if "fee" in own else 1.0 for name, own in changes["channels"].items()}
            total = sum(costs[name] * amount for name, amount in reference.items())
            low, high = moved(changes["rules"]["total_change"], rule, total, -1.0)
            changes["rules"]["total_change"] = (max(-1.0, low), high)
        case unknown:
            raise AssertionError(unknown)


def dropped(changes: dict[str, Any], rule: str) -> None:
    """Leave one rule out."""
    match rule.replace("[1]", "").split("."):
        case ["tasks"]:
            changes["tasks"][0]["at_least"] = 10.0  # sizing has one
        case ["budget"] if changes["budget"] is not None:
            changes["budget"] = 1e8
        case ["budget"]:
            pass
        case ["split", "brand_share"]:
            changes["split"] = None
        case ["channels", name, limit]:
            del changes["channels"][name][limit]
        case ["groups", name, limit]:
            changes["groups"] = [group for group in changes["groups"] if group["name"] != name or limit not in group]
        case ["requires" | "either_or" as kind] | ["precedence" as kind, "after", _]:
            changes[kind] = []
        case ["rules", name]:
            changes["rules"][name] = None
        case unknown:
            raise AssertionError(unknown)


def only(changes: dict[str, Any], kept: set[str]) -> dict[str, Any]:
    """Leave out all rules but some."""
    rules = [
        "budget",
        "split.brand_share",
        "requires[1]",
        "either_or[1]",
        *(["tasks[1]"] if "tasks" in changes else []),
    ]
    rules += ["groups.some.at_least_channels", "groups.few.at_most_channels", "precedence[1].after.video"]
    rules += [
        "rules.cash_per_period",
        "rules.at_most_channels",
        "rules.total_change",
        "groups.growth.share",
        "groups.need.amount",
    ]
    limits = ("min", "max", "locked", "off_or_at_least", "change", "increment", "cpa_at_most", "marginal_cpa_at_most")
    rules += [
        f"channels.{name}.{limit}" for name, own in changes["channels"].items() for limit in limits if limit in own
    ]
    assert kept <= set(rules)
    for rule in rules:
        if rule not in kept:
            dropped(changes, rule)
    return changes


@dataclass(frozen=True)
class Judged:
    """What is wrong with the answer to one clash; all False where there is none."""

    is_infeasible: bool = False
    needed_alone_is_feasible: bool = False
    not_needed: tuple[str, ...] = ()
    relaxation_fails: bool = False

    @property
    def is_right(self) -> bool:
        return not (self.needed_alone_is_feasible or self.not_needed or self.relaxation_fails)


def judged(seed: list[int]) -> Judged:
    """Whether the rules named clash, each of them is needed for it, and the relaxation named ends it."""
    return _judged(lambda: clashing(np.random.default_rng(seed)))


def judged_with_a_task(seed: list[int]) -> Judged:
    """The same of a task that rules, of which some may clash in no way, put out of reach."""
    changes = asking_too_much(seed)
    return Judged() if changes is None else _judged(lambda: deepcopy(changes), ("optimal", "feasible"))


def _judged(changes: Callable[[], dict[str, Any]], solved: tuple[str, ...] = ("optimal",)) -> Judged:
    found = planned(changes())
    if found.status != "infeasible":
        return Judged()
    needed = {rule.rule for rule in found.conflict}
    eased = changes()
    reference = {
        name: float(total)
        for name, total in zip(ARTIFACT.channels, ARTIFACT.draws.spend[52:65].sum(axis=0), strict=True)
    }
    for rule in found.relaxation:
        relaxed(eased, rule, reference)
    # Sizing has no budget to leave out: there its limit is how far it looks.
    may_go = needed if changes()["budget"] is not None else needed - {"budget"}
    return Judged(
        is_infeasible=True,
        needed_alone_is_feasible=not needed or planned(only(changes(), needed)).status != "infeasible",
        not_needed=tuple(rule for rule in may_go if planned(only(changes(), needed - {rule})).status not in solved),
        relaxation_fails=planned(eased).status not in solved,
    )
