"""The certificate against an exact method that shares no code with the optimiser."""

import numpy as np
import pytest
from exact_method import best_known
from instances import draw_instance

from optimizer.tree.allocate import allocate

GAP = 1e-4


@pytest.mark.parametrize("seed", range(30))
def test_no_split_that_brute_force_finds_exceeds_the_bound_on_small_problems(seed: int) -> None:
    check(np.random.default_rng([1, seed]), sizes=(2, 3, 4), steps=600)


@pytest.mark.parametrize("seed", range(8))
def test_no_split_that_dynamic_programming_finds_exceeds_the_bound_on_larger_problems(seed: int) -> None:
    check(np.random.default_rng([2, seed]), sizes=(6, 10, 16), steps=400)


@pytest.mark.parametrize("seed", range(24))
def test_no_split_that_brute_force_finds_exceeds_the_bound_under_rules_of_every_kind(seed: int) -> None:
    check(np.random.default_rng([3, seed]), sizes=(2, 3, 4, 6), steps=240, is_ruled=True)


def check(rng: np.random.Generator, sizes: tuple[int, ...], steps: int, *, is_ruled: bool = False) -> None:
    instance = draw_instance(rng, sizes, is_ruled=is_ruled)
    known = best_known(instance, steps)
    found = allocate(instance.problem(), gap=GAP, seconds=20)
    if found is None:
        assert known is None
        return
    spend = np.array([found.spend[name] for name in instance.names])
    assert instance.is_allowed(spend)
    assert instance.value(spend) == pytest.approx(found.value, rel=1e-9)
    assert found.value <= found.bound
    assert found.gap == pytest.approx((found.bound - found.value) / found.value)
    assert found.gap <= GAP
    if known is not None:
        assert instance.is_allowed(known)
        assert instance.value(known) <= found.bound * (1 + 1e-9)
        assert is_ruled or instance.value(known) >= 0.97 * found.value
