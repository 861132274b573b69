"""A market from clean columns: rows become arrays on the axes of periods and geos."""

from collections.abc import Mapping

import numpy as np

from mmm.intake.checks_calendar import Calendar
from mmm.intake.checks_series import zero_geos
from mmm.intake.checks_spec import event_notes
from mmm.market import Market, with_data_digest
from mmm.sentence import Number, Sentence, Word, sentence
from mmm.spec import CustomerValue, MarketSpec, OutcomeSpec
from mmm.vocabulary import FloatArray


def assembled(
    spec: MarketSpec, calendar: Calendar, clean: Mapping[str, FloatArray], notes: tuple[Sentence, ...]
) -> Market:
    """The market of clean columns on their calendar, with its digest and notes.

    Parameters
    ----------
    spec
        What market.toml said.
    calendar
        Where each row belongs.
    clean
        Numbers by column. Shape (rows,) each.
    notes
        What reading and checking noted.
    """
    panels = {column: _panel(calendar, values) for column, values in clean.items()}
    exposure = {channel.name: panels[channel.exposure] for channel in spec.channels if channel.exposure is not None}
    frequency = {}
    for channel in spec.channels:
        if channel.reach is not None and channel.frequency is not None:
            exposure[channel.name] = panels[channel.reach] * panels[channel.frequency]
            frequency[channel.name] = np.where(panels[channel.reach] > 0, panels[channel.frequency], 0.0)
    outcomes = {outcome.name: panels[outcome.column] for outcome in spec.outcomes}
    market = Market(
        spec=spec,
        dates=calendar.dates,
        geos=calendar.geos,
        population=None if spec.columns.population is None else panels[spec.columns.population][0],
        outcomes=outcomes,
        values_per_unit={outcome.name: _value_per_unit(outcome, panels) for outcome in spec.outcomes},
        spend=np.stack([panels[channel.spend] for channel in spec.channels], axis=1),
        exposure=exposure,
        frequency=frequency,
        controls={control.name: panels[control.column] for control in spec.controls},
        organic={medium.name: panels[medium.column] for medium in spec.organic},
        indicators={one.name: panels[one.successes or one.column or ""] for one in spec.indicators},
        samples={one.name: panels[one.sample] for one in spec.indicators if one.sample is not None},
        notes=(
            *notes,
            *_exposure_notes(spec, panels, exposure),
            *zero_geos(outcomes, calendar.geos),
            *event_notes(spec, calendar.dates),
        ),
    )
    return with_data_digest(market)


def _panel(calendar: Calendar, values: FloatArray) -> FloatArray:
    """Values per row on the axes of the calendar. Shape (T, G)."""
    panel = np.empty((len(calendar.dates), len(calendar.geos)))
    panel[calendar.period_of_row, calendar.geo_of_row] = values
    return panel


def _value_per_unit(outcome: OutcomeSpec, panels: Mapping[str, FloatArray]) -> FloatArray | None:
    match outcome.value_per_unit:
        case None:
            return None
        case str(column):
            return panels[column].copy()
        case CustomerValue() as customer:
            return np.full_like(panels[outcome.column], customer.value)
        case number:
            return np.full_like(panels[outcome.column], number)


def _exposure_notes(
    spec: MarketSpec, panels: Mapping[str, FloatArray], exposure: Mapping[str, FloatArray]
) -> tuple[Sentence, ...]:
    """Notes on channels with money and no exposure in one period, or the other way round."""
    notes = []
    for channel in spec.channels:
        if channel.name not in exposure:
            continue
        spent, seen = panels[channel.spend] > 0, exposure[channel.name] > 0
        name, unseen, unpaid = Word(text=channel.name), int((spent & ~seen).sum()), int((seen & ~spent).sum())
        if unseen:
            notes.append(
                sentence(
                    "'{channel}' has spend without exposure in {rows} rows.", channel=name, rows=Number(amount=unseen)
                )
            )
        if unpaid:
            notes.append(
                sentence(
                    "'{channel}' has exposure without spend in {rows} rows.", channel=name, rows=Number(amount=unpaid)
                )
            )
    return tuple(notes)
