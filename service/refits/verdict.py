"""Whether a challenger takes the champion's place: the rules of `PromotionPolicy` on all that a refit found.

Every rule is one-sided: a challenger need not be better to replace the champion, since it knows a quarter more; it must
not be worse, and no surprise that a person should see goes by unseen. docs/refits.md lists the rules.
"""

from collections.abc import Mapping, Sequence

from mmm.manifest import Gate
from mmm.sentence import sentence
from service.refits.curve_stability import CurveStability
from service.refits.fit_reasons import backtest_reasons, gate_reasons
from service.refits.judgement import Bearing, Judgement, Reason
from service.refits.move_reasons import curve_reasons, split_reasons
from service.refits.policy import USUAL_POLICY, PromotionPolicy
from service.refits.quarter import QuarterBacktest
from service.refits.split_stability import SplitStability

_ORDER: tuple[Bearing, ...] = ("holds", "told", "supports")


def verdict(
    gates: Mapping[str, Sequence[Gate]],
    backtests: Sequence[QuarterBacktest],
    curves: CurveStability,
    splits: SplitStability,
    policy: PromotionPolicy = USUAL_POLICY,
) -> Judgement:
    """The judgement on a challenger of a market that has a champion.

    Parameters
    ----------
    gates
        Of the challenger, by outcome.
    backtests
        Of the newest quarter, one an outcome that both models have.
    curves, splits
        What moved from the champion to the challenger.
    policy
        The limits.
    """
    reasons = [reason for kpi, found in gates.items() for reason in gate_reasons(kpi, found)]
    reasons += [reason for found in backtests for reason in backtest_reasons(found, policy)]
    reasons += [*curve_reasons(curves, policy), *split_reasons(splits, policy)]
    return _judged(reasons)


def first_verdict(gates: Mapping[str, Sequence[Gate]]) -> Judgement:
    """The judgement on the first model of a market, which has no champion to be held against: gates alone decide."""
    text = sentence("The market has no model in use: the gates alone decide.")
    reasons = [reason for kpi, found in gates.items() for reason in gate_reasons(kpi, found)]
    return _judged([*reasons, Reason(rule="first", bearing="told", text=text)])


def _judged(reasons: Sequence[Reason]) -> Judgement:
    ordered = sorted(reasons, key=lambda reason: _ORDER.index(reason.bearing))
    is_held = any(reason.bearing == "holds" for reason in ordered)
    return Judgement(decision="hold" if is_held else "promote", reasons=tuple(ordered))
