"""The flighting problem of a scenario: curves of its KPIs by channel, and its rules over channels and periods."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.curves import carryover_weights
from mmm.vocabulary import FloatArray
from optimizer.flight.concave import FlightProblem
from optimizer.flight.floors import Floor
from optimizer.flight.period_rules import PeriodRules
from optimizer.flight.rows import FlightRows
from optimizer.flight.terms import FlightTerms
from optimizer.program.formulation import Formulation
from optimizer.responses.kpi import KpiResponses


@dataclass(frozen=True, slots=True)
class CountedKpi:
    """A KPI that a flighting is to raise.

    Attributes
    ----------
    kpi
        Its responses, under any phasing.
    periods
        Periods that count, None for the whole effect.
    importance
        Weight of a unit of it in the objective.
    """

    kpi: KpiResponses
    periods: int | None = None
    importance: float = 1.0


@dataclass(frozen=True, slots=True)
class Raised:
    """What a flighting is to raise: KPIs, less a price for each unit of the total, under floors in the same unit."""

    counted: Sequence[CountedKpi]
    price: float = 0.0
    floors: tuple[Floor, ...] = ()


def flight_problem(form: Formulation, rules: PeriodRules, raised: Raised) -> FlightProblem:
    """Terms of every channel and KPI, and the rows of the scenario over the periods.

    Parameters
    ----------
    form
        Rules on totals alone.
    rules
        Rules on periods, channels in the order of the form.
    raised
        What is to be raised.
    """
    rows = FlightRows(form, rules)
    horizon = rows.shape[1]
    terms = []
    for position, channel in enumerate(rows.names):
        most, total = rows.most[position], float(rows.totals[position])
        terms.append(
            [
                FlightTerms(
                    each.kpi.counted(each.periods)[channel],
                    carryover_of(each.kpi.artifact, channel),
                    horizon,
                    most,
                    total,
                    each.importance,
                )
                for each in raised.counted
            ]
        )
    return FlightProblem(terms, rows, raised.price, raised.floors)


def carryover_of(artifact: ResponseArtifact, channel: str) -> FloatArray:
    """Carryover weights of a channel per draw. Shape (S, L)."""
    index = artifact.channels.index(channel)
    info, draws = artifact.manifest.channels[index], artifact.draws
    return carryover_weights(
        info.adstock, artifact.manifest.carryover_periods, draws.retention[:, index], draws.peak_delay[:, index]
    )


def shares_of(spend: FloatArray, is_open: np.ndarray) -> FloatArray:
    """Share of each channel's budget by period, columns summing to one; even where it has none. Shape (T, C).

    `spend` of shape (C, T), money; `is_open` (T, C) says where spend is allowed.
    """
    totals = spend.sum(axis=1)
    open_periods = is_open.sum(axis=0)
    even = np.where(open_periods > 0, is_open / np.maximum(open_periods, 1), 1.0 / len(is_open))
    return np.where(totals > 0, spend.T / np.where(totals > 0, totals, 1.0), even)
