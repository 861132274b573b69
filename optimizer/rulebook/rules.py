"""All rules of a business, in the order in which a reader meets them in a scenario.

A rule is a function of `optimizer.rulebook` that takes the formulation and adds its rows; one that has
nothing to do adds none. Every row has its variables on the left and a number on the right, so that
raising the limit of a row always raises its right-hand side, whichever way it points.
"""

from collections.abc import Callable

from optimizer.program.formulation import Formulation, Setting
from optimizer.rulebook.budget import keep_total_change, spend_the_budget
from optimizer.rulebook.capacity import keep_capacity
from optimizer.rulebook.channels import (
    keep_channel_bounds,
    keep_increments,
    keep_off_or_at_least,
    limit_channel_change,
    limit_extrapolation,
    lock_channels,
    stay_within_reach,
)
from optimizer.rulebook.cpa import limit_average_cpa, limit_marginal_cpa
from optimizer.rulebook.geos import keep_sums_of_cells
from optimizer.rulebook.groups import keep_brand_share, keep_group_counts, keep_group_limits
from optimizer.rulebook.new_channels import keep_new_channels_small
from optimizer.rulebook.order import keep_either_or, keep_precedence, limit_channel_count, require_upstream
from optimizer.rulebook.periods import keep_bursts, limit_cash, limit_channel_period

RULES: tuple[Callable[[Formulation], None], ...] = (
    spend_the_budget,
    keep_total_change,
    keep_channel_bounds,
    keep_new_channels_small,
    stay_within_reach,
    lock_channels,
    limit_channel_change,
    keep_off_or_at_least,
    keep_increments,
    limit_channel_period,
    keep_bursts,
    limit_extrapolation,
    limit_average_cpa,
    limit_marginal_cpa,
    keep_brand_share,
    keep_group_limits,
    keep_group_counts,
    keep_sums_of_cells,
    keep_either_or,
    require_upstream,
    keep_precedence,
    limit_channel_count,
    limit_cash,
    keep_capacity,
)


def formulate(setting: Setting) -> Formulation:
    """The rows of all rules of a scenario."""
    form = Formulation(setting)
    for add_rule in RULES:
        add_rule(form)
    return form
