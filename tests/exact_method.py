"""An exact method for random instances that shares no code with the optimiser.

Dynamic programming over a grid of what is paid, by role and then across roles, polished by moving money
between pairs of channels. Rules about which channels are on are enumerated; a period short of cash gets a
price, which is raised until the split keeps it.
"""

from collections.abc import Sequence

import numpy as np
from instances import Instance

_PRICES = 24
"""Times that the price of cash is halved between one that is too low and one that is high enough."""


def best_known(instance: Instance, steps: int) -> np.ndarray | None:
    """The best split on a grid of `steps` amounts, polished; None when none was found that is allowed."""
    found: list[np.ndarray] = []
    for off, least in instance.further.patterns(len(instance.half), instance.budget):
        spend = _best_of_pattern(instance, steps, off, least)
        if spend is not None:
            found.append(spend)
    if not found:
        return None
    return _polished(instance, max(found, key=instance.value), instance.budget / steps)


def _best_of_pattern(instance: Instance, steps: int, off: np.ndarray, least: np.ndarray) -> np.ndarray | None:
    """The best split of the grid with some channels off and a least amount of the others."""

    def priced(price: float, period: int) -> np.ndarray | None:
        return _best_split(instance, steps, off, least, price * instance.further.shares[period])

    spend = priced(0.0, 0)
    if spend is None or instance.is_allowed(spend, 1e-9):
        return spend
    period = int(np.argmax(instance.further.paid(spend)))
    low, high, kept = 0.0, 64.0 * instance.value(spend) / instance.budget, None
    for _ in range(_PRICES):
        middle = 0.5 * (low + high)
        spend = priced(middle, period)
        if spend is not None and instance.is_allowed(spend, 1e-9):
            high, kept = middle, spend
        else:
            low = middle
    return kept


def _best_split(
    instance: Instance, steps: int, off: np.ndarray, least: np.ndarray, price: np.ndarray
) -> np.ndarray | None:
    """The best split of the grid, where a unit paid in a channel costs `price` beside. Shape (C,)."""
    grid = np.linspace(0.0, instance.budget, steps + 1)
    gains = [
        np.where(_may_pay(instance, index, grid, off[index], least[index]), _gain(instance, index, grid), -np.inf)
        - price[index] * grid
        for index in range(len(instance.half))
    ]
    by_role = [_grid_optimum(gains, np.flatnonzero(instance.is_brand == role)) for role in (True, False)]
    (brand_value, brand_choice), (other_value, other_choice) = by_role
    shares = np.arange(steps + 1) / steps
    total = brand_value + other_value[::-1]
    if instance.band is not None:
        total = np.where((shares >= instance.band[0] - 1e-12) & (shares <= instance.band[1] + 1e-12), total, -np.inf)
    split = int(np.argmax(total))
    if not np.isfinite(total[split]):
        return None
    paid = np.zeros(len(instance.half))
    for choice, units in ((brand_choice, split), (other_choice, steps - split)):
        left = units
        for index, taken in reversed(choice):
            paid[index] = grid[taken[left]]
            left -= int(taken[left])
    return paid / instance.further.cost


def _gain(instance: Instance, index: int, grid: np.ndarray) -> np.ndarray:
    return instance.response(index, grid / instance.further.cost[index])


def _may_pay(instance: Instance, index: int, grid: np.ndarray, is_off: bool, least: float) -> np.ndarray:
    """Whether a channel may get each amount of the grid."""
    if is_off:
        return grid == 0
    further, spend = instance.further, grid / instance.further.cost[index]
    most = min(instance.most[index], further.most[index])
    if np.isfinite(further.marginal[index]):
        most = min(most, instance.last_unit(index, further.marginal[index]))
    with np.errstate(invalid="ignore"):
        is_cheap = spend <= further.average[index] * instance.response(index, spend)
    if np.isinf(further.average[index]):
        is_cheap[:] = True
    is_on = (spend <= most * (1 + 1e-12)) & (spend >= instance.viable[index]) & is_cheap
    return np.where(grid == 0, least == 0, is_on & (spend >= least))


def _grid_optimum(gains: Sequence[np.ndarray], members: np.ndarray) -> tuple[np.ndarray, list[tuple[int, np.ndarray]]]:
    """Best value of some channels at each amount of the grid, paid whole, and what each channel takes."""
    steps = len(gains[0]) - 1
    value = np.full(steps + 1, -np.inf)
    value[0] = 0.0
    choices = []
    lag = np.arange(steps + 1)[:, None] - np.arange(steps + 1)[None, :]
    for index in members:
        candidates = np.where(lag >= 0, value[lag], -np.inf) + gains[index][None, :]
        taken = np.argmax(candidates, axis=1)
        value = candidates[np.arange(steps + 1), taken]
        choices.append((int(index), taken))
    return value, choices


def _polished(instance: Instance, spend: np.ndarray, step: float) -> np.ndarray:
    """Move ever smaller amounts between pairs while that helps and stays allowed."""
    best, cost = instance.value(spend), instance.further.cost
    while step > 1e-4 * instance.budget / len(spend):
        is_better = False
        for giver in range(len(spend)):
            for taker in range(len(spend)):
                if giver == taker or spend[giver] * cost[giver] < step:
                    continue
                moved = spend.copy()
                moved[giver] -= step / cost[giver]
                moved[taker] += step / cost[taker]
                if (value := instance.value(moved)) > best and instance.is_allowed(moved, 1e-12):
                    spend, best, is_better = moved, value, True
        if not is_better:
            step /= 2.0
    return spend
