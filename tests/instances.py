"""Random budget problems that can be checked without the optimiser: curves are Hill functions written out here."""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from builders import make_artifact
from further_rules import FurtherRules, draw_further_rules

from mmm.artifact import ResponseArtifact
from mmm.curves import ChannelResponse
from mmm.manifest import ChannelInfo
from optimizer.curves.expected import ExpectedCurve
from optimizer.program.allocation import AllocationProblem, KpiCurves
from optimizer.program.cpa_ceilings import cpa_limits
from optimizer.program.formulation import Setting
from optimizer.rulebook.rules import formulate
from optimizer.scenario.document import Scenario


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
    further: FurtherRules

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
        paid = float((self.further.cost * spend).sum())
        if abs(paid - self.budget) > slack or (spend < -slack).any() or (spend > self.most + slack).any():
            return False
        if ((spend > slack) & (spend < self.viable - slack)).any():
            return False
        if not self.further.is_allowed(spend, self.budget, slack):
            return False
        if not all(self.keeps_ceilings(index, amount, slack) for index, amount in enumerate(spend)):
            return False
        if self.band is None:
            return True
        brand = spend[self.is_brand].sum()
        return self.band[0] * spend.sum() - slack <= brand <= self.band[1] * spend.sum() + slack

    def keeps_ceilings(self, index: int, amount: float, slack: float) -> bool:
        """Whether an outcome costs no more than the ceilings have it, on average and for the last unit."""
        average, marginal = self.further.average[index], self.further.marginal[index]
        if amount <= slack:
            return True
        if np.isfinite(average):
            near = np.array([max(amount - slack, 0.0), amount, amount + slack])
            if (near > average * self.response(index, near) * (1 + 1e-9)).all():
                return False
        return not np.isfinite(marginal) or amount <= self.last_unit(index, marginal) + slack

    def last_unit(self, index: int, ceiling: float) -> float:
        """Largest spend at which one more outcome costs at most `ceiling`; zero when there is none.

        The slope of a Hill curve rises to its inflection and falls after it, so it is looked for from there.
        """
        half, slope, carry = self.half[index], self.slope[index], self.carry[index]

        def steepness(exposure: float) -> float:
            ratio = (exposure / half) ** slope
            return (
                float(self.ceiling[index] * slope * ratio / (exposure * (1 + ratio) ** 2)) if exposure > 0 else np.inf
            )

        bend = half * ((slope - 1) / (slope + 1)) ** (1 / slope) if slope > 1 else 0.0
        low = max(bend, carry)
        high = low + 1e6 * half
        if ceiling * steepness(low) < 1.0:
            return 0.0
        for _ in range(200):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if ceiling * steepness(middle) >= 1.0 else (low, middle)
        return low - carry

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
        rules, whole = self.further.document(self.names)
        for index, name in enumerate(self.names):
            if np.isfinite(self.most[index]):
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
                **whole,
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
        ceilings = {
            name: cpa_limits(curves[name], rule.cpa_at_most, rule.marginal_cpa_at_most, 4 * self.budget)
            for name, rule in scenario.channels.items()
        }
        setting = Setting(
            scenario,
            channels,
            reference,
            self.budget,
            spends_all=True,
            largest_seen=dict(zip(self.names, self.further.seen.tolist(), strict=True)),
            phasing=dict(zip(self.names, self.further.shares.T, strict=True)),
            cpa_limits=ceilings,
        )
        return AllocationProblem(formulate(setting), KpiCurves(curves))


def draw_instance(rng: np.random.Generator, sizes: tuple[int, ...], *, is_ruled: bool = False) -> Instance:
    """A random instance: S-shaped, concave or mixed; money and KPI in units from 1e-3 to 1e9.

    It has bounds, viable amounts and a brand band, and rules of every other kind if `is_ruled`.
    """
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
    drawn = Instance(
        kind=kind,
        budget=budget,
        half=half,
        slope=slope,
        ceiling=kpi * np.exp(rng.normal(0.0, 0.8, count)),
        carry=np.where(rng.random(count) < 0.3, half * rng.uniform(0.0, 0.5, count), 0.0),
        most=np.where(rng.random(count) < 0.2, even * rng.uniform(1.5, 3.0, count), np.inf),
        viable=np.where(rng.random(count) < 0.3, even * rng.uniform(0.1, 1.2, count), 0.0),
        is_brand=is_brand,
        band=None if rng.random() < 0.4 else (middle - 0.05, middle + 0.05),
        further=FurtherRules.none(count),
    )
    if not is_ruled:
        return drawn
    cpa = even / np.array([float(drawn.response(index, np.array(even))) for index in range(count)])
    return replace(drawn, further=draw_further_rules(rng, count, budget, cpa, is_banded=drawn.band is not None))


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
