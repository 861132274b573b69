"""Whether the series of a market can teach a model: they vary, they differ, and there are enough periods."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from mmm.errors import Fault
from mmm.periods import PLURALS
from mmm.sentence import Number, Sentence, Term, Word, listed, sentence
from mmm.spec import ChannelSpec, MarketSpec, OrganicSpec
from mmm.vocabulary import FloatArray, IntArray

COLLINEAR = 0.995
"""Correlation from which two series count as one: their effects could be swapped without a trace."""
ALIKE = 0.9
"""Correlation from which a reader is told that two series are hard to tell apart."""
DEPENDENT = COLLINEAR**2
"""Share of a series' variance that the others explain, from which it counts as their sum."""

_CHANNEL_PARAMETERS = {"geometric": 1, "delayed": 2, "weibull": 2}
_CURVE_PARAMETERS = {"hill": 2, "logistic": 1, "michaelis_menten": 1}
_TREND_PARAMETERS = {"none": 0, "linear": 1, "knots": 1}


@dataclass(frozen=True, slots=True)
class Series:
    """A column that the model reads, row by row. `table` and `name` are those of market.toml."""

    table: str
    name: str
    column: str
    values: FloatArray


def unchanging(file: str, series: Sequence[Series], geo_of_row: IntArray) -> list[Fault]:
    """A fault for each series that never varies in any geo: no effect can be told from it."""
    faults = []
    for one in series:
        if _varies(one.values, geo_of_row):
            continue
        said = {"name": Word(text=one.name), "level": Word(text=f"{float(one.values[0]):g}")}
        found = Sentence(template=_STILL[one.table].template, values=said)
        faults.append(Fault(file, one.column, found, _REMEDY[one.table]))
    return faults


_STILL = {
    "outcomes": sentence("an outcome '{name}' that is {level} in every row"),
    "channels": sentence("a channel '{name}' that is {level} in every row"),
    "exposures": sentence("the exposure of channel '{name}' that is {level} in every row"),
    "controls": sentence("a control '{name}' that is {level} in every row"),
    "organic": sentence("an organic medium '{name}' that is {level} in every row"),
}
_REMEDY = {
    "outcomes": sentence("an outcome that varies and is not zero throughout: check that this is the right column"),
    "channels": sentence("spend that varies: leave the channel out of market.toml, for its effect cannot be learned"),
    "exposures": sentence("exposure that varies: leave it out of market.toml, or check that this is the right column"),
    "controls": sentence("values that vary: leave the control out of market.toml"),
    "organic": sentence("values that vary: leave the medium out of market.toml"),
}


def collinear(file: str, series: Sequence[Series], geo_of_row: IntArray) -> tuple[list[Fault], tuple[Sentence, ...]]:
    """Faults of series that are one, or the sum of others; notes on those that are nearly so.

    Series are compared as deviations from the mean of their geo. Those that do not vary are left out.
    """
    varying = [one for one in series if _varies(one.values, geo_of_row)]
    if len(varying) < 2:
        return [], ()
    deviations = np.column_stack([_standardised(one.values, geo_of_row) for one in varying])
    correlation = deviations.T @ deviations
    faults: list[Fault] = []
    notes: list[Sentence] = []
    duplicates: set[int] = set()
    for first, second in combinations(range(len(varying)), 2):
        alike = float(correlation[first, second])
        if abs(alike) >= COLLINEAR:
            faults.append(_one_and_the_same(file, varying[first], varying[second], alike))
            duplicates.add(second)
        elif abs(alike) >= ALIKE:
            notes.append(
                sentence(
                    "'{first}' and '{second}' move together (correlation {correlation}) and are hard to tell apart.",
                    first=Word(text=varying[first].name),
                    second=Word(text=varying[second].name),
                    correlation=Number(amount=alike, digits=2),
                )
            )
    kept = [index for index in range(len(varying)) if index not in duplicates]
    faults += _sums_of_others(file, [varying[index] for index in kept], deviations[:, kept])
    return faults, tuple(notes)


def _one_and_the_same(file: str, first: Series, second: Series, alike: float) -> Fault:
    found = (
        sentence("'{second}' and '{first}' ({column}) identical (correlation {correlation})")
        if np.array_equal(first.values, second.values)
        else sentence("'{second}' and '{first}' ({column}) collinear (correlation {correlation})")
    )
    said = {
        "second": Word(text=second.name),
        "first": Word(text=first.name),
        "column": Word(text=first.column),
        "correlation": Word(text=f"{alike:.4f}"),
    }
    found = Sentence(template=found.template, values=said)
    expected = sentence("series that can be told apart: keep one of them, or add them up as one channel")
    return Fault(file, second.column, found, expected)


def _sums_of_others(file: str, series: Sequence[Series], deviations: FloatArray) -> list[Fault]:
    """The fault of a group of series, one of which is a weighted sum of the others."""
    rows, count = deviations.shape
    if count < 3 or rows <= count + 1:
        return []
    _, singular, directions = np.linalg.svd(deviations, full_matrices=False)
    # 1 - R² of a unit-length column on the others is 1 / (inverse correlation) on the diagonal (the inverse of the
    # variance inflation factor); the smallest singular value bounds it from below.
    floor = np.maximum(singular, 1e-12)
    unexplained = 1.0 / ((directions.T / floor) ** 2).sum(axis=1)
    dependent = np.flatnonzero(1.0 - unexplained >= DEPENDENT)
    if len(dependent) < 2:
        return []
    parts = [series[int(index)] for index in dependent]
    names = listed([one.name for one in parts], len(parts))
    found = sentence("{names} as a weighted sum of one another", names=names)
    expected = sentence("series that can be told apart: leave out the total, or one of its parts")
    return [Fault(file, parts[0].column, found, expected)]


def parameter_count(spec: MarketSpec) -> int:
    """Unknowns of the smallest model that market.toml asks for, counted for one outcome.

    Per channel: effect, carryover (geometric one, others two) and curve (hill two, others one);
    the same for organic media. Intercept, noise, trend (one: its flexibility is shrunk), two a
    Fourier pair where `seasonality` is given, one a control and one an event.
    """
    media: list[ChannelSpec | OrganicSpec] = [*spec.channels, *spec.organic]
    return (
        sum(1 + _CHANNEL_PARAMETERS[medium.adstock] + _CURVE_PARAMETERS[medium.saturation] for medium in media)
        + 2
        + _TREND_PARAMETERS[spec.model.trend]
        + 2 * (spec.model.seasonality or 0)
        + len(spec.controls)
        + len(spec.events)
    )


def too_few_periods(file: str, spec: MarketSpec, periods: int) -> list[Fault]:
    """The fault of a history with fewer periods than the model has unknowns."""
    holdout = spec.model.holdout or 0
    needed = parameter_count(spec)
    if periods - holdout >= needed:
        return []
    count, unit = Number(amount=periods), Term(text=PLURALS[spec.market.period])
    found = sentence("{count} {periods}", count=count, periods=unit)
    if holdout:
        found = sentence(
            "{count} {periods}, {holdout} of which are the holdout",
            count=count,
            periods=unit,
            holdout=Number(amount=holdout),
        )
    expected = sentence(
        "at least {least} for a model of {unknowns} unknowns ({channels} channels, {organic} organic media, "
        "{controls} controls, {events} events): more history, or fewer of them",
        least=Number(amount=needed + holdout),
        unknowns=Number(amount=needed),
        channels=Number(amount=len(spec.channels)),
        organic=Number(amount=len(spec.organic)),
        controls=Number(amount=len(spec.controls)),
        events=Number(amount=len(spec.events)),
    )
    return [Fault(file, spec.columns.date, found, expected)]


def _varies(values: FloatArray, geo_of_row: IntArray) -> bool:
    return any(float(np.ptp(values[geo_of_row == geo])) > 0 for geo in np.unique(geo_of_row))


def _standardised(values: FloatArray, geo_of_row: IntArray) -> FloatArray:
    """Deviations from the geo's mean, of unit length."""
    deviations = values / np.abs(values).max()
    for geo in np.unique(geo_of_row):
        deviations[geo_of_row == geo] -= deviations[geo_of_row == geo].mean()
    return np.asarray(deviations / np.linalg.norm(deviations))


def zero_geos(series: Mapping[str, FloatArray], geos: Sequence[str]) -> tuple[Sentence, ...]:
    """A note for each outcome that is zero throughout in some geos. Arrays of shape (T, G)."""
    notes = []
    for name, values in series.items():
        empty = [geo for geo, total in zip(geos, values.sum(axis=0), strict=True) if total == 0]
        if empty:
            notes.append(
                sentence(
                    "'{outcome}' is zero throughout in {geos}.",
                    outcome=Word(text=name),
                    geos=Word(text=", ".join(empty)),
                )
            )
    return tuple(notes)
