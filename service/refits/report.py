"""All that a refit found, as one value that is kept with the model version."""

from mmm.parsing import StrictModel
from service.refits.curve_stability import CurveStability
from service.refits.judgement import Judgement
from service.refits.quarter import QuarterBacktest
from service.refits.split_stability import SplitStability


class RefitReport(StrictModel):
    """The judgement on a refit, and what it rests on; `curves` and `splits` are None without a champion."""

    market: str
    judgement: Judgement
    backtests: tuple[QuarterBacktest, ...] = ()
    curves: CurveStability | None = None
    splits: SplitStability | None = None
