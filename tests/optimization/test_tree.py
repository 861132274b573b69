"""Branches of the tree: what switches mean for spend, and splits that curves alone or rules alone make hard."""

import numpy as np
import pytest
from instances import draw_instance

from optimizer.program.allocation import AllocationProblem, Requirement
from optimizer.program.solve import compile_split
from optimizer.tree.allocate import allocate
from optimizer.tree.branch import Branch, narrowed
from optimizer.tree.links import Link, Links, links_of
from optimizer.tree.pricing import at_prices, best_mixture, join_all
from optimizer.tree.start import start

NO_LINKS = Links(np.zeros(2), np.full(2, 10.0), ((),), ((), ()), ((), ()), ((),))
ON_FROM_FOUR = Link(integer=0, value=1, channel=0, low=4.0, high=10.0)
SWITCHED = Links(np.zeros(2), np.full(2, 10.0), ((ON_FROM_FOUR,),), ((ON_FROM_FOUR,), ()), (((0,),), ()), ((0,),))


def branch(least: float = 0.0, most: float = 1.0) -> Branch:
    ends = np.zeros(2), np.full(2, 10.0)
    return Branch(*ends, np.zeros(2, dtype=bool), np.array([least]), np.array([most]))


def test_a_channel_whose_switch_is_off_spends_nothing() -> None:
    found = narrowed(branch(most=0.0), SWITCHED, [], [0])
    assert found is not None
    assert (found.low[0], found.high[0]) == (0.0, 0.0)
    assert found.high[1] == 10.0


def test_a_channel_that_is_on_spends_what_its_switch_says() -> None:
    found = narrowed(branch(least=1.0), SWITCHED, [], [0])
    assert found is not None
    assert (found.low[0], found.high[0], found.is_spending[0]) == (4.0, 10.0, True)


def test_a_channel_that_has_to_spend_is_on() -> None:
    _, above = branch().cut(0, 6.0)
    found = narrowed(above, SWITCHED, [0], [])
    assert found is not None
    assert found.least[0] == 1.0


def test_a_range_below_what_the_switch_asks_for_is_nothing() -> None:
    below, _ = branch().cut(0, 3.0)
    found = narrowed(below, SWITCHED, [0], [])
    assert found is not None
    assert found.high[0] == 0.0


def test_a_channel_that_is_on_and_kept_below_its_least_is_no_branch() -> None:
    below, _ = branch(least=1.0).cut(0, 3.0)
    assert narrowed(below, SWITCHED, [0], [0]) is None


def test_the_parts_of_a_cut_have_its_spend_in_common() -> None:
    below, above = branch().cut(1, 6.0)
    assert (below.low[1], below.high[1]) == (0.0, 6.0)
    assert (above.low[1], above.high[1]) == (6.0, 10.0)
    assert above.is_spending[1]
    assert narrowed(below, NO_LINKS, [1], []) is not None


@pytest.mark.parametrize("seed", range(6))
def test_the_smallest_total_for_what_a_split_brings_is_no_more_than_that_split(seed: int) -> None:
    instance = draw_instance(np.random.default_rng([31, seed]), (3, 6), is_ruled=seed % 2 == 1)
    problem = instance.problem()
    best = allocate(problem, gap=1e-4, seconds=10)
    if best is None or problem.objective is None:
        pytest.skip("no split obeys the rules")
    enough = Requirement(problem.objective, best.value * (1 - 1e-3))
    found = allocate(AllocationProblem(problem.form, None, (enough,)), gap=1e-4, seconds=10, known=best)
    assert found is not None
    assert problem.objective.value(found.spend) >= enough.at_least
    assert found.bound <= found.total <= best.total * (1 + 1e-9)
    assert found.gap <= 1e-4


@pytest.mark.parametrize("seed", range(8))
def test_every_split_that_is_found_lies_in_the_ranges_that_its_switches_say(seed: int) -> None:
    instance = draw_instance(np.random.default_rng([32, seed]), (6, 10), is_ruled=True)
    problem = instance.problem()
    found = allocate(problem, gap=1e-4, seconds=10)
    if found is None:
        return
    split = compile_split(problem.form)
    links = links_of(split, np.array(list(problem.form.setting.most_spend.values())))
    slack = 1e-7 * instance.budget
    spend = np.array([found.spend[name] for name in split.spend_columns])
    assert (spend >= links.low - slack).all()
    assert (spend <= links.high + slack).all()
    for name, is_on in found.is_on.items():
        assert is_on or found.spend[name] <= slack


@pytest.mark.parametrize("seed", range(6))
def test_prices_of_some_corners_bound_the_mixtures_of_all(seed: int) -> None:
    problem = draw_instance(np.random.default_rng([12, seed]), (8,), is_ruled=seed % 2 == 0).problem()
    begun = start(problem, 1e-4)
    assert begun is not None
    search, root = begun
    for end in (root.low, root.high):
        search.corners[0].touch(end)
    search.master.add(0, search.corners[0].fresh())
    search.master.move_to(root)
    found = best_mixture(search, root)
    assert found is not None
    channel = int(np.argmax(root.high - root.low))
    spend = 0.3 * float(root.high[channel])
    search.corners[0].touch(np.where(np.arange(8) == channel, spend, root.high))
    search.master.add(0, search.corners[0].fresh())
    prices = at_prices(search, root, found)
    parts = [part for part in root.cut(channel, spend) if narrowed(part, search.links, [channel], []) is not None]
    bounds = [prices.bound, *(prices.bound_of(part) for part in parts)]
    assert join_all(search, root)
    most = []
    for part in (root, *parts):
        search.master.move_to(part)
        best = search.master.solve()
        most.append(-np.inf if best is None else best.bound)
    assert most[0] * (1.0 - 1e-9) <= prices.bound <= most[0] * 1.01
    assert all(bound >= each - 1e-9 * abs(each) for bound, each in zip(bounds, most, strict=True))


def test_the_same_question_has_the_same_answer_twice() -> None:
    problem = draw_instance(np.random.default_rng([33, 0]), (10,), is_ruled=True).problem()
    first, second = (allocate(problem, gap=1e-4, seconds=10) for _ in range(2))
    assert first is not None
    assert second is not None
    assert (first.spend, first.bound, first.rounds) == (second.spend, second.bound, second.rounds)
