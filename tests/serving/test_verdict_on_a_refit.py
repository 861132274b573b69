"""Each rule of the verdict, both ways; a challenger can lose, and is told why."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from builders import make_artifact
from refit_variants import gate, with_effect, with_manifest, without_channel

from mmm.sentence import plain, sentence
from service.cli.judgement_page import judgement_page
from service.language import Reader
from service.refits.curve_stability import CurveStability, stability_of_curves
from service.refits.judgement import Judgement
from service.refits.policy import USUAL_POLICY
from service.refits.quarter import Obstacle, QuarterBacktest, QuarterScore
from service.refits.report import RefitReport
from service.refits.split_stability import SplitMove, SplitStability, UnansweredScenario
from service.refits.verdict import first_verdict, verdict

CHAMPION = make_artifact(draws=60)
PASSED = {"orders": (gate("convergence", "pass"), gate("drift", "pass"))}
STEADY = stability_of_curves({"orders": CHAMPION}, {"orders": CHAMPION})
NO_SPLIT = SplitStability()


def quarter(champion: float, challenger: float, *, naive: float = 99.0, **fields: Any) -> QuarterBacktest:
    covered = fields.pop("covered", (12, 12))
    scores = zip(
        ("champion", "challenger", "seasonal_naive"), (champion, challenger, naive), (*covered, 13), strict=True
    )
    settled = {"kpi": "orders", "unit": "orders", "period": "week", "periods": 13, "standard_error": 0.1, **fields}
    return QuarterBacktest(
        start=date(2026, 10, 5),
        end=date(2026, 12, 28),
        scores=tuple(QuarterScore(forecast=name, error=0.05, crps=crps, covered=held) for name, crps, held in scores),
        difference=challenger - champion,
        **settled,
    )


def split_move(lost_share: float | None, **fields: Any) -> SplitMove:
    settled = {"id": "a", "scenario": "Q1", "kpi": "orders", "unit": "kpi", "moved": 0.2, "old_value": 95.0, **fields}
    lost = None if lost_share is None else 100.0 * lost_share
    return SplitMove(
        budget_before=1.0,
        budget_after=1.0,
        channels=(),
        best_value=None if lost is None else 95.0 + lost,
        lost=lost,
        lost_share=lost_share,
        **settled,
    )


def judged(**found: Any) -> Judgement:
    evidence = {"gates": PASSED, "backtests": (quarter(10.0, 10.0),), "curves": STEADY, "splits": NO_SPLIT}
    return verdict(**{**evidence, **found})


def rules(judgement: Judgement, bearing: str) -> list[str]:
    return [reason.rule for reason in judgement.reasons if reason.bearing == bearing]


def test_a_challenger_that_is_level_and_surprises_nobody_is_promoted() -> None:
    found = judged(splits=SplitStability(moves=(split_move(0.01),)))
    assert found.decision == "promote"
    assert rules(found, "supports") == ["gates", "forecast", "curves", "split"]
    assert rules(found, "told") == []


def test_a_failed_gate_holds_with_what_to_do_and_a_gate_to_review_is_told() -> None:
    found = judged(gates={"orders": (gate("drift", "fail"), gate("bend", "review"))})
    assert found.decision == "hold"
    assert [reason.rule for reason in found.holding] == ["gates"]
    assert plain(found.holding[0].text) == "Gate “drift” of orders failed: It was measured."
    assert "fit again" in plain(found.holding[0].action)
    found = judged(gates={"orders": (gate("drift", "review"), gate("bend", "pass"))})
    assert found.decision == "promote"
    assert rules(found, "told") == ["gates"]


@pytest.mark.parametrize(
    ("crps", "decision", "bearing"), [(9.0, "promote", "supports"), (10.9, "promote", "told"), (11.1, "hold", "holds")]
)
def test_a_forecast_of_the_quarter_may_be_a_tenth_worse(crps: float, decision: str, bearing: str) -> None:
    found = judged(backtests=(quarter(10.0, crps),))
    assert found.decision == decision
    assert "forecast" in rules(found, bearing)


def test_a_forecast_as_good_is_not_called_better() -> None:
    for crps, said in ((10.0, "orders as well as the champion"), (9.0, "orders better than the champion by 10%")):
        found = judged(backtests=(quarter(10.0, crps),))
        assert said in next(plain(reason.text) for reason in found.reasons if reason.rule == "forecast")


def test_a_worse_forecast_says_whether_it_may_be_chance() -> None:
    certain, chance = (judged(backtests=(quarter(10.0, 12.0, standard_error=error),)) for error in (0.5, 5.0))
    assert "That is more than chance" in plain(certain.holding[0].action)
    assert "by chance" in plain(chance.holding[0].action)
    assert plain(certain.holding[0].text) == (
        "On the newest 13 weeks the challenger forecasts orders worse than the champion by 20%, where 10% are allowed: "
        "its CRPS is 12.0, the champion's 10.0."
    )


def test_too_few_new_periods_decide_nothing() -> None:
    assert judged(backtests=(quarter(10.0, 20.0, periods=2, covered=(2, 2)),)).decision == "promote"
    assert judged(backtests=(quarter(10.0, 20.0, periods=3, covered=(3, 3)),)).decision == "hold"


@pytest.mark.parametrize(
    ("obstacle", "decision"), [("seen", "promote"), ("history", "promote"), ("columns", "hold"), ("period", "hold")]
)
def test_a_quarter_that_cannot_be_compared_holds_where_the_models_have_too_little_in_common(
    obstacle: Obstacle, decision: str
) -> None:
    said = sentence("It has seen it.")
    found = judged(
        backtests=(
            QuarterBacktest(
                kpi="orders", unit="orders", period="week", periods=0, obstacle=obstacle, not_compared=said
            ),
        )
    )
    assert found.decision == decision
    assert plain(found.reasons[0].text) == "The newest quarter says nothing of orders: It has seen it."


@pytest.mark.parametrize(("covered", "decision"), [((12, 6), "hold"), ((12, 8), "promote"), ((6, 6), "promote")])
def test_an_interval_that_is_far_too_narrow_holds_where_the_champions_was_not(
    covered: tuple[int, int], decision: str
) -> None:
    found = judged(backtests=(quarter(10.0, 10.0, covered=covered),))
    assert found.decision == decision
    assert ("coverage" in rules(found, "holds")) == (decision == "hold")


def test_a_forecast_that_needs_no_model_is_told_where_it_is_better() -> None:
    found = judged(backtests=(quarter(10.0, 10.0, naive=8.0),))
    assert found.decision == "promote"
    assert "Repeating the year before" in plain(found.reasons[0].text)


def moved_curves(*channels: str, factor: float = 0.45) -> CurveStability:
    challenger = CHAMPION
    for channel in channels:
        challenger = with_effect(challenger, channel, factor)
    return stability_of_curves({"orders": CHAMPION}, {"orders": challenger})


def test_curves_that_moved_hold_from_a_third_of_the_spend_on() -> None:
    few, many = judged(curves=moved_curves("video")), judged(curves=moved_curves("video", "search"))
    assert (few.decision, many.decision) == ("promote", "hold")
    assert "in 'video' of orders, 28% of last year's spend" in plain(few.reasons[0].text)
    assert "'search', 'video'" in plain(many.holding[0].text)
    assert judged(curves=moved_curves("video"), policy=replace(USUAL_POLICY, moved_spend=0.2)).decision == "hold"


def test_one_curve_that_moved_very_far_holds_unless_little_is_spent_on_it() -> None:
    far = moved_curves("video", factor=0.1)
    assert judged(curves=far).decision == "hold"
    assert judged(curves=far, policy=replace(USUAL_POLICY, least_share=0.3)).decision == "promote"
    assert judged(curves=far, policy=replace(USUAL_POLICY, moved_far=9.0)).decision == "promote"


def test_small_returns_are_told_with_figures_that_say_something() -> None:
    leads = with_manifest(CHAMPION, outcome=CHAMPION.manifest.outcome.model_copy(update={"value_per_unit": None}))
    curves = stability_of_curves({"orders": leads}, {"orders": with_effect(leads, "video", 0.45)})
    assert "brings 0.0031 where it brought 0.0068" in plain(judged(curves=curves).reasons[0].text)


def test_an_outcome_that_is_gone_holds_and_a_channel_that_is_gone_is_told() -> None:
    fewer = without_channel(CHAMPION, "social")
    lost = stability_of_curves({"orders": CHAMPION, "leads": CHAMPION}, {"orders": CHAMPION})
    assert rules(judged(curves=lost), "holds") == ["columns"]
    found = judged(curves=stability_of_curves({"orders": CHAMPION}, {"orders": fewer, "leads": fewer}))
    assert found.decision == "promote"
    assert rules(found, "told") == ["columns", "columns"]
    found = judged(curves=stability_of_curves({"orders": fewer}, {"orders": CHAMPION}))
    assert rules(found, "told") == ["columns"]
    other = stability_of_curves({"orders": CHAMPION}, {"orders": with_manifest(CHAMPION, currency="USD")})
    assert judged(curves=other).decision == "hold"


@pytest.mark.parametrize(
    ("lost", "decision", "bearing"),
    [(0.04, "promote", "supports"), (0.06, "promote", "told"), (0.11, "hold", "holds"), (None, "promote", "supports")],
)
def test_what_the_old_split_loses_is_told_and_holds_where_it_is_much(
    lost: float | None, decision: str, bearing: str
) -> None:
    found = judged(splits=SplitStability(moves=(split_move(lost),)))
    assert found.decision == decision
    assert "split" in rules(found, bearing)


def test_the_loss_is_told_in_units_of_the_kpi_or_in_money() -> None:
    said = [
        plain(judged(splits=SplitStability(moves=(split_move(0.06, unit=unit),))).reasons[0].text)
        for unit in ("kpi", "money")
    ]
    assert "would lose 6.0% on the challenger's curves, 6.0 of orders." in said[0]
    assert "curves, 6.00." in said[1]


def test_a_scenario_that_no_longer_fits_holds_and_one_out_of_reach_is_told() -> None:
    def unanswered(by: str, *, is_refused: bool) -> UnansweredScenario:
        why = (sentence("The budget is too small."),)
        return UnansweredScenario(id="a", scenario="Q1", by=by, is_refused=is_refused, reasons=why)

    refused = judged(splits=SplitStability(unanswered=(unanswered("challenger", is_refused=True),)))
    assert rules(refused, "holds") == ["scenario"]
    infeasible = judged(splits=SplitStability(unanswered=(unanswered("challenger", is_refused=False),)))
    assert (infeasible.decision, rules(infeasible, "told")) == ("promote", ["scenario"])
    assert plain(infeasible.reasons[0].text).endswith("none on the challenger: The budget is too small.")
    both = (unanswered("champion", is_refused=True), unanswered("challenger", is_refused=True))
    assert judged(splits=SplitStability(unanswered=both)).decision == "promote"


def test_of_the_first_model_the_gates_alone_decide() -> None:
    assert first_verdict(PASSED).decision == "promote"
    assert first_verdict({"orders": (gate("drift", "fail"),)}).decision == "hold"


def test_a_report_reads_back_from_json_and_is_told_in_both_languages() -> None:
    found = judged(gates={"orders": (gate("drift", "fail"),)}, curves=moved_curves("video"))
    report = RefitReport(market="testland", judgement=found, backtests=(quarter(10.0, 9.0),), curves=STEADY)
    assert RefitReport.model_validate_json(report.model_dump_json()) == report
    english, chinese = (judgement_page(found, Reader(language, "EUR")) for language in ("en", "zh"))
    assert str(english[0]) == "The challenger is held back until a person decides."
    assert str(chinese[0]) != str(english[0])
    assert len(english) == 1 + len(found.reasons)
