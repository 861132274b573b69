"""Do budgets move together for a reason that the market does not name? Then the outcome may follow the same reason."""

from mmm.checks.verdicts import unless_passed
from mmm.common_demand import COMMON_LIMIT
from mmm.design import Design
from mmm.manifest import Gate
from mmm.sentence import Number, sentence
from mmm.vocabulary import COMMON_DEMAND_NAMES, Verdict


def judge_common_movement(found: float | None, design: Design) -> list[Gate]:
    """The gate, where there are budgets to compare: `found` is their `mmm.common_demand.common_movement`."""
    if found is None:
        return []
    verdict: Verdict = "pass" if found <= COMMON_LIMIT else "review"
    values = {"correlation": Number(amount=found, digits=2), "limit": Number(amount=COMMON_LIMIT, digits=2)}
    told = sentence(
        "Beyond season, controls and events the budgets of two channels correlate by {correlation} (limit {limit}): "
        "channels were planned apart.",
        **values,
    )
    advice = sentence(
        "Ask what budgets were set by, and bring it as a control (demand, distribution, prices); else settle the total "
        "effect with a lift test before moving much money."
    )
    if verdict != "pass" and set(design.baseline.controls) & set(COMMON_DEMAND_NAMES.values()):
        told = sentence(
            "Budgets rise and fall together beyond season, controls and events: the usual two channels correlate by "
            "{correlation} (limit {limit}). What they share is taken for demand that budgets follow, and effects are "
            "learned from what each channel did on its own.",
            **values,
        )
        advice = sentence(
            "Ask what budgets were set by, and bring it as a control. If they were moved together and not by demand, "
            "set common_demand = false under [model]; a lift test settles the total effect either way."
        )
    elif verdict != "pass":
        told = sentence(
            "Budgets rise and fall together beyond season, controls and events: the usual two channels correlate by "
            "{correlation} (limit {limit}). If demand or something else that no column shows moved them, the fit takes "
            "it for the effect of media.",
            **values,
        )
    return [
        Gate(
            name="common_cause",
            verdict=verdict,
            value=found,
            limit=COMMON_LIMIT,
            text=told,
            action=unless_passed(verdict, advice),
        )
    ]
