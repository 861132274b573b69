"""The series that a fit of a market would tell apart."""

from dataclasses import dataclass

import numpy as np

from mmm.design import Design, build_design
from mmm.manifest import BaselineInfo
from mmm.market import Market, national_aggregate, without_lift_tests
from mmm.panel.design import build_panel_design
from mmm.spec import OutcomeSpec
from mmm.vocabulary import FloatArray


@dataclass(frozen=True, slots=True)
class Evidence:
    """The series of one outcome, row by row. R rows (periods, of panels times geos), M media, D other causes.

    Attributes
    ----------
    design
        Of the country.
    exposure
        Of the media in model order, less the mean of their geo. Shape (R, M).
    calendar
        Straight trend, season, week and holidays, less their means. Shape (R, number of columns).
    controls
        Controls and events, less the mean of their geo. Shape (R, D).
    control_names
        Their names. Length D.
    """

    design: Design
    exposure: FloatArray
    calendar: FloatArray
    controls: FloatArray
    control_names: tuple[str, ...]

    @property
    def base(self) -> FloatArray:
        """Everything but media. Shape (R, number of columns)."""
        return np.hstack([self.calendar, self.controls])


def evidence_of(market: Market, outcome: OutcomeSpec) -> Evidence:
    """The series of one outcome of a market; geos side by side where they are fitted side by side."""
    untested = without_lift_tests(market)
    if market.is_panel and market.spec.model.geos == "pooled":
        panel = build_panel_design(untested, outcome, 0)
        design, exposure, columns = panel.national, panel.exposure, panel.columns
    else:
        design = build_design(national_aggregate(untested), outcome, 0)
        exposure, columns = design.exposure[None], design.columns[None]
    exposure, columns = _centered(exposure), _centered(columns)
    at_calendar, at_controls = _places(design.baseline)
    info = design.baseline
    return Evidence(
        design=design,
        exposure=exposure,
        calendar=columns[:, at_calendar],
        controls=columns[:, at_controls],
        control_names=(*info.controls, *(event.name for event in info.events)),
    )


def _centered(values: FloatArray) -> FloatArray:
    """Values of shape (G, T, K) less each geo's mean, rows of all geos below one another."""
    return np.asarray((values - values.mean(axis=1, keepdims=True)).reshape(-1, values.shape[2]))


def _places(info: BaselineInfo) -> tuple[list[int], list[int]]:
    """Columns of the baseline that follow from the calendar (no intercept, no bends), and of controls and events."""
    season = 1 + info.has_slope + len(info.knots)
    control = season + 2 * info.fourier_pairs
    week = control + len(info.controls) + len(info.events)
    end = week + 2 * info.week_pairs + len(info.holidays)
    slope = [1] if info.has_slope else []
    return [*slope, *range(season, control), *range(week, end)], list(range(control, week))
