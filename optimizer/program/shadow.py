"""Shadow prices: what one more unit of a rule's limit would bring, from the exact slopes of the curves.

At the best split the slopes of the objective are a combination of the rows that bind
(Karush, Kuhn and Tucker). The multipliers are those that leave the least of the slopes
unexplained; switches and steps stay as they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pyomo.core import value
from pyomo.repn import generate_standard_repn

from mmm.vocabulary import FloatArray
from optimizer.program.formulation import Formulation, Row
from optimizer.program.solve import least_absolute_multipliers

TIGHT = 1e-6
"""A row binds when its slack is below this share of the money at stake."""

_FULL = 1e-5
"""Share of a capacity that may be left where it binds."""


@dataclass(frozen=True, slots=True)
class Gradient:
    """Slopes of a function of the split: per unit of each channel's spend, and per unit of the total."""

    spend: Mapping[str, float]
    total: float = 0.0


@dataclass(frozen=True, slots=True)
class _Binding:
    coefficients: FloatArray
    is_upper: bool
    is_lower: bool


def binding_rows(form: Formulation) -> list[Row]:
    """Rows of rules that bind at the values that the model's variables have, in order."""
    return [row for row in form.rows if any(binding_sides(form, row))]


def binding_sides(form: Formulation, row: Row) -> tuple[bool, bool]:
    """Whether the upper and the lower side of a row bind; of a capacity on its exact curves.

    A limit on how many channels are on that is no less than all of them binds nothing.
    """
    if row.outcome is not None:
        return row.outcome.outcome(_spend(form)) >= (1.0 - _FULL) * row.limit, False
    if row.unit == "count" and not row.windows and row.limit >= len(row.measured):
        return False, False
    return _sides(row.constraint, _slack(form, row))


def shadow_prices(
    form: Formulation, objective: Gradient, requirements: Sequence[Gradient] = ()
) -> tuple[dict[int, float], tuple[float, ...]]:
    """Change of the objective per unit of each binding row's limit, and of each requirement.

    The model's variables hold the split (`settle`). Keys are positions in `form.rows`.
    """
    names = form.setting.names
    columns = {id(form.model.spend[name]): index for index, name in enumerate(names)}
    columns[id(form.model.total)] = len(names)
    bindings: list[_Binding] = []
    positions: list[int | None] = []
    money = TIGHT * form.setting.ceiling
    for link in form.model.links.values():
        is_upper, is_lower = _sides(link, money)
        if is_upper or is_lower:
            bindings.append(_Binding(_coefficients(link, columns), is_upper, is_lower))
            positions.append(None)
    for index, row in enumerate(form.rows):
        is_upper, is_lower = binding_sides(form, row)
        if is_upper or is_lower:
            bindings.append(_Binding(_row_coefficients(form, row, columns), is_upper, is_lower))
            positions.append(index)
    bindings += [_Binding(_vector(gradient, names), is_upper=False, is_lower=True) for gradient in requirements]
    at_zero = [value(form.model.spend[name]) <= money for name in names] + [False]
    multipliers = least_absolute_multipliers(
        _vector(objective, names),
        [binding.coefficients for binding in bindings],
        [(-np.inf if binding.is_lower else 0.0, np.inf if binding.is_upper else 0.0) for binding in bindings],
        at_zero,
    )
    prices = {
        position: multiplier * _limit_weight(form, form.rows[position])
        for position, multiplier in zip(positions, multipliers, strict=False)
        if position is not None
    }
    return prices, tuple(multipliers[len(positions) :])


def settle(form: Formulation, spend: Mapping[str, float], is_on: Mapping[str, bool], total: float) -> None:
    """Give the model's variables the values of a split."""
    for name in form.setting.names:
        form.model.spend[name].set_value(spend[name], skip_validation=True)
        form.model.is_on[name].set_value(int(is_on.get(name, spend[name] > 0)), skip_validation=True)
        step = form.setting.scenario.channels.get(name)
        if step is not None and step.increment:
            form.model.steps[name].set_value(round(spend[name] / step.increment), skip_validation=True)
    for window in form.windows:
        window.switch.set_value(int(window.holds(spend, TIGHT * form.setting.ceiling)), skip_validation=True)
    form.model.total.set_value(total, skip_validation=True)


def _slack(form: Formulation, row: Row) -> float:
    """Distance from its limit at which a row still binds, in the unit of the row."""
    return TIGHT if row.unit == "count" else TIGHT * form.setting.ceiling


def _row_coefficients(form: Formulation, row: Row, columns: Mapping[int, int]) -> FloatArray:
    if row.outcome is None:
        return _coefficients(row.constraint, columns)
    slopes = row.outcome.slopes(_spend(form), TIGHT * form.setting.ceiling)
    return _vector(Gradient(slopes), form.setting.names)


def _spend(form: Formulation) -> dict[str, float]:
    """The split that the model's variables hold."""
    return {name: value(form.model.spend[name]) for name in form.setting.names}


def _sides(constraint: Any, slack: float) -> tuple[bool, bool]:
    """Whether the upper and the lower side of a constraint bind."""
    body = value(constraint.body)
    lower, upper = constraint.lower, constraint.upper
    return upper is not None and body >= value(upper) - slack, lower is not None and body <= value(lower) + slack


def _coefficients(constraint: Any, columns: Mapping[int, int]) -> FloatArray:
    linear = generate_standard_repn(constraint.body)
    row = np.zeros(len(columns))
    for variable, coefficient in zip(linear.linear_vars, linear.linear_coefs, strict=True):
        if id(variable) in columns:
            row[columns[id(variable)]] += coefficient
    return row


def _limit_weight(form: Formulation, row: Row) -> float:
    """Money on the row's right-hand side that one unit of its limit is worth."""
    if row.unit in ("share", "ratio"):
        return float(sum(value(form.model.spend[name]) for name in row.base))
    return 1.0


def _vector(gradient: Gradient, names: Sequence[str]) -> FloatArray:
    return np.array([*(gradient.spend.get(name, 0.0) for name in names), gradient.total])
