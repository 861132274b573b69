"""How near a tool's answer is to the truth of a simulated market, in numbers that compare across markets.

Axes: S draws, C channels, N budgets, H periods of the holdout.
"""

from dataclasses import asdict, dataclass

import numpy as np
from peers.question import Answer, Question
from scipy.interpolate import PchipInterpolator

from mmm.simulation.best_split import best_split
from mmm.simulation.outlook import Outlook
from mmm.simulation.scoring import true_value
from mmm.simulation.truth import SimulatedMarket
from mmm.vocabulary import FloatArray

INTERVAL = 0.9
STEPS = 400
"""Steps of the budget in the search for the best split on a tool's curves: each is 0.25 % of it."""
LEAST_RETURN = 0.01
"""Returns below this part of the market's mean count as this in an error in logarithms."""


@dataclass(frozen=True, slots=True)
class Score:
    """One tool on one market. Lower is better, but for `inside` of `channels`, of which 90 % are meant.

    Attributes
    ----------
    roas_error
        Median over channels of the absolute logarithm of median return over true return.
    roas_crps
        Mean over channels of the CRPS of the return, in multiples of the market's true mean return.
    inside, channels
        Number of channels whose true contribution lies in the 90 % interval, and of all.
    holdout_crps
        Mean over the periods kept out of the CRPS of the forecast, in mean outcomes.
    holdout_wape
        Sum of absolute errors of the mean forecast over the sum of outcomes there.
    regret
        What the best split on the tool's curves loses on the true ones, as a part of what the best split brings.
    rhat, divergences, cpu_seconds
        As in `Answer`; R-hat None where nothing was sampled.
    """

    roas_error: float
    roas_crps: float
    inside: int
    channels: int
    holdout_crps: float
    holdout_wape: float
    regret: float
    rhat: float | None
    divergences: int
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class Yardstick:
    """The truth that every tool is held against.

    Attributes
    ----------
    outlook
        What money over the horizon truly adds.
    budget
        Last year's money of the same periods.
    best
        What the truly best split of it brings under the band.
    contributions
        What each channel truly brought over the window. Shape (C,).
    spend
        What was spent on it. Shape (C,).
    kept_out
        Outcome of the holdout. Shape (H,).
    """

    outlook: Outlook
    budget: float
    best: float
    contributions: FloatArray
    spend: FloatArray
    kept_out: FloatArray

    @property
    def last_year_regret(self) -> float:
        """What last year's split loses."""
        reference = dict(zip(self.outlook.channels, self.outlook.reference_spend, strict=True))
        return 1.0 - true_value(self.outlook, reference) / self.best


def yardstick(simulated: SimulatedMarket, outlook: Outlook, question: Question) -> Yardstick:
    """The truth of a market, and the best split of last year's money."""
    market = simulated.market
    budget = float(outlook.reference_spend.sum())
    outcome = market.outcomes[market.spec.outcomes[0].name].sum(axis=1)
    return Yardstick(
        outlook=outlook,
        budget=budget,
        best=outlook.best(budget, outlook.band).incremental,
        contributions=simulated.truth.contributions.sum(axis=(0, 2)),
        spend=market.spend.sum(axis=(0, 2)),
        kept_out=outcome[-question.holdout :],
    )


def score(answer: Answer, question: Question, truth: Yardstick) -> Score:
    """The score of an answer.

    Raises
    ------
    ValueError
        When the answer has numbers that are none, or of another shape than was asked for.
    """
    _check(answer, question, truth)
    # The value of a unit of outcome is the same for all, so returns are compared in outcome a unit of money.
    mean_return = truth.contributions.sum() / truth.spend.sum()
    believed = answer.contributions / truth.spend / mean_return
    true = truth.contributions / truth.spend / mean_return
    tail = (1.0 - INTERVAL) / 2.0
    low, high = np.quantile(believed, (tail, 1.0 - tail), axis=0)
    floored = np.maximum(np.median(believed, axis=0), LEAST_RETURN), np.maximum(true, LEAST_RETURN)
    forecast = answer.predictions.mean(axis=0)
    return Score(
        roas_error=float(np.median(np.abs(np.log(floored[0] / floored[1])))),
        roas_crps=float(crps(believed, true).mean()),
        inside=int(((low <= true) & (true <= high)).sum()),
        channels=len(true),
        holdout_crps=float(crps(answer.predictions, truth.kept_out).mean() / truth.kept_out.mean()),
        holdout_wape=float(np.abs(forecast - truth.kept_out).sum() / truth.kept_out.sum()),
        regret=1.0 - true_value(truth.outlook, chosen_split(answer, question, truth)) / truth.best,
        rhat=None if np.isnan(answer.rhat) else answer.rhat,
        divergences=answer.divergences,
        cpu_seconds=answer.cpu_seconds,
    )


def chosen_split(answer: Answer, question: Question, truth: Yardstick) -> dict[str, float]:
    """The split of last year's money that is best on a tool's curves under the band: money by channel.

    Exact on a grid, by the dynamic programming that also finds the truly best split. Between the budgets that were
    asked about a curve is read by a monotone cubic.
    """
    grid = truth.budget * np.arange(STEPS + 1) / STEPS
    values = np.stack([PchipInterpolator(question.budgets, curve)(grid) for curve in answer.curves])
    found = best_split(values, truth.outlook.is_brand, truth.outlook.band)
    return dict(zip(truth.outlook.channels, grid[found.steps].tolist(), strict=True))


def crps(draws: FloatArray, true: FloatArray) -> FloatArray:
    """Continuous ranked probability score of draws, E|X - y| - E|X - X'| / 2. Shapes (S, N), (N,), returns (N,).

    The mean difference of all pairs follows from the sorted draws (Gini).
    """
    count = len(draws)
    rank = 2.0 * np.arange(1, count + 1) - count - 1.0
    spread = (rank[:, None] * np.sort(draws, axis=0)).sum(axis=0) / count**2
    return np.asarray(np.abs(draws - true).mean(axis=0) - spread)


def as_fields(found: Score) -> dict[str, float | int | None]:
    """A score as plain values."""
    return asdict(found)


def _check(answer: Answer, question: Question, truth: Yardstick) -> None:
    channels, budgets = len(truth.spend), len(question.budgets)
    expected = {
        "contributions": (len(answer.contributions), channels),
        "curves": (channels, budgets),
        "predictions": (len(answer.predictions), question.holdout),
    }
    for name, shape in expected.items():
        values = np.asarray(getattr(answer, name))
        if values.shape != shape or not np.isfinite(values).all():
            raise ValueError(f"{name}: expected finite numbers of shape {shape}, got shape {values.shape}")
