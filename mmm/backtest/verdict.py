"""What a backtest says of the model: better than its rivals by more than chance, or not, in sentences."""

from collections.abc import Mapping

from scipy.special import bdtr

from mmm.backtest.document import FORECAST_TERMS, Comparison, Standing
from mmm.forecast_scores import INTERVAL, PeriodScores, standard_error_of_mean
from mmm.periods import PLURALS
from mmm.sentence import Number, Sentence, Share, Term, sentence
from mmm.vocabulary import ForecastName, PeriodName

CHANCE_ERRORS = 1.645
"""Standard errors by which a mean difference must differ from zero: one in twenty beyond on either side by chance."""

COVERAGE_CHANCE = 0.05
"""Chance of so few hits below which an interval is said to be too narrow, were it right and periods independent."""


def compare(overall: Mapping[ForecastName, PeriodScores]) -> tuple[Comparison, ...]:
    """The model against each rival over all windows."""
    return tuple(_against(overall["model"], rival, scores) for rival, scores in overall.items() if rival != "model")


def best_of(overall: Mapping[ForecastName, PeriodScores]) -> ForecastName:
    """The forecast with the smallest CRPS; of equals the first."""
    return min(overall, key=lambda name: float(overall[name].crps.mean()))


def earns_its_keep(comparisons: tuple[Comparison, ...]) -> bool:
    """Whether the model is ahead of the seasonal-naive forecast, and not behind ridge regression.

    Level with ridge is enough: a forecast alone says nothing certain of single channels, which is what a plan needs.
    """
    standings = {one.rival: one.standing for one in comparisons}
    return standings["seasonal_naive"] == "ahead" and standings["ridge"] != "behind"


def verdict(
    overall: Mapping[ForecastName, PeriodScores], comparisons: tuple[Comparison, ...], period: PeriodName
) -> tuple[Sentence, ...]:
    """Which forecast was best, whether the model earns its keep, and how its interval held."""
    best = best_of(overall)
    others = sorted((name for name in overall if name != best), key=lambda name: float(overall[name].crps.mean()))
    ranked = [overall[name] for name in (best, *others)]
    first = sentence(
        "Best was {best}: over {periods} {unit} its error is {error} and its CRPS {crps}; {second}: {second_error} and "
        "{second_crps}; {third}: {third_error} and {third_crps}.",
        best=Term(text=FORECAST_TERMS[best]),
        periods=Number(amount=len(overall[best].crps)),
        unit=Term(text=PLURALS[period]),
        error=Share(fraction=ranked[0].error),
        crps=_crps(ranked[0]),
        second=Term(text=FORECAST_TERMS[others[0]]),
        second_error=Share(fraction=ranked[1].error),
        second_crps=_crps(ranked[1]),
        third=Term(text=FORECAST_TERMS[others[1]]),
        third_error=Share(fraction=ranked[2].error),
        third_crps=_crps(ranked[2]),
    )
    return first, _worth(comparisons), _coverage(overall["model"], period)


def _against(model: PeriodScores, rival: ForecastName, scores: PeriodScores) -> Comparison:
    differences = model.crps - scores.crps
    mean, error = float(differences.mean()), standard_error_of_mean(differences)
    standing: Standing = "level"
    if abs(mean) > CHANCE_ERRORS * error:
        standing = "ahead" if mean < 0 else "behind"
    rivals = float(scores.crps.mean())
    return Comparison(rival, mean / rivals if rivals > 0 else 0.0, mean, error, standing)


def _worth(comparisons: tuple[Comparison, ...]) -> Sentence:
    standings = {one.rival: one.standing for one in comparisons}
    match standings["seasonal_naive"], standings["ridge"]:
        case "ahead", "ahead":
            return sentence("The model earns its keep: it forecasts better than both rivals, by more than chance.")
        case "ahead", "level":
            return sentence(
                "The model earns its keep: it forecasts better than repeating the year before by more than chance, and "
                "as well as ridge regression, which cannot say how sure it is of a channel."
            )
        case "ahead", _:
            return sentence(
                "The model does not earn its keep yet: ridge regression on the same columns forecasts better by more "
                "than chance. Look for priors that contradict the data, and for a trend that bends too much or too "
                "little."
            )
        case "level", _:
            return sentence(
                "It is not shown that the model earns its keep: its difference from repeating the year before is "
                "within chance. More history, or the controls and events that move the outcome, may show it."
            )
        case _:
            return sentence(
                "The model does not earn its keep: repeating the year before forecasts better. Add what moves the "
                "outcome as controls or events before trusting its channels."
            )


def _coverage(model: PeriodScores, period: PeriodName) -> Sentence:
    covered, periods = int(model.is_covered.sum()), len(model.is_covered)
    is_narrow = float(bdtr(covered, periods, INTERVAL)) < COVERAGE_CHANCE
    said = (
        sentence(
            "Its {interval} interval held {covered} of {periods} {unit}, fewer than it should: read its intervals as "
            "too narrow."
        )
        if is_narrow
        else sentence("Its {interval} interval held {covered} of {periods} {unit}.")
    )
    values = {
        "interval": Share(fraction=INTERVAL, digits=0),
        "covered": Number(amount=covered),
        "periods": Number(amount=periods),
        "unit": Term(text=PLURALS[period]),
    }
    return Sentence(template=said.template, values=values)


def _crps(scores: PeriodScores) -> Number:
    """Mean CRPS to about three figures."""
    mean = float(scores.crps.mean())
    return Number(amount=mean, digits=0 if mean >= 100 else 1 if mean >= 10 else 2)
