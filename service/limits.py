"""What the limit of a rule is counted in, from the path of the rule."""

from typing import Literal

type LimitUnit = Literal["money", "share", "ratio", "count", "quantity"]


def limit_unit(rule: str) -> LimitUnit:
    """Unit of a rule's limit and of the shadow price's denominator.

    `rule` is a path into the scenario, such as ``channels.tv.max`` or ``split.brand_share``.
    """
    table, _, rest = rule.partition(".")
    field = rest.rsplit(".", 1)[-1]
    if table.startswith(("tasks", "capacity")):
        return "quantity"
    if table.startswith("requires"):
        return "ratio"
    if table.startswith("precedence") or rule.startswith("rules.at_most_seen."):
        return "money"
    if table.startswith("either_or") or field in ("at_least_channels", "at_most_channels"):
        return "count"
    if field in ("share", "brand_share", "test_reserve"):
        return "share"
    return "money"
