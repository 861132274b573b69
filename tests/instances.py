"""Random budget problems and an exact method for them that shares no code with the optimiser.

Curves are single Hill functions written out here. The exact method is dynamic programming over
a money grid, by role and then across roles, polished by moving money between pairs of channels.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
from builders import make_artifact

from mmm.artifact import ChannelInfo, ResponseArtifact
from mmm.curves import ChannelResponse
from optimizer.allocate import AllocationProblem, KpiCurves
from optimizer.curves import ExpectedCurve
from optimizer.formulation import Setting
from optimizer.rules import formulate
from optimizer.scenario import Scenario


@dataclass(frozen=True)
class Instance:
    """A budget to split over Hill curves under bounds, off-or-at-least rules and a brand band."""

    kind: str
    budget: float
    half: np.ndarray
    slope: np.ndarray
    ceiling: np.ndarray
    carry: np.ndarray
    most: np.ndarray
    viable: np.ndarray
    is_brand: np.ndarray
    band: tuple[float, float] | None

    @property
    def names(self) -> list[str]:
        return [f"c{index}" for index in range(len(self.half))]

    def response(self, index: int, spend: np.ndarray) -> np.ndarray:
        """Hill response above what the carry alone brings, written out from its definition."""
        half, slope, carry = self.half[index], self.slope[index], self.carry[index]

        def hill(exposure: np.ndarray) -> np.ndarray:
            with np.errstate(divide="ignore", over="ignore"):
                return 1.0 / (1.0 + (half / exposure) ** slope)

        return self.ceiling[index] * (hill(np.asarray(spend) + carry) - hill(np.asarray(carry)))

    def value(self, spend: np.ndarray) -> float:
        return float(sum(self.response(index, amount) for index, amount in enumerate(spend)))

    def is_allowed(self, spend: np.ndarray, tolerance: float = 1e-7) -> bool:
        slack = tolerance * self.budget
        if abs(spend.sum() - self.budget) > slack or (spend < -slack).any() or (spend > self.most + slack).any():
            return False
        if ((spend > slack) & (spend < self.viable - slack)).any():
            return False
        if self.band is None:
            return True
        brand = spend[self.is_brand].sum()
        return self.band[0] * spend.sum() - slack <= brand <= self.band[1] * spend.sum() + slack

    def problem(self) -> AllocationProblem:
        channels = tuple(
            ChannelInfo(
                name=name,
                role="brand" if is_brand else "performance",
                brand_weight=float(is_brand),
                adstock="geometric",
                saturation="hill",
            )
            for name, is_brand in zip(self.names, self.is_brand, strict=True)
        )
        rules: dict[str, dict[str, float]] = {name: {} for name in self.names}
        for index, name in enumerate(self.names):
            if self.most[index] < self.budget:
                rules[name]["max"] = self.most[index]
            if self.viable[index] > 0:
                rules[name]["off_or_at_least"] = self.viable[index]
        scenario = Scenario.model_validate(
            {
                "name": "random",
                "market": "random",
                "kpi": "kpi",
                "budget": self.budget,
                "horizon": {"start": date(2027, 1, 4), "periods": 1},
                "channels": rules,
                "split": None if self.band is None else {"brand_share": self.band},
            }
        )
        curves = {
            name: ExpectedCurve(
                ChannelResponse(
                    name,
                    "hill",
                    carry=np.array([[self.carry[index]]]),
                    gain=np.ones((1, 1)),
                    half_saturation=self.half[[index]],
                    slope=self.slope[[index]],
                    ceiling=self.ceiling[[index]],
                    horizon=1,
                )
            )
            for index, name in enumerate(self.names)
        }
        reference = dict.fromkeys(self.names, self.budget / len(self.names))
        form = formulate(Setting(scenario, channels, reference, self.budget, spends_all=True))
        return AllocationProblem(form, KpiCurves.of(curves))


def draw_instance(rng: np.random.Generator, sizes: tuple[int, ...]) -> Instance:
    """A random instance: S-shaped, concave or mixed; money and KPI in units from 1e-3 to 1e9."""
    count = int(rng.choice(sizes))
    money, kpi = 10.0 ** rng.uniform(-3, 9, size=2)
    kind = str(rng.choice(["s-shaped", "concave", "mixed"]))
    slope = {
        "s-shaped": np.where(rng.random(count) < 0.8, rng.uniform(1.3, 4.0, count), rng.uniform(4.0, 30.0, count)),
        "concave": rng.uniform(0.4, 1.0, count),
        "mixed": rng.uniform(0.4, 6.0, count),
    }[kind]
    half = money * np.exp(rng.normal(0.0, 0.8, count))
    budget = money * count * rng.uniform(0.2, 2.0)
    even = budget / count
    is_brand = np.arange(count) % 2 == 0
    middle = rng.uniform(0.35, 0.65)
    return Instance(
        kind=kind,
        budget=budget,
        half=half,
        slope=slope,
        ceiling=kpi * np.exp(rng.normal(0.0, 0.8, count)),
        carry=np.where(rng.random(count) < 0.3, half * rng.uniform(0.0, 0.5, count), 0.0),
        most=np.where(rng.random(count) < 0.2, even * rng.uniform(1.5, 3.0, count), budget),
        viable=np.where(rng.random(count) < 0.3, even * rng.uniform(0.1, 1.2, count), 0.0),
        is_brand=is_brand,
        band=None if rng.random() < 0.4 else (middle - 0.05, middle + 0.05),
    )


def draw_market(rng: np.random.Generator, channels: int, draws: int) -> tuple[ResponseArtifact, Scenario]:
    """A market with posterior-like draws, and a scenario with a band and integer rules for it."""
    infos = tuple(
        ChannelInfo(
            name=f"c{index}",
            role="brand" if index % 2 else "performance",
            brand_weight=float(index % 2),
            adstock="delayed" if rng.random() < 0.5 else "geometric",
            saturation="hill" if rng.random() < 0.6 else "logistic",
        )
        for index in range(channels)
    )
    artifact = make_artifact(draws=draws, seed=int(rng.integers(1, 10_000)), channels=infos)
    budget = 260_000.0 * channels * float(rng.uniform(0.4, 1.3))
    viable = {
        info.name: {"off_or_at_least": budget / channels * float(rng.uniform(0.2, 1.2))}
        for info in infos
        if rng.random() < 0.5
    }
    scenario = Scenario.model_validate(
        {
            "name": "realistic",
            "market": artifact.manifest.market,
            "kpi": artifact.manifest.outcome.name,
            "budget": budget,
            "business": "b2b" if rng.random() < 0.5 else "b2c",
            "horizon": {"start": date(2027, 1, 4), "periods": 13},
            "channels": viable,
            "rules": {"at_most_channels": int(rng.integers(channels // 2, channels))},
        }
    )
    return artifact, scenario


def best_known(instance: Instance, steps: int) -> np.ndarray | None:
    """The best split on a grid of `steps` amounts, polished; None when the grid has no allowed split."""
    grid = np.linspace(0.0, instance.budget, steps + 1)
    by_role = [_grid_optimum(instance, np.flatnonzero(instance.is_brand == role), grid) for role in (True, False)]
    (brand_value, brand_choice), (other_value, other_choice) = by_role
    shares = np.arange(steps + 1) / steps
    total = brand_value + other_value[::-1]
    if instance.band is not None:
        total = np.where((shares >= instance.band[0] - 1e-12) & (shares <= instance.band[1] + 1e-12), total, -np.inf)
    split = int(np.argmax(total))
    if not np.isfinite(total[split]):
        return None
    spend = np.zeros(len(instance.half))
    for choice, units in ((brand_choice, split), (other_choice, steps - split)):
        left = units
        for index, taken in reversed(choice):
            spend[index] = grid[taken[left]]
            left -= int(taken[left])
    return _polished(instance, spend, grid[1])


def _grid_optimum(
    instance: Instance, members: np.ndarray, grid: np.ndarray
) -> tuple[np.ndarray, list[tuple[int, np.ndarray]]]:
    """Best value of some channels at each amount of the grid, spent whole, and what each channel takes."""
    steps = len(grid) - 1
    value = np.full(steps + 1, -np.inf)
    value[0] = 0.0
    choices = []
    lag = np.arange(steps + 1)[:, None] - np.arange(steps + 1)[None, :]
    for index in members:
        gain = instance.response(index, grid)
        is_off = grid == 0
        gain = np.where(
            (grid <= instance.most[index] + 1e-12 * instance.budget) & (is_off | (grid >= instance.viable[index])),
            gain,
            -np.inf,
        )
        candidates = np.where(lag >= 0, value[lag], -np.inf) + gain[None, :]
        taken = np.argmax(candidates, axis=1)
        value = candidates[np.arange(steps + 1), taken]
        choices.append((int(index), taken))
    return value, choices


def _polished(instance: Instance, spend: np.ndarray, step: float) -> np.ndarray:
    """Move ever smaller amounts between pairs while that helps and stays allowed."""
    best = instance.value(spend)
    while step > 1e-4 * instance.budget / len(spend):
        is_better = False
        for giver in range(len(spend)):
            for taker in range(len(spend)):
                if giver == taker or spend[giver] < step:
                    continue
                moved = spend.copy()
                moved[giver] -= step
                moved[taker] += step
                if instance.is_allowed(moved, 1e-12) and (value := instance.value(moved)) > best:
                    spend, best, is_better = moved, value, True
        if not is_better:
            step /= 2.0
    return spend
