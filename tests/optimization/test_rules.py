"""Each rule beside a golden LP file: what it means to the solver, readable and stable.

`MIXPLAN_WRITE_GOLDEN=1 pytest tests/optimization/test_rules.py` writes the files anew.
"""

import math
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyomo.environ as pyo
import pytest

from mmm.curves import ChannelResponse
from mmm.manifest import ChannelInfo
from mmm.periods import period_range
from mmm.sentence import sentence
from optimizer.curves.expected import ExpectedCurve, Line
from optimizer.geos.rules import CellRules, SumRule
from optimizer.horizon.reach_limits import ReachLimit
from optimizer.program.capacity_lines import CapacityLines, CapacityRow, PeriodCapacity
from optimizer.program.cpa_ceilings import CpaLimits
from optimizer.program.formulation import Formulation, Setting
from optimizer.program.solve import compile_split, feasible_with_slack
from optimizer.rulebook.rules import RULES, formulate
from optimizer.scenario.document import Scenario

GOLDEN = Path(__file__).parent / "golden"

CHANNELS = tuple(
    ChannelInfo(
        name=name,
        role=role,
        brand_weight=weight,
        stage=stage,
        scene=scene,
        department=department,
        adstock="geometric",
        saturation="hill",
    )
    for name, role, weight, stage, scene, department in (
        ("tv", "brand", 1.0, "need", "offline", "brand team"),
        ("video", "brand", 0.7, "need", "streaming", "brand team"),
        ("search", "performance", 0.0, "evaluation", "search", "growth"),
    )
)

EXAMPLES: dict[str, dict[str, object]] = {
    "spend_the_budget": {"channels": {"tv": {"fixed_cost": 5.0}}, "rules": {"test_reserve": 0.05}},
    "keep_total_change": {"rules": {"total_change": (-0.2, 0.2)}},
    "keep_channel_bounds": {"channels": {"tv": {"min": 10.0, "max": 40.0}}},
    "lock_channels": {"channels": {"video": {"locked": 25.0}}},
    "limit_channel_change": {"channels": {"search": {"change": (-0.3, 0.3)}}},
    "keep_off_or_at_least": {"channels": {"tv": {"off_or_at_least": 20.0}}},
    "keep_increments": {"channels": {"tv": {"increment": 5.0}}},
    "limit_channel_period": {"channels": {"tv": {"per_period_max": 4.0}}},
    "keep_bursts": {"channels": {"search": {"burst_at_least": 4.0}}},
    "limit_extrapolation": {"rules": {"at_most_seen": 1.5}},
    "limit_average_cpa": {"channels": {"tv": {"cpa_at_most": 8.0}, "video": {"cpa_at_most": 1.0}}},
    "limit_marginal_cpa": {"channels": {"tv": {"marginal_cpa_at_most": 8.0}, "video": {"marginal_cpa_at_most": 1.0}}},
    "keep_brand_share": {"business": "b2b"},
    "keep_group_limits": {
        "groups": [
            {"name": "need", "stage": "need", "share": (0.1, 0.5)},
            {"name": "growth", "department": "growth", "amount": (10.0, 60.0)},
            {"name": "streaming", "scene": "streaming", "amount": (0.0, 30.0)},
            {"name": "performance", "role": "performance", "share": (0.2, 1.0)},
            {"name": "listed", "channels": ("tv", "search"), "share": (0.0, 0.9)},
        ]
    },
    "keep_group_counts": {
        "groups": [
            {"name": "brand", "role": "brand", "at_least_channels": 1},
            {"name": "listed", "channels": ("tv", "search"), "at_most_channels": 1},
        ]
    },
    "keep_new_channels_small": {
        "new_channels": {
            "search": {"like": "tv", "at_most_share": 0.1},
            "video": {"like": "tv"},
        },
        "channels": {"video": {"max": 30.0}},
    },
    "keep_sums_of_cells": {
        "geos": CellRules(
            sums=(
                SumRule(rule="geos.floor.north", text=sentence("floor"), members=("tv", "video"), low=20.0),
                SumRule(rule="channels.search.max", text=sentence("most"), members=("video", "search"), high=60.0),
                SumRule(
                    rule="geos.groups.coast.share",
                    text=sentence("share"),
                    members=("tv",),
                    low=0.2,
                    high=0.5,
                    base=("tv", "video"),
                ),
            )
        )
    },
    "stay_within_reach": {"within_reach": {"video": (45.0, 2e6)}},
    "keep_either_or": {"either_or": [{"channels": ("tv", "video"), "at_most": 1}]},
    "require_upstream": {"requires": [{"channel": "search", "upstream": ("tv", "video"), "at_most_ratio": 0.5}]},
    "keep_precedence": {"precedence": [{"channel": "video", "after": {"tv": 30.0, "search": 10.0}}]},
    "limit_channel_count": {"rules": {"at_most_channels": 2}},
    "keep_capacity": {"capacity": [{"kpi": "orders", "at_most": 80.0}]},
    "limit_cash": {"rules": {"cash_per_period": (20.0, 40.0, 25.0, 30.0)}, "channels": {"tv": {"fixed_cost": 5.0}}},
}


NO_CURVE = ExpectedCurve(
    ChannelResponse("tv", "hill", np.zeros((1, 1)), np.zeros((1, 1)), np.ones(1), np.ones(1), np.ones(1), horizon=1)
)


def setting(**changes: object) -> Setting:
    within_reach = {name: ReachLimit(*limit) for name, limit in changes.pop("within_reach", {}).items()}
    scenario = Scenario.model_validate(
        {
            "name": "golden",
            "market": "testland",
            "kpi": "orders",
            "budget": 100.0,
            "horizon": {"start": "2027-01-04", "periods": 4},
            **changes,
        }
    )
    lines = {
        "tv": ((Line(2.0, 0.0),), (Line(0.5, 30.0), Line(1.0, 15.0)), (Line(0.0, 60.0),)),
        "video": ((Line(1.0, 0.0),),),
        "search": ((Line(0.0, 0.0), Line(1.5, -20.0)),),
    }
    rows = tuple(
        CapacityRow(PeriodCapacity(rule, 3, asked, asked.at_most, 20.0, dict.fromkeys(lines, NO_CURVE)), lines)
        for rule, asked in enumerate(scenario.capacity)
    )
    cuts = {"tv": (0.0, 20.0, 60.0, math.inf), "video": (0.0, math.inf), "search": (0.0, math.inf)}
    phasing = {"tv": (0.5, 0.5, 0.0, 0.0), "video": (0.25, 0.25, 0.25, 0.25), "search": (0.1, 0.2, 0.3, 0.4)}
    return Setting(
        scenario,
        CHANNELS,
        {"tv": 30.0, "video": 20.0, "search": 40.0},
        100.0,
        spends_all=True,
        largest_seen={"tv": 60.0, "video": 0.0, "search": 40.0},
        dates=period_range(scenario.horizon.start, 4, "week"),
        cpa_limits={
            "tv": CpaLimits(NO_CURVE, ((5.0, 20.0), (40.0, math.inf)), 70.0),
            "video": CpaLimits(NO_CURVE, (), 0.0),
        },
        phasing={name: np.array(shares) for name, shares in phasing.items()},
        within_reach=within_reach,
        capacity=CapacityLines(rows, cuts),
    )


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule_reads_as_its_golden_lp(rule: Callable[[Formulation], None], tmp_path: Path) -> None:
    form = Formulation(setting(**EXAMPLES[rule.__name__]))
    rule(form)
    form.model.everything = pyo.Objective(
        expr=sum(form.model.spend.values()) + sum(form.model.is_on.values()) + form.model.total, sense=pyo.maximize
    )
    written = tmp_path / "rule.lp"
    form.model.write(str(written), io_options={"symbolic_solver_labels": True})
    golden = GOLDEN / f"{rule.__name__}.lp"
    if os.environ.get("MIXPLAN_WRITE_GOLDEN"):
        golden.write_text(written.read_text())
    assert written.read_text() == golden.read_text()


def test_every_rule_has_an_example_that_adds_rows_and_a_golden_file() -> None:
    assert {rule.__name__ for rule in RULES} == set(EXAMPLES) == {path.stem for path in GOLDEN.glob("*.lp")}
    for rule in RULES:
        form = Formulation(setting(**EXAMPLES[rule.__name__]))
        rule(form)
        assert form.rows, rule.__name__


def test_a_scenario_without_rules_has_its_budget_alone() -> None:
    assert [row.rule for row in formulate(setting()).rows] == ["budget"]


def test_rules_that_leave_room_are_feasible_together() -> None:
    changes: dict[str, object] = {
        "channels": {"tv": {"min": 10.0, "off_or_at_least": 20.0, "fixed_cost": 2.0}, "search": {"increment": 5.0}},
        "business": "b2c",
        "rules": {"test_reserve": 0.1, "at_most_channels": 3},
    }
    found = feasible_with_slack(compile_split(formulate(setting(**changes))), {}, frozenset())
    assert found is not None
    relaxed, yielding = found
    assert not yielding
    assert relaxed.total == pytest.approx(100.0)
    assert sum(relaxed.spend.values()) + 2.0 + 10.0 == pytest.approx(100.0)
    assert relaxed.spend["tv"] >= 20.0 - 1e-9
    assert relaxed.spend["search"] % 5.0 == pytest.approx(0.0, abs=1e-6)
    assert 0.35 - 1e-9 <= (relaxed.spend["tv"] + 0.7 * relaxed.spend["video"]) / 88.0 <= 0.45 + 1e-9
