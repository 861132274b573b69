"""Rules about the geos of a panel: what several of its cells have together."""

from optimizer.geos.rules import CellRules
from optimizer.program.formulation import Formulation


def keep_sums_of_cells(form: Formulation) -> None:
    """Channels and geos of a plan by geo keep their limits, each over all of its cells."""
    asked = form.setting.scenario.geos
    for rule in asked.sums if isinstance(asked, CellRules) else ():
        together = sum(form.model.spend[name] for name in rule.members)
        measured = dict.fromkeys(rule.members, 1.0)
        if rule.base:
            whole = sum(form.model.spend[name] for name in rule.base)
            if rule.low:
                relation = together - rule.low * whole >= 0
                form.add(
                    rule.rule, rule.text, relation, limit=rule.low, unit="share", base=rule.base, measured=measured
                )
            if rule.high is not None and rule.high < 1:
                relation = together - rule.high * whole <= 0
                form.add(
                    rule.rule, rule.text, relation, limit=rule.high, unit="share", base=rule.base, measured=measured
                )
            continue
        if rule.low:
            form.add(rule.rule, rule.text, together >= rule.low, limit=rule.low, unit="money", measured=measured)
        if rule.high is not None:
            form.add(rule.rule, rule.text, together <= rule.high, limit=rule.high, unit="money", measured=measured)
