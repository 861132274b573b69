"""Flighting and split together: curves, hulls, bounds and rules, against brute force and random phasings."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from builders import CHANNELS, make_artifact
from flights import problem_of, question_about, random_phasings

from mmm.artifact import ResponseArtifact
from mmm.curves import channel_response
from optimizer.flight.concave import FlightProblem, search_hulls
from optimizer.flight.period_rules import PeriodRules
from optimizer.flight.problem import CountedKpi, Raised, carryover_of, flight_problem, shares_of
from optimizer.flight.rows import FlightRows
from optimizer.flight.search import best_flighting
from optimizer.flight.terms import FlightTerms
from optimizer.question.asked import Question
from optimizer.rulebook.rules import formulate


def exact(question: Question, spend: np.ndarray) -> float:
    """Expected KPI of a phasing through the responses of `mmm.curves`, a channel at a time."""
    artifact, total = question.artifact, 0.0
    for index, name in enumerate(artifact.channels):
        if spend[index].sum() > 0:
            phasing = spend[index] / spend[index].sum()
            response = channel_response(artifact, name, phasing, question.timeline.earlier_spend[:, index])
            total += response.expected(float(spend[index].sum()))
    return total


def concave_artifact(draws: int = 60) -> ResponseArtifact:
    concave = tuple(channel for channel in CHANNELS if channel.saturation != "hill")
    return make_artifact(draws=draws, channels=concave)


@pytest.fixture(scope="module")
def steep() -> Question:
    return question_about(make_artifact(draws=60, seed=3), 13, 300_000.0)


def test_value_of_a_phasing_is_that_of_its_response(steep: Question) -> None:
    problem = problem_of(steep)
    rng = np.random.default_rng(1)
    spend = rng.gamma(0.5, 10_000.0, problem.rows.shape)
    assert problem.value(spend) == pytest.approx(exact(steep, spend), rel=1e-10)
    parts = problem.expand(spend, is_hull=False)
    assert sum(part.value for part in parts) == pytest.approx(problem.value(spend), rel=1e-12)


@pytest.mark.parametrize("is_hull", [False, True])
@pytest.mark.parametrize("periods", [13, 3])
def test_gradient_and_curvature_are_finite_differences(is_hull: bool, periods: int) -> None:
    """Also where the periods that count end within the carryover."""
    question = question_about(make_artifact(draws=20, seed=3), 13, 300_000.0)
    form = formulate(question.setting(question.scenario, spends_all=True))
    problem = flight_problem(form, PeriodRules.none(13, 4), Raised([CountedKpi(question.kpi, periods, 2.0)]))
    spend = np.random.default_rng(2).uniform(2_000.0, 30_000.0, problem.rows.shape)
    step = 5.0
    for terms, row in zip(problem.terms, spend, strict=True):
        found = terms[0].expand(row, is_hull=is_hull, has_curvature=True)
        for period in (0, 2, 7):
            moved = np.zeros(13)
            moved[period] = step
            after, before = (terms[0].expand(row + way * moved, is_hull=is_hull) for way in (1, -1))
            slope = (after.value - before.value) / (2 * step)
            assert slope == pytest.approx(found.gradient[period], rel=1e-5, abs=1e-12)
            assert period < periods or found.gradient[period] == 0
            if is_hull:
                bend = (after.gradient - before.gradient) / (2 * step)
                assert bend == pytest.approx(
                    found.curvature[period], rel=1e-3, abs=1e-3 * np.abs(found.curvature).max()
                )


def test_hulls_lie_above_curves_and_below_none_of_their_lines(steep: Question) -> None:
    problem = problem_of(steep)
    rng = np.random.default_rng(4)
    phasings = random_phasings(rng, problem, 300_000.0, 40)
    for spend in phasings[:20]:
        lines = problem.expand(spend, is_hull=True)
        for other in phasings[20:]:
            curves = [terms[0].value(row) for terms, row in zip(problem.terms, other, strict=True)]
            hulls = problem.expand(other, is_hull=True)
            for line, here, curve, hull, there in zip(lines, spend, curves, hulls, other, strict=True):
                assert curve <= hull.value * (1 + 1e-9)
                assert hull.value <= (line.value + line.gradient @ (there - here)) * (1 + 1e-9)


def test_no_hull_is_needed_where_curves_are_concave() -> None:
    problem = problem_of(question_about(concave_artifact(), 6, 100_000.0))
    assert all(term.is_concave for terms in problem.terms for term in terms)


def test_concave_flighting_is_certified_to_the_gap_asked() -> None:
    question = question_about(concave_artifact(200), 26, 600_000.0)
    found = best_flighting(problem_of(question), gap=1e-4, seconds=10.0)
    assert found is not None
    assert found.gap <= 1e-4
    assert found.spend.sum() == pytest.approx(600_000.0, abs=0.01)
    assert exact(question, found.spend) == pytest.approx(found.value, rel=1e-9)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_two_channels_and_three_periods_against_every_phasing_of_a_grid(seed: int) -> None:
    artifact = make_artifact(draws=25, seed=seed, channels=CHANNELS[:2] if seed < 3 else CHANNELS[2:])
    budget = 40_000.0 * seed
    question = question_about(artifact, 3, budget)
    problem = problem_of(question)
    steps = 10
    best = max(
        problem.value(np.array([*parts, steps - sum(parts)]).reshape(2, 3) * budget / steps)
        for parts in product(range(steps + 1), repeat=5)
        if sum(parts) <= steps and (sum(parts) * 7 + parts[0]) % 3 == 0
    )
    found = best_flighting(problem, gap=1e-4, seconds=10.0)
    assert found is not None
    assert found.value >= best * (1 - 1e-3)
    assert found.bound >= best
    assert found.bound >= found.value


def test_no_random_phasing_reaches_the_bound_or_beats_the_answer(steep: Question) -> None:
    problem = problem_of(steep)
    found = best_flighting(problem, gap=1e-4, seconds=10.0)
    assert found is not None
    values = [problem.value(spend) for spend in random_phasings(np.random.default_rng(5), problem, 300_000.0, 200)]
    assert max(values) <= found.value * (1 + 1e-6)
    assert found.value <= found.bound
    even = np.full(problem.rows.shape, 300_000.0 / 52)
    assert problem.value(even) < found.value


def test_closed_periods_caps_and_cash_are_kept(steep: Question) -> None:
    most = np.full((13, 4), 12_000.0)
    most[:4, 1] = 0.0
    cash = np.full(13, np.inf)
    cash[5:8] = 15_000.0
    problem = problem_of(steep, PeriodRules(most, cash, np.ones(4)))
    found = best_flighting(problem, gap=1e-4, seconds=10.0)
    assert found is not None
    assert (found.spend[1, :4] == 0).all()
    assert (found.spend <= 12_000.0 * (1 + 1e-9)).all()
    assert (found.spend.sum(axis=0)[5:8] <= 15_000.0 * (1 + 1e-7)).all()
    assert found.spend.sum() == pytest.approx(300_000.0, abs=0.01)
    free = best_flighting(problem_of(steep), gap=1e-4, seconds=10.0)
    assert free is not None
    assert free.bound >= found.value


def test_rules_on_totals_and_switches_hold_for_the_sums() -> None:
    question = question_about(
        make_artifact(draws=60, seed=3),
        13,
        300_000.0,
        split={"brand_share": (0.55, 0.6)},
        channels={"tv": {"off_or_at_least": 120_000.0}, "search": {"max": 60_000.0}, "social": {"increment": 25_000.0}},
        rules={"at_most_channels": 3},
    )
    found = best_flighting(problem_of(question), gap=1e-3, seconds=10.0)
    assert found is not None
    totals = dict(zip(question.artifact.channels, found.spend.sum(axis=1), strict=True))
    assert 0.55 - 1e-6 <= (totals["tv"] + totals["video"]) / 300_000.0 <= 0.6 + 1e-6
    assert totals["tv"] < 0.01 or totals["tv"] >= 120_000.0 - 0.01
    assert totals["search"] <= 60_000.01
    assert totals["social"] / 25_000.0 == pytest.approx(round(totals["social"] / 25_000.0), abs=1e-6)
    assert sum(total > 0.01 for total in totals.values()) <= 3


def test_what_the_periods_have_no_room_for_is_no_flighting(steep: Question) -> None:
    cash = np.full(13, 20_000.0)
    assert (
        best_flighting(
            problem_of(steep, PeriodRules(np.full((13, 4), np.inf), cash, np.ones(4))), gap=1e-4, seconds=5.0
        )
        is None
    )


def test_a_draw_counts_by_itself(steep: Question) -> None:
    """A subset of the draws is the mean of these alone."""
    problem = problem_of(steep)
    terms = problem.terms[0][0]
    spend = np.full(13, 9_000.0)
    halves = [terms.subset(np.arange(start, start + 30)).value(spend) for start in (0, 30)]
    assert terms.value(spend) == pytest.approx(np.mean(halves), rel=1e-12)
    assert terms.values(spend[None, :])[0] == pytest.approx(terms.value(spend), rel=1e-4)


def test_shares_sum_to_one_and_are_even_where_nothing_is_spent() -> None:
    is_open = np.array([[True, False], [True, True], [True, True]])
    shares = shares_of(np.array([[1.0, 3.0, 0.0], [0.0, 0.0, 0.0]]), is_open)
    assert shares.T.tolist() == [[0.25, 0.75, 0.0], [0.0, 0.5, 0.5]]


def test_hulls_with_one_tail_are_closer_and_above_the_curves(steep: Question) -> None:
    """In every draw by itself, for phasings from even ones to single bursts, and with the gradients that they say."""
    problem = problem_of(steep)
    even = np.full(13, 300_000.0 / 52)
    phasings = random_phasings(np.random.default_rng(6), problem, 300_000.0, 40)
    closer_somewhere = False
    for channel, terms in enumerate(problem.terms[:2]):
        with_tail = terms[0].with_tail(even)
        assert with_tail.expand(even, is_hull=True).value <= terms[0].expand(even, is_hull=True).value
        for spend in phasings[:, channel]:
            hull = with_tail.expand(spend, is_hull=True, has_curvature=True)
            assert hull.value >= terms[0].value(spend)
            assert np.linalg.eigvalsh(hull.curvature).max() <= 1e-9 * np.abs(hull.curvature).max() + 1e-30
            for other in phasings[:10, channel]:
                there = with_tail.expand(other, is_hull=True).value
                assert there <= (hull.value + hull.gradient @ (other - spend)) * (1 + 1e-9) + 1e-9
            closer_somewhere |= hull.value < terms[0].expand(spend, is_hull=True).value * (1 - 1e-4)
        for draw in range(0, 60, 6):
            alone, burst = with_tail.subset([draw]), np.where(np.arange(13) == 12, 90_000.0, 0.0)
            for spend in (burst, 0.1 * burst, *phasings[:5, channel]):
                assert alone.expand(spend, is_hull=True).value >= alone.value(spend) * (1 - 1e-12)
    assert closer_somewhere


def test_a_bound_with_one_tail_is_lower(steep: Question) -> None:
    problem = problem_of(steep)
    plain = search_hulls(problem, gap=1e-4, seconds=10.0)
    found = best_flighting(problem, gap=1e-4, seconds=10.0)
    assert plain is not None
    assert found is not None
    assert found.value <= found.bound < plain.bound


def test_infinitely_steep_curves_have_a_bound_too(steep: Question) -> None:
    artifact = steep.artifact
    flat = replace(
        steep.kpi.responses["tv"], slope=np.full(60, 0.5), carry=np.zeros_like(steep.kpi.responses["tv"].carry)
    )
    terms = FlightTerms(flat, carryover_of(artifact, "tv"), 13, np.full(13, np.inf), 300_000.0)
    at_zero = terms.expand(np.zeros(13), is_hull=True)
    assert at_zero.value == pytest.approx(0.0, abs=1e-9)
    assert (at_zero.gradient > 1e6).all()
    problem = problem_of(steep)
    found = best_flighting(FlightProblem([[terms], *problem.terms[1:]], problem.rows), gap=1e-3, seconds=10.0)
    assert found is not None
    assert found.value <= found.bound <= found.value * 1.05


def test_closed_periods_of_infinitely_steep_curves_leave_numbers_finite(steep: Question) -> None:
    """With no carry and no spend the slope is infinite, in periods that nothing can be put in."""
    most = np.full((13, 4), np.inf)
    most[:6] = 0.0
    form = formulate(steep.setting(steep.scenario, spends_all=True))
    rows = FlightRows(form, PeriodRules(most, np.full(13, np.inf), np.ones(4)))
    terms = []
    for index, (name, response) in enumerate(steep.kpi.responses.items()):
        bare = replace(
            response,
            saturation="hill",
            slope=np.full(60, 0.4),
            carry=np.zeros_like(response.carry),
            ceiling=np.full(60, 1e7),
        )
        weights = carryover_of(steep.artifact, name)
        terms.append([FlightTerms(bare, weights, 13, rows.most[index], float(rows.totals[index]))])
    found = best_flighting(FlightProblem(terms, rows), gap=1e-4, seconds=10.0)
    assert found is not None
    assert (found.spend[:, :6] == 0).all()
    assert found.gap <= 1e-4


def test_a_known_phasing_is_never_lost(steep: Question) -> None:
    """Even where it is the best one that was found: here, that of a longer search."""
    problem = problem_of(steep)
    first = best_flighting(problem, gap=1e-6, seconds=10.0)
    assert first is not None
    again = best_flighting(problem, gap=1e-3, seconds=10.0, known=first.spend)
    assert again is not None
    assert again.value >= first.value * (1 - 1e-4)
