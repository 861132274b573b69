"""Value, bound and gap of a plan's certificate, its target for a return, and what it says of caution and regret."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.checker.figures import is_near
from optimizer.checker.recount import Recount

_VALUE = 1e-5
"""Relative difference of values that is rounding, and the solver's tolerance given back."""


@dataclass(frozen=True)
class Wanted:
    """What a plan makes large, or small: its value from what a split brings in each draw. S draws.

    Attributes
    ----------
    recount
        The plan.
    gross
        Mean over all draws of what the plan brings, money that is spent not taken off.
    """

    recount: Recount
    gross: float

    @classmethod
    def of(cls, recount: Recount) -> "Wanted":
        """What a plan that is not sized wants most of."""
        return cls(recount, float(worth_of(recount, recount.incremental).mean()))

    @property
    def is_small(self) -> bool:
        """Whether less is better: regret."""
        return self.recount.plan.regret is not None

    def value(self, worth: FloatArray, paid: float) -> float:
        """The value of a split that brings so much in each draw and costs so much."""
        plan, price = self.recount.plan, self.recount.price
        if plan.regret is not None:
            return mean_of_first(np.sort(self.regrets(worth, paid))[::-1], plan.regret.level)
        if plan.risk is not None:
            return mean_of_first(np.sort(worth), plan.risk.level) - price * paid
        return float(worth.mean()) - price * paid

    def regrets(self, worth: FloatArray, paid: float) -> FloatArray:
        """What is missed against the best of each draw that was looked at, which is the plan's own word."""
        regret = self.recount.plan.regret
        if regret is None:
            return np.zeros(0)
        places, best = [each.draw for each in regret.draws], np.array([each.best for each in regret.draws])
        return np.asarray(best - (worth[places] - self.recount.price * paid))

    def weights(self, worth: FloatArray, paid: float) -> FloatArray:
        """Weights of the draws by which the value moves with the split, nearly, of sum one. Shape (S,)."""
        plan, size = self.recount.plan, len(worth)
        if plan.regret is not None:
            order = np.argsort(-self.regrets(worth, paid))
            places, level = np.array([each.draw for each in plan.regret.draws])[order], plan.regret.level
        elif plan.risk is not None:
            places, level = np.argsort(worth), plan.risk.level
        else:
            return np.full(size, 1.0 / size)
        weights = np.zeros(size)
        weights[places[: max(1, round(level * len(places)))]] = 1.0
        return np.asarray(weights / weights.sum())


def worth_of(recount: Recount, brought: Mapping[str, FloatArray]) -> FloatArray:
    """What a split is worth in each draw, in the unit of the certificate; `brought` is by KPI. Shape (S,)."""
    return np.asarray(np.sum([value * brought[kpi] for kpi, value in recount.units.items()], axis=0))


def broken_certificate(recount: Recount) -> list[str]:
    """What is wrong with value, bound, gap, unit and status of the certificate."""
    plan, certificate = recount.plan, recount.plan.certificate
    if certificate is None:
        return ["no certificate"]
    is_size = plan.objective == "size"
    unit = "money" if is_size or recount.is_money else "kpi"
    faults = [] if certificate.unit == unit else [f"certificate is in {certificate.unit}, not in {unit}"]
    if is_size:
        counted, scale, is_small = plan.budget, plan.budget, True
    else:
        wanted = Wanted.of(recount)
        counted, scale = wanted.value(worth_of(recount, recount.incremental), plan.budget), wanted.gross
        is_small = wanted.is_small
    if not is_near(certificate.value, counted, scale):
        faults.append(f"value is said to be {certificate.value}, counted {counted}")
    apart = certificate.value - certificate.bound if is_small else certificate.bound - certificate.value
    if apart < -1e-9 * max(abs(scale), 1e-300):
        faults.append(f"bound {certificate.bound} is none for value {certificate.value}")
    # The gap is relative to what the plan brings, of which regret counts that of the neutral plan.
    is_told = plan.regret is None and plan.risk is None and scale > 0
    if is_told and abs(certificate.gap - apart / scale) > _VALUE:
        faults.append(f"gap is said to be {certificate.gap}, counted {apart / scale}")
    if plan.status == "optimal" and certificate.gap > recount.scenario.solve.gap:
        faults.append(f"called optimal with a gap of {certificate.gap}")
    return [*faults, *_broken_target(recount), *_wrong_caution(recount)]


def broken_target(recount: Recount, brought: Mapping[str, FloatArray], paid: float) -> list[str]:
    """The target for a return that a split misses; `brought` is by KPI, shape (S,), `paid` what it costs."""
    target, plan = recount.plan.target, recount.plan
    if target is None:
        return []
    if target.roas is not None:
        worth = sum(value * float(brought[kpi].mean()) for kpi, value in recount.values.items())
        return [] if worth >= target.roas * paid * (1.0 - _VALUE) else ["target.roas"]
    if target.cpa is not None:
        return [] if target.cpa * float(brought[plan.kpi].mean()) >= paid * (1.0 - _VALUE) else ["target.cpa"]
    return []


def _broken_target(recount: Recount) -> Iterator[str]:
    plan = recount.plan
    if plan.target != recount.scenario.target or plan.objective != recount.scenario.objective:
        yield "objective and target are not those of the scenario"
    yield from broken_target(recount, recount.incremental, plan.budget)


def _wrong_caution(recount: Recount) -> Iterator[str]:
    """What caution and regret say of the plan, and that the neutral one is no better by their measure."""
    plan, wanted = recount.plan, Wanted.of(recount)
    worth, gross = worth_of(recount, recount.incremental), wanted.gross
    if plan.risk is not None:
        worst = mean_of_first(np.sort(worth), plan.risk.level)
        if not is_near(plan.risk.worst, worst, gross) or not is_near(plan.risk.mean, gross, gross):
            yield f"worst draws are said to bring {plan.risk.worst}, counted {worst}"
    if plan.regret is not None:
        missed = wanted.regrets(worth, plan.budget)
        if (missed < -_VALUE * gross).any():
            yield "the plan brings more than the best split of a draw"
        told = [each.regret for each in plan.regret.draws]
        if not np.allclose(told, missed, rtol=0.0, atol=_VALUE * gross):
            yield "regret of single draws is not what the plan misses there"
        figures = [("worst", plan.regret.worst, wanted.value(worth, plan.budget)), ("mean", plan.regret.mean, gross)]
        figures += [("largest", plan.regret.largest, float(missed.max()))]
        figures += [("average", plan.regret.average, float(missed.mean()))]
        for name, said, counted in figures:
            if not is_near(said, counted, gross):
                yield f"{name} of regret is said to be {said}, counted {counted}"


def mean_of_first(ordered: FloatArray, level: float) -> float:
    """Mean of the first `level` of ordered draws, the last of them in part."""
    count = max(1.0, level * len(ordered))
    whole = int(count)
    part = (count - whole) * ordered[whole] if whole < len(ordered) else 0.0
    return float((ordered[:whole].sum() + part) / count)
