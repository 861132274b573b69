"""Each gate on numbers of our choice: what passes, what asks for a review, what fails."""

from dataclasses import replace

import numpy as np
import pytest
from fitting_markets import mixed_market

from mmm.artifact import Gate
from mmm.design import build_design
from mmm.diagnostics import Convergence, Diagnostics
from mmm.gates import evidence_of, judge
from mmm.holdout import HoldoutScore
from mmm.sentence import plain

MARKET = mixed_market()
DESIGN = build_design(MARKET, MARKET.spec.outcomes[0], 0)
GOOD = Diagnostics(
    convergence=Convergence(rhat=1.002, bulk_ess=1500.0, tail_ess=1200.0),
    draws=4000,
    divergences=0,
    contraction=np.full(len(DESIGN.media), 0.5),
    negative_baseline=0.0,
    residual_autocorrelation=0.05,
)
FORECAST = HoldoutScore(periods=13, error=0.05, naive_error=0.10, covered=12)


def gate(name: str, found: Diagnostics = GOOD, forecast: HoldoutScore | None = FORECAST) -> Gate:
    return next(gate for gate in judge(MARKET, DESIGN, found, forecast) if gate.name == name)


def test_a_good_fit_passes_every_gate_and_asks_for_nothing() -> None:
    gates = judge(MARKET, DESIGN, GOOD, FORECAST)
    assert {gate.verdict for gate in gates} == {"pass"}
    assert {gate.action for gate in gates} == {None}


@pytest.mark.parametrize(
    ("name", "changes", "verdict"),
    [
        ("convergence", {"convergence": Convergence(1.01, 1500.0, 1200.0)}, "pass"),
        ("convergence", {"convergence": Convergence(1.02, 1500.0, 1200.0)}, "review"),
        ("convergence", {"convergence": Convergence(1.06, 1500.0, 1200.0)}, "fail"),
        ("effective_draws", {"convergence": Convergence(1.0, 1500.0, 399.0)}, "review"),
        ("effective_draws", {"convergence": Convergence(1.0, 99.0, 1200.0)}, "fail"),
        ("divergences", {"divergences": 10}, "pass"),
        ("divergences", {"divergences": 11}, "review"),
        ("divergences", {"divergences": 81}, "fail"),
        ("baseline", {"negative_baseline": 0.1}, "review"),
        ("baseline", {"negative_baseline": 0.4}, "fail"),
        ("residuals", {"residual_autocorrelation": 0.5}, "review"),
        ("residuals", {"residual_autocorrelation": -0.5}, "review"),
        ("learned", {"contraction": np.full(len(DESIGN.media), 0.1)}, "review"),
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
    found = gate("learned", replace(GOOD, contraction=contraction))
    assert found.verdict == "pass"
    assert plain(found.text).endswith("little was learned about c4.")


def test_evidence_is_measured_where_the_data_narrowed_the_priors_and_prior_where_not() -> None:
    assert evidence_of(MARKET, DESIGN, np.full(len(DESIGN.media), 0.5)) == "measured"
    assert evidence_of(MARKET, DESIGN, np.full(len(DESIGN.media), 0.1)) == "prior"
