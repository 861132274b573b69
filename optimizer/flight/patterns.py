"""Phasings to start from: bursts and pulses of each channel, and the totals for which they are worth most.

On S-shaped curves money works once there is enough of it, so that a channel which cannot be on air all the time does
better in one burst or in pulses than thinly throughout. Which burst is best is looked up for a ladder of totals; how
the budget is then split is one program over the lines between the rungs, under all rules on totals.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mmm.vocabulary import FloatArray
from optimizer.curves.expected import Line, Piece
from optimizer.flight.choice import FlightChoice
from optimizer.flight.concave import FlightProblem
from optimizer.flight.terms import FlightTerms
from optimizer.program.solve import CompiledSplit, best_on_pieces

_LENGTHS = (1 / 52, 1 / 26, 1 / 13, 1 / 8, 1 / 6, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 5 / 6, 1.0)
"""Lengths of a burst, as shares of the periods in which a channel may be on air."""

_RHYTHMS = (2, 3, 4)
"""Every so many periods of pulses."""

_RUNGS = np.array([1 / 64, 1 / 32, 1 / 16, 3 / 32, 1 / 8, 3 / 16, 1 / 4, 3 / 8, 1 / 2, 3 / 4, 1.0])
"""Totals that are looked at, as shares of the most that a channel may have; zero goes with them."""

_DRAWS = 32
"""Draws on which phasings are looked up."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """The best phasing found of one channel at each of some totals. Shapes (R,), (R,) and (R, T); money."""

    totals: FloatArray
    values: FloatArray
    phasings: FloatArray


def climb_ladder(terms: Sequence[FlightTerms], most: FloatArray, total: float) -> Ladder:
    """The ladder of a channel that may have `most` (T,) in each period and `total` over the horizon."""
    totals = np.concatenate([[0.0], _RUNGS * min(total, float(most.sum()))])
    values, phasings = np.zeros(len(totals)), np.zeros((len(totals), len(most)))
    shapes = _shapes(most)
    for rung in range(1, len(totals)) if totals[-1] > 0 else ():
        tried = np.array([placed for shape in shapes if (placed := filled(shape, most, totals[rung])) is not None])
        worth = np.sum([term.values(tried) for term in terms], axis=0)
        best = int(np.argmax(worth))
        values[rung], phasings[rung] = worth[best], tried[best]
    return Ladder(totals, values, phasings)


def ladders(problem: FlightProblem, most: float) -> list[Ladder]:
    """The ladder of every channel, up to `most` money."""
    found = []
    for channel, terms in enumerate(problem.terms):
        draws = terms[0].draws
        chosen = np.linspace(0, draws - 1, min(_DRAWS, draws)).astype(np.int64)
        part = [term.subset(chosen) for term in terms]
        found.append(climb_ladder(part, problem.rows.most[channel], min(float(problem.rows.totals[channel]), most)))
    return found


def best_rungs(problem: FlightProblem, found: Sequence[Ladder], *, seconds: float) -> FlightChoice | None:
    """The split that brings the most where each channel is phased as its ladder says, with its phasing."""
    rows = problem.rows
    scale = float(sum(ladder.values[-1] for ladder in found)) / len(found)
    if scale <= 0:
        return None
    pieces = {name: _lines_between(ladder) for name, ladder in zip(rows.names, found, strict=True)}
    split = best_on_pieces(
        _priced(rows.split, problem.price / scale), pieces, scale, relative_gap=1e-3, seconds=seconds
    )
    if split is None:
        return None
    return rows.nearest(phased(found, np.array([split.spend[name] for name in rows.names]), rows.most))


def _priced(split: CompiledSplit, price: float) -> CompiledSplit:
    """The same rules where a unit of money of the total takes `price` off what is maximised."""
    program = split.program.copy()
    program.costs[split.total_column] = -price * split.spend_scale
    return replace(split, program=program)


def phased(found: Sequence[Ladder], totals: FloatArray, most: FloatArray) -> FloatArray:
    """Each channel's total phased as at the nearest rung of its ladder. `totals` (C,), `most` (C, T); shape (C, T)."""
    spend = np.zeros_like(most)
    for channel, ladder in enumerate(found):
        if totals[channel] <= 0 or len(ladder.totals) < 2:
            continue
        rung = 1 + int(np.argmin(np.abs(np.log(np.maximum(ladder.totals[1:], 1e-300) / totals[channel]))))
        shape = ladder.phasings[rung]
        placed = filled(shape, most[channel], totals[channel])
        spend[channel] = shape * (totals[channel] / max(float(shape.sum()), 1e-300)) if placed is None else placed
    return spend


def filled(shape: FloatArray, most: FloatArray, total: float) -> FloatArray | None:
    """A total spread in proportion to a shape as far as each period allows; None where it does not fit."""
    if float(most[shape > 0].sum()) < total * (1.0 - 1e-9):
        return None
    placed = np.zeros(len(shape))
    is_free = shape > 0
    for _ in range(len(shape)):
        left = total - float(placed.sum())
        if left <= 1e-12 * total or not is_free.any():
            break
        level = left / float(shape[is_free].sum())
        placed[is_free] = np.minimum(placed[is_free] + level * shape[is_free], most[is_free])
        is_free &= placed < most * (1.0 - 1e-12)
    return placed


def _shapes(most: FloatArray) -> list[FloatArray]:
    """Bursts at the start, in the middle and at the end, and pulses, among the periods in which a channel may air."""
    open_periods = np.flatnonzero(most > 0)
    count = len(open_periods)
    shapes: dict[bytes, FloatArray] = {}
    for length in sorted({max(1, round(share * count)) for share in _LENGTHS}) if count else ():
        for start in sorted({0, (count - length) // 3, (count - length) // 2, count - length}):
            _remember(shapes, open_periods[start : start + length], len(most))
    for rhythm in _RHYTHMS:
        for length in (1, 2):
            if length < rhythm < count:
                on_air = np.flatnonzero(np.arange(count) % rhythm < length)
                _remember(shapes, open_periods[on_air], len(most))
    return list(shapes.values())


def _remember(shapes: dict[bytes, FloatArray], periods: np.ndarray, horizon: int) -> None:
    shape = np.zeros(horizon)
    shape[periods] = 1.0
    shapes.setdefault(shape.tobytes(), shape)


def _lines_between(ladder: Ladder) -> list[Piece]:
    pieces = []
    for low, high, before, after in zip(
        ladder.totals[:-1], ladder.totals[1:], ladder.values[:-1], ladder.values[1:], strict=True
    ):
        if high <= low:
            continue
        slope = float(after - before) / float(high - low)
        pieces.append(Piece(float(low), float(high), (Line(slope, float(before) - slope * float(low)),)))
    return pieces or [Piece(0.0, 0.0, (Line(0.0, 0.0),))]
