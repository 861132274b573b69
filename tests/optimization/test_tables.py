"""Tables of responses: their proved error, what lies above curves made of them, and splits found with them."""

import numpy as np
import pytest
from instances import draw_market

from mmm.curves import ChannelResponse
from mmm.vocabulary import SaturationKind
from optimizer.answer.split import answer
from optimizer.program.allocation import AllocationProblem
from optimizer.question.answered import Answer
from optimizer.question.asked import Desk, PlanningModel, Question
from optimizer.scenario.document import Scenario
from optimizer.separable.search import METHOD
from optimizer.tabled.draws import TabledDraws
from optimizer.tabled.response import ResponseTable
from optimizer.tabled.stack import TabledStack
from optimizer.tree.allocate import allocate

KINDS: tuple[SaturationKind, ...] = ("hill", "logistic", "michaelis_menten", "reach")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_a_table_is_within_its_proved_error_of_every_draw(kind: SaturationKind, seed: int) -> None:
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    drawn = response(kind, rng)
    table, most = ResponseTable(drawn), 12.0 * drawn.half_saturation.max()
    for logarithm in np.log2(most) - rng.uniform(0.0, 12.0, 60):
        panel, budget = table.panel(float(logarithm)), float(2.0**logarithm)
        off = np.abs(table.at(budget).added - drawn.per_draw(budget))
        rounding = 1e-12 * (drawn.ceiling + drawn.per_draw(2.0**panel.right))
        assert (off <= panel.error + rounding).all()
        assert panel.error.mean() <= 1e-6 * 6 * drawn.ceiling.mean() * max(1.0, budget)


def test_the_proof_is_not_empty_for_steep_curves() -> None:
    drawn = response("hill", np.random.default_rng(5), steepest=30.0)
    table = ResponseTable(drawn)
    panels = [panel for power in range(-8, 4) for panel in table.octave(power)]
    assert max(panel.error.mean() for panel in panels) < 1e-5 * drawn.ceiling.mean()
    assert len(panels) > 12


@pytest.mark.parametrize("kind", ["hill", "logistic"])
def test_lines_lie_above_the_curve_within_a_cell_and_across_cells(kind: SaturationKind) -> None:
    rng = np.random.default_rng(8)
    drawn = response(kind, rng, draws=25)
    weights = rng.dirichlet(np.ones(25))
    stack = TabledStack({"a": ResponseTable(drawn)}, weights, np.array([2]))
    grid = stack.grid.spend[0]
    for place in rng.integers(0, len(grid) - 1, 60):
        step = int(rng.integers(1, 4))
        left, right = sorted(rng.uniform(grid[place], grid[min(place + step, len(grid) - 1)], 2).tolist())
        assert_above(stack, drawn, weights, left, right)
    assert_above(stack, drawn, weights, 0.0, float(grid[0]))
    assert_above(stack, drawn, weights, 0.0, float(grid[0]) / 8.0)


@pytest.mark.parametrize("kind", ["hill", "logistic"])
def test_corners_of_all_cells_together_lie_above_the_curve(kind: SaturationKind) -> None:
    drawn = response(kind, np.random.default_rng(11), draws=25)
    weights = np.full(25, 1 / 25)
    stack = TabledStack({"a": ResponseTable(drawn)}, weights, np.array([3]))
    spend, height, _, _ = stack.first_corners()
    corners = sorted((x, y) for x, y in zip(spend[0].ravel(), height[0].ravel(), strict=True) if np.isfinite(y))
    budgets = np.linspace(0.0, 8.0, 1001)
    above = np.interp(budgets, [x for x, _ in corners], [y for _, y in corners])
    exact = np.array([weights @ drawn.per_draw(float(budget)) for budget in budgets])
    assert (above >= exact - stack.error).all()
    in_cells = budgets >= spend[0, 1, 0]
    assert (above - exact)[in_cells].max() < 1e-4 * exact.max()


def test_draws_and_slopes_of_a_split_are_those_of_the_responses() -> None:
    question = market(seed=3, channels=4, draws=50)
    tables = TabledDraws(question.kpi.tables())
    spend = dict(zip(question.artifact.channels, [0.0, 1e-9, 30_000.0, 400_000.0], strict=True))
    responses = question.kpi.responses
    exact = np.sum([responses[name].per_draw(amount) for name, amount in spend.items()], axis=0)
    assert tables.added(spend) == pytest.approx(exact, rel=1e-9)
    for _ in range(3):  # the second and the third time coefficients are kept below one another
        assert tables.added(spend) == pytest.approx(exact, rel=1e-9)
        slopes = tables.slopes(spend, least=20.0)
        for each, (name, amount) in zip(slopes, spend.items(), strict=True):
            assert each == pytest.approx(responses[name].marginal_per_draw(max(amount, 20.0)), rel=1e-6)
    weights = np.random.default_rng(1).dirichlet(np.ones(50))
    asked = [*spend.items(), *((name, 0.5 * amount) for name, amount in spend.items())]
    of_draws = [float(weights @ responses[name].per_draw(amount)) for name, amount in asked]
    assert tables.means(asked, weights) == pytest.approx(of_draws, rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_splits_of_tabled_curves_are_worth_what_is_said_and_no_other_exceeds_their_bound(seed: int) -> None:
    question = market(seed, channels=5, draws=200)
    found = answer(question)
    assert isinstance(found, Answer)
    split = found.allocation
    assert split.method == METHOD
    assert split.gap <= question.scenario.solve.gap
    assert split.value == pytest.approx(question.kpi.media_draws(split.spend).mean(), rel=1e-9)
    other = allocate(AllocationProblem(found.form, question.kpi.curves()), gap=1e-5, seconds=20)
    assert other is not None
    assert other.value <= split.bound
    assert split.value <= other.bound
    rng = np.random.default_rng(seed)
    for _ in range(40):
        shares = rng.dirichlet(np.full(5, 0.7))
        spend = dict(zip(question.artifact.channels, shares * split.total, strict=True))
        rules = question.scenario.channels
        least = {name: rule.off_or_at_least or 0.0 for name, rule in rules.items()}
        if all(amount >= least.get(name, 0.0) for name, amount in spend.items()):
            assert question.kpi.media_draws(spend).mean() <= split.bound


def test_an_answer_on_tables_does_not_depend_on_what_was_asked_before() -> None:
    first = answer(market(2, channels=4, draws=120))
    desk, scenario = market_desk(2, channels=4, draws=120)
    for factor in (0.3, 1.9, 0.97):
        answer(on_tables(desk, scenario.model_copy(update={"budget": factor * (scenario.budget or 0.0)})))
    again = answer(on_tables(desk, scenario))
    assert isinstance(first, Answer)
    assert isinstance(again, Answer)
    assert dict(first.allocation.spend) == dict(again.allocation.spend)
    assert first.allocation.bound == again.allocation.bound


def response(kind: SaturationKind, rng: np.random.Generator, draws: int = 40, steepest: float = 5.0) -> ChannelResponse:
    """Draws of a channel whose budget reaches six periods, two of them with carry."""
    carry = np.zeros((draws, 7))
    carry[:, :2] = rng.uniform(0.0, 0.5, (draws, 2))
    gain = rng.uniform(0.05, 1.0, (draws, 7))
    gain[:, -1] = 0.0
    return ChannelResponse(
        "a",
        kind,
        carry=carry,
        gain=gain,
        half_saturation=np.ones(draws) if kind == "reach" else rng.uniform(0.2, 1.0, draws),
        slope=np.ones(draws) if kind == "reach" else rng.uniform(0.4, steepest, draws),
        ceiling=rng.uniform(1.0, 3.0, draws),
        horizon=5,
    )


def assert_above(stack: TabledStack, drawn: ChannelResponse, weights: np.ndarray, left: float, right: float) -> None:
    ends = np.array([[left], [right]])
    wanted = np.ones(1, dtype=bool)
    points = [stack.measured(end, wanted) for end in ends]
    values, slopes = (tuple(getattr(point, name) for point in points) for name in ("values", "slopes"))
    rise, arrive = stack.lines((ends[0], ends[1]), values, slopes)
    for budget in np.linspace(left, right, 9):
        exact = float(weights @ drawn.per_draw(float(budget)))
        from_left = values[0][0] + (np.inf if rise[0] == np.inf else rise[0] * (budget - left))
        assert from_left >= exact - stack.error
        assert values[1][0] + arrive[0] * (budget - right) >= exact - stack.error


@pytest.mark.parametrize("seed", range(3))
def test_under_rules_splits_from_tables_are_those_of_the_curves(seed: int) -> None:
    artifact, scenario = draw_market(np.random.default_rng([12, seed]), channels=8, draws=60)
    desk = Desk({scenario.kpi: PlanningModel(artifact)})
    question = on_tables(desk, scenario)
    found = answer(question)
    assert isinstance(found, Answer)
    assert found.goal.curves is not None
    assert 0.0 < found.goal.curves.error <= 1e-5 * found.allocation.value
    exact = question.kpi.curves()
    alone = allocate(AllocationProblem(found.form, exact), gap=1e-4, seconds=20)
    assert alone is not None
    value = exact.value(found.allocation.spend)
    assert value == pytest.approx(found.allocation.value, abs=found.goal.curves.error)
    assert found.allocation.bound >= max(value, alone.value)
    assert alone.bound >= value
    slopes, least = exact.slopes(found.allocation.spend, 1.0), found.goal.curves.slopes(found.allocation.spend, 1.0)
    assert least == pytest.approx(slopes, rel=1e-4)


def market(seed: int, channels: int, draws: int) -> Question:
    desk, scenario = market_desk(seed, channels, draws)
    return on_tables(desk, scenario)


def on_tables(desk: Desk, scenario: Scenario) -> Question:
    """A question that expects to be asked so often that tables are made."""
    question = desk.question(scenario, None)
    question.kpi.expect_splits(100)
    return question


def market_desk(seed: int, channels: int, draws: int) -> tuple[Desk, Scenario]:
    """A market under ranges alone."""
    artifact, scenario = draw_market(np.random.default_rng([12, seed]), channels=channels, draws=draws)
    rules = scenario.rules.model_copy(update={"at_most_channels": None})
    plain = scenario.model_copy(update={"business": "none", "rules": rules})
    return Desk({scenario.kpi: PlanningModel(artifact)}), plain
