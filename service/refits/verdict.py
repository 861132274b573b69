"""Whether a challenger takes the champion's place: the rules of `PromotionPolicy` on all that a refit found.

Every rule is one-sided: a challenger need not be better to replace the champion, since it knows a quarter more; it must
not be worse, and no surprise that a person should see goes by unseen. docs/refits.md lists the rules.
"""

from collections.abc import Mapping, Sequence

from mmm.artifact import Gate, ResponseArtifact
from mmm.market import Market
from mmm.sentence import sentence
from mmm.spec_digest import spec_digest
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


def nothing_to_do(champion: Mapping[str, ResponseArtifact], market: Market, seed: int) -> Judgement | None:
    """The judgement on a refit whose data, choices and seed are the champion's; None where there is something to fit.

    `champion` has the artifacts in use by outcome; it must speak of every outcome that the market has.
    """
    asked = (market.data_digest, spec_digest(market), seed)
    manifests = [artifact.manifest for artifact in champion.values()]
    is_same = all((one.data_digest, one.spec_digest, one.seed) == asked for one in manifests)
    if not is_same or set(champion) != {outcome.name for outcome in market.spec.outcomes}:
        return None
    text = sentence("Data, choices and seed are those of the champion: the same fit would come of it.")
    action = sentence("Bring new data, or change the choices in market.toml.")
    return Judgement(
        decision="unchanged", reasons=(Reason(rule="unchanged", bearing="told", text=text, action=action),)
    )


def _judged(reasons: Sequence[Reason]) -> Judgement:
    ordered = sorted(reasons, key=lambda reason: _ORDER.index(reason.bearing))
    is_held = any(reason.bearing == "holds" for reason in ordered)
    return Judgement(decision="hold" if is_held else "promote", reasons=tuple(ordered))
