"""Do the curves say how to split the budget? What knowing them would add to the best plan, on average over the draws.

    open = (E[max_x f_d(x)] - max_x E[f_d(x)]) / max_x E[f_d(x)],

the expected value of perfect information (Raiffa and Schlaifer 1961, "Applied Statistical Decision Theory"), relative
to what the best plan is expected to bring; f_d is what a split of last year's mean budget a period brings, period after
period, by the curves of draw d. Where the posterior is right this is how much the plan loses on average to the truly
best one. No other gate shows it: every interval may be honest and the split still be a guess.
"""

from dataclasses import dataclass

import numpy as np

from mmm.checks.verdicts import unless_passed
from mmm.manifest import Gate
from mmm.posterior import Posterior
from mmm.saturation import effect_of_impression, saturate
from mmm.sentence import Sentence, Share, Word, sentence
from mmm.vocabulary import PERIODS_PER_YEAR, FloatArray, IntArray, PeriodName, Verdict

OPEN_LIMIT = 0.05
"""Largest part of what a plan brings that better knowledge may be expected to add: beyond it, a test is worth more than
a finer plan."""

STEPS = 50
"""Parts that the budget is split in."""

DRAWS = 200
"""Draws that are looked at, evenly spaced."""


@dataclass(frozen=True, slots=True)
class OpenSplit:
    """How open the best split is.

    Attributes
    ----------
    share
        What knowing all curves would add, relative to what the best plan brings; >= 0.
    channel
        The channel whose best part of the budget varies most between the draws.
    low, high
        90 % interval of that part over the draws, of the whole budget.
    """

    share: float
    channel: str
    low: float
    high: float


def open_split(posterior: Posterior, period: PeriodName) -> OpenSplit | None:
    """How open the best split of last year's budget is; None with one channel or without spend in the last year."""
    design = posterior.design
    paid = list(design.paid)
    year = max(round(PERIODS_PER_YEAR[period]), 1)
    budget = float(design.spend[-year:].mean(axis=0).sum())
    if len(paid) < 2 or budget <= 0:
        return None
    size = len(posterior.coefficients)
    kept = np.linspace(0, size - 1, min(DRAWS, size)).round().astype(np.int64)
    levels = budget * np.arange(STEPS + 1) / STEPS
    curves = np.stack([_brought(posterior, place, levels, kept) for place in paid], axis=1)
    known, parts = _best(curves)
    expected, _ = _best(curves.mean(axis=0, keepdims=True))
    if expected[0] <= 0:
        return None
    low, high = np.quantile(parts / STEPS, (0.05, 0.95), axis=0)
    widest = int((high - low).argmax())
    return OpenSplit(
        share=max(float(known.mean() / expected[0]) - 1.0, 0.0),
        channel=design.media[paid[widest]].name,
        low=float(low[widest]),
        high=float(high[widest]),
    )


def _brought(posterior: Posterior, place: int, levels: FloatArray, kept: IntArray) -> FloatArray:
    """What levels of spend of a channel bring, period after period, by some of the draws. Shape (draws, levels).

    With reach and frequency at the usual frequency, and up to the largest reach that was seen.
    """
    design, media = posterior.design, posterior.media
    half, slope = media.half_saturation[kept, place, None], media.slope[kept, place, None]
    kind, usual = design.media[place].saturation, design.usual_frequency[place]
    if kind == "reach":
        most = usual * (design.exposure[:, place] / design.frequency[:, place]).max()
        levels = np.minimum(levels, most) * effect_of_impression(usual, half, slope)
    return np.asarray(media.ceiling[kept, place, None] * saturate(kind, levels, half, slope))


def judge_split(found: OpenSplit | None) -> list[Gate]:
    """The gate, where there is something to split."""
    if found is None:
        return []
    verdict: Verdict = "pass" if found.share <= OPEN_LIMIT else "review"
    told: Sentence = sentence(
        "The curves say how to split last year's budget: knowing them exactly would add {open} (limit {limit}).",
        open=Share(fraction=found.share),
        limit=Share(fraction=OPEN_LIMIT),
    )
    if verdict != "pass":
        told = sentence(
            "The curves leave the best split open: knowing them exactly would add {open} to what a plan brings (limit "
            "{limit}). What {channel} should get is least known: {low} to {high} of the budget.",
            open=Share(fraction=found.share),
            limit=Share(fraction=OPEN_LIMIT),
            channel=Word(text=found.channel),
            low=Share(fraction=found.low),
            high=Share(fraction=found.high),
        )
    return [
        Gate(
            name="split",
            verdict=verdict,
            value=found.share,
            limit=OPEN_LIMIT,
            text=told,
            action=unless_passed(
                verdict,
                sentence(
                    "Move money in small steps, and test the channel named: a lift test pays more than a finer plan."
                ),
            ),
        )
    ]


def _best(curves: FloatArray) -> tuple[FloatArray, FloatArray]:
    """What the best split of every draw brings, and its parts, by dynamic programming over the channels.

    `curves` (S, C, `STEPS` + 1) rise from zero; parts are in steps, of shape (S, C), and sum to at most `STEPS`.
    """
    draws, channels, levels = curves.shape
    best = np.zeros((draws, levels))
    chosen = np.empty((channels, draws, levels), dtype=np.int64)
    for channel in range(channels):
        # What every part leaves for the channels before: -inf where there is not so much.
        options = np.full((draws, levels, levels), -np.inf)
        for part in range(levels):
            options[:, part:, part] = best[:, : levels - part] + curves[:, channel, part, None]
        chosen[channel] = options.argmax(axis=2)
        best = options.max(axis=2)
    parts = np.empty((draws, channels))
    left, rows = np.full(draws, levels - 1), np.arange(draws)
    for channel in range(channels - 1, -1, -1):
        taken = chosen[channel][rows, left]
        parts[:, channel] = taken
        left = left - taken
    return best[:, -1], parts
