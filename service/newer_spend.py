"""What a market spent after the data of its model: a plan counts it instead of guessing it from the year before."""

from collections.abc import Mapping
from datetime import date

from mmm.artifact import ResponseArtifact
from mmm.errors import MarketRefused
from mmm.periods import period_range, periods_between
from mmm.vocabulary import PeriodName
from optimizer.scenario.known_spend import KnownSpend
from service.datasets import Datasets
from service.errors import NotKnown


def newer_spend(
    datasets: Datasets, artifacts: Mapping[str, ResponseArtifact], dataset: str | None
) -> KnownSpend | None:
    """The spend in a dataset of periods after what the models of a market have seen; None where it has none.

    A channel of the models that the dataset does not have is not known. A dataset in another currency or period, or one
    that this program refuses today, says nothing; a plan warns then that it assumes last year's spend.

    Parameters
    ----------
    datasets
        Of the tenant.
    artifacts
        The models in use of one market, by KPI.
    dataset
        Id of the market's newest dataset, as `newest_dataset` gives it.

    Raises
    ------
    ArtifactError
        When the dataset is missing or damaged.
    """
    if dataset is None:
        return None
    manifest = next(iter(artifacts.values())).manifest
    found = datasets.dataset(dataset)
    *_, next_period = period_range(manifest.window_start, manifest.window_periods + 1, manifest.period)
    if date.fromisoformat(found.last_period) < next_period:
        return None
    try:
        market = datasets.load(found)
    except MarketRefused:
        return None
    if (market.spec.market.period, market.spec.market.currency) != (manifest.period, manifest.currency):
        return None
    begins = max(periods_between(market.dates[0], next_period, manifest.period), 0)
    spend = market.spend[begins:].sum(axis=2)
    return KnownSpend(
        start=market.dates[begins],
        spend={channel.name: tuple(spend[:, place].tolist()) for place, channel in enumerate(market.spec.channels)},
    )


def newest_dataset(datasets: Datasets, market: str) -> str | None:
    """Id of the newest dataset of a market; None where none was ever kept."""
    try:
        return datasets.market(market).dataset
    except NotKnown:
        return None


def known_before(known: KnownSpend | None, day: date, period: PeriodName) -> KnownSpend | None:
    """What is known of the periods that begin before a day; None where that is nothing."""
    periods = 0 if known is None else max(periods_between(known.start, day, period), 0)
    if known is None or not periods:
        return None
    return KnownSpend(known.start, {name: amounts[:periods] for name, amounts in known.spend.items()})
