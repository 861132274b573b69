"""Each gate on numbers of our choice: what passes, what asks for a review, what fails."""

from dataclasses import replace

import numpy as np
import pytest
from fitting_markets import mixed_market

from mmm.checks.bend import SeenBend
from mmm.checks.diagnostics import Contraction, Diagnostics
from mmm.checks.drift import Drift
from mmm.checks.gates import evidence_of, judge
from mmm.checks.holdout import HoldoutScore
from mmm.checks.likeness import Likeness
from mmm.checks.predictive import PredictedStatistic
from mmm.checks.residual import LAGS, autocorrelation_limit
from mmm.checks.sampler import STANDING_RHAT, Convergence, SamplerHealth, convergence_of
from mmm.checks.split import OpenSplit
from mmm.design import build_design
from mmm.manifest import Gate
from mmm.sampling import Samples
from mmm.sentence import plain, sentence

MARKET = mixed_market()
DESIGN = build_design(MARKET, MARKET.spec.outcomes[0], 0)


def learned(share: float | np.ndarray) -> Contraction:
    everything = np.full(len(DESIGN.media), share)
    return Contraction(everything, everything, everything)


SAMPLER = SamplerHealth(
    convergence=Convergence(rhat=1.002, bulk_ess=1500.0, tail_ess=1200.0),
    draws=4000,
    divergences=0,
    energy=0.9,
    least_agreed=sentence("retention"),
    slowest=sentence("retention"),
)
GOOD = Diagnostics(
    sampler=SAMPLER,
    contraction=learned(0.5),
    negative_baseline=0.0,
    residual_autocorrelation=np.full(LAGS, 0.05),
    predicted=(PredictedStatistic("spread", 10.0, 9.0, 11.0, 0.8),),
    drift=Drift("c0", 0.4),
    common_movement=0.1,
    bends=tuple(SeenBend(name, 2.0, 0.9) for name in ("c0", "c1")),
    likenesses=(),
    split=OpenSplit(0.03, "c0", 0.4, 0.6),
)
FORECAST = HoldoutScore(periods=13, error=0.05, naive_error=0.10, covered=12)


def sampler(**changes: object) -> dict[str, object]:
    return {"sampler": replace(SAMPLER, **changes)}


def gate(name: str, found: Diagnostics = GOOD, forecast: HoldoutScore | None = FORECAST) -> Gate:
    return next(gate for gate in judge(MARKET, DESIGN, found, forecast) if gate.name == name)


def test_a_good_fit_passes_every_gate_and_asks_for_nothing() -> None:
    gates = judge(MARKET, DESIGN, GOOD, FORECAST)
    assert {gate.verdict for gate in gates} == {"pass"}
    assert {gate.action for gate in gates} == {None}


@pytest.mark.parametrize(
    ("name", "changes", "verdict"),
    [
        ("convergence", sampler(convergence=Convergence(1.01, 1500.0, 1200.0)), "pass"),
        ("convergence", sampler(convergence=Convergence(1.02, 1500.0, 1200.0)), "review"),
        ("convergence", sampler(convergence=Convergence(1.06, 1500.0, 1200.0)), "fail"),
        ("effective_draws", sampler(convergence=Convergence(1.0, 1500.0, 399.0)), "review"),
        ("effective_draws", sampler(convergence=Convergence(1.0, 99.0, 1200.0)), "fail"),
        ("divergences", sampler(divergences=10), "pass"),
        ("divergences", sampler(divergences=11), "review"),
        ("divergences", sampler(divergences=81), "fail"),
        ("energy", sampler(energy=0.2), "review"),
        ("energy", sampler(energy=0.05), "fail"),
        ("baseline", {"negative_baseline": 0.1}, "review"),
        ("baseline", {"negative_baseline": 0.4}, "fail"),
        ("residuals", {"residual_autocorrelation": np.array([0.5, 0.0, 0.0, 0.0])}, "review"),
        ("residuals", {"residual_autocorrelation": np.array([0.0, 0.0, 0.0, -0.5])}, "review"),
        ("learned", {"contraction": learned(0.1)}, "review"),
        ("predictive", {"predicted": (PredictedStatistic("largest", 9.0, 2.0, 3.5, 0.0),)}, "review"),
        ("drift", {"drift": Drift("c0", 0.01)}, "review"),
        ("common_cause", {"common_movement": 0.6}, "review"),
        ("shared_noise", {"shared_noise": 1.4}, "pass"),
        ("shared_noise", {"shared_noise": 2.0}, "review"),
        ("split", {"split": OpenSplit(0.051, "c0", 0.0, 0.9)}, "review"),
        ("bend", {"bends": (SeenBend("c0", 0.4, 0.1),)}, "review"),
        ("alike", {"likenesses": (Likeness(("c0", "c1"), 0.95, 0.4, 0.2),)}, "review"),
    ],
)
def test_a_gate_judges_its_number(name: str, changes: dict[str, object], verdict: str) -> None:
    found = gate(name, replace(GOOD, **changes))
    assert found.verdict == verdict
    assert (found.action is None) == (verdict == "pass")


@pytest.mark.parametrize(
    ("error", "verdict"), [(0.10, "pass"), (0.11, "review"), (0.16, "fail")], ids=["equal", "worse", "far worse"]
)
def test_a_forecast_is_judged_against_repeating_the_year_before(error: float, verdict: str) -> None:
    assert gate("holdout_error", forecast=replace(FORECAST, error=error)).verdict == verdict


@pytest.mark.parametrize(("covered", "verdict"), [(13, "pass"), (10, "pass"), (9, "review"), (6, "fail")])
def test_intervals_that_miss_more_often_than_chance_are_too_narrow(covered: int, verdict: str) -> None:
    """Of 13 periods at 90 %: P(at most 10) = 0.13, P(at most 9) = 0.034, P(at most 6) = 0.0001."""
    assert gate("holdout_coverage", forecast=replace(FORECAST, covered=covered)).verdict == verdict


def test_without_a_holdout_the_forecast_is_untested_and_that_is_said() -> None:
    found = gate("holdout_error", forecast=None)
    assert found.verdict == "review"
    assert "untested" in plain(found.text)


def test_channels_that_the_data_say_little_about_are_named() -> None:
    contraction = np.full(len(DESIGN.media), 0.6)
    place = next(place for place, medium in enumerate(DESIGN.media) if medium.name == "c4")
    contraction[place] = 0.05
    found = gate("learned", replace(GOOD, contraction=learned(contraction)))
    assert found.verdict == "pass"
    assert plain(found.text).endswith("little was learned about c4.")


def test_evidence_is_measured_where_the_data_narrowed_the_priors_and_prior_where_not() -> None:
    assert evidence_of(MARKET, DESIGN, np.full(len(DESIGN.media), 0.5)) == "measured"
    assert evidence_of(MARKET, DESIGN, np.full(len(DESIGN.media), 0.1)) == "prior"


def test_the_gates_of_the_sampler_name_the_parameter_that_mixes_worst() -> None:
    found = replace(GOOD, **sampler(least_agreed=sentence("retention"), slowest=sentence("the noise")))
    assert plain(gate("convergence", found).text).endswith("they agree least about retention.")
    assert plain(gate("effective_draws", found).text).endswith("fewest has the noise.")


def test_a_group_of_channels_that_cannot_be_told_apart_is_named_with_what_is_known_of_their_sum() -> None:
    found = replace(GOOD, likenesses=(Likeness(("c2", "c5"), 0.97, 0.45, 0.2),))
    said = plain(gate("alike", found).text)
    assert "c2, c5" in said
    assert "Together it is known to within 20%, of one alone to within 45% at best." in said


def test_longer_windows_ask_for_less_autocorrelation_than_short_ones() -> None:
    """Chance explains three over the root of the periods: 0.24 of 156 weeks, 0.42 of 52."""
    assert autocorrelation_limit(156) == pytest.approx(3.02 / 156**0.5, rel=0.01)
    assert autocorrelation_limit(52) > autocorrelation_limit(156)


def test_a_chain_that_stands_still_fails_and_is_not_lost_as_no_number() -> None:
    parameters = np.random.default_rng(0).standard_normal((4, 200, 3))
    parameters[:, :, 1] = 0.7
    parameters[2, :, 2] = -1.0
    found = convergence_of(Samples(parameters, 0, np.ones((4, 200))))
    assert found.rhat == STANDING_RHAT
    assert found.bulk_ess == 0.0
    assert not found.is_reached
    health = replace(SAMPLER, convergence=found)
    assert gate("convergence", replace(GOOD, sampler=health)).verdict == "fail"
    assert gate("effective_draws", replace(GOOD, sampler=health)).verdict == "fail"
