"""Which channels can the data not tell apart? Their sum is better known than any of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmm.checks.verdicts import unless_passed
from mmm.manifest import Gate
from mmm.media_history import MediaHistory
from mmm.posterior import Posterior
from mmm.sentence import Number, Share, listed, sentence
from mmm.vocabulary import FloatArray, Verdict

ALIKE_LIMIT = 0.8
"""Correlation of two channels' contributions, baseline taken out, from which on they count as alike: their effects
are then known 1.7 times worse than that of either alone."""

OPPOSED_LIMIT = -0.7
"""Posterior correlation of two channels' log shares from which on one's gain is the other's loss. Priors that channels
share hold it up, so that even twins seldom reach it: the first limit finds them."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Channels that the data cannot tell apart.

    Attributes
    ----------
    channels
        Names, in the order of market.toml.
    correlation
        Of the two that are most alike.
    spread_of_each, spread_of_sum
        Standard deviation over mean of what one of them (the best known) and what all of them together brought.
    """

    channels: tuple[str, ...]
    correlation: float
    spread_of_each: float
    spread_of_sum: float


def likenesses(posterior: Posterior, history: MediaHistory) -> tuple[Likeness, ...]:
    """Groups of channels that cannot be told apart; a channel that is like two others joins them."""
    design = posterior.design
    paid = [place for place in design.paid if history.total[:, place].std() > 0]
    if len(paid) < 2:
        return ()
    seen = design.observed > 0
    columns = design.columns[seen]
    brought = history.contribution[seen][:, paid]
    fitted, *_ = np.linalg.lstsq(columns, brought, rcond=1e-9)
    alike = _correlations(brought - columns @ fitted)
    opposed = _correlations(np.log(history.total[:, paid]))
    groups = _groups((alike >= ALIKE_LIMIT) | (opposed <= OPPOSED_LIMIT))
    return tuple(
        Likeness(
            channels=tuple(design.media[paid[place]].name for place in group),
            correlation=float(max(alike[one, other] for one in group for other in group if one != other)),
            spread_of_each=min(_relative(history.total[:, paid[place]]) for place in group),
            spread_of_sum=_relative(history.total[:, [paid[place] for place in group]].sum(axis=1)),
        )
        for group in groups
    )


def judge_likenesses(found: Sequence[Likeness]) -> list[Gate]:
    """A gate for each group; one that passes where there is none."""
    if not found:
        return [
            Gate(
                name="alike",
                verdict="pass",
                value=None,
                limit=ALIKE_LIMIT,
                text=sentence("The data can tell the channels apart."),
            )
        ]
    return [_judged(one) for one in found]


def _judged(found: Likeness) -> Gate:
    verdict: Verdict = "review"
    return Gate(
        name="alike",
        verdict=verdict,
        value=found.correlation,
        limit=ALIKE_LIMIT,
        text=sentence(
            "The data cannot tell apart {channels}: what they brought moves together ({correlation}). Together it is "
            "known to within {together}, of one alone to within {alone} at best.",
            channels=listed(found.channels, is_quoted=False),
            correlation=Number(amount=found.correlation, digits=2),
            together=Share(fraction=found.spread_of_sum, digits=0),
            alone=Share(fraction=found.spread_of_each, digits=0),
        ),
        action=unless_passed(
            verdict,
            sentence(
                "Plan them as one group and keep the split between them, or vary one without the others for some weeks."
            ),
        ),
    )


def _correlations(series: FloatArray) -> FloatArray:
    """Correlation of each column with each other one; zero for those that do not vary. Shape (C, C)."""
    centered = series - series.mean(axis=0)
    size = np.linalg.norm(centered, axis=0)
    scaled = np.divide(centered, size, out=np.zeros_like(centered), where=size > 0)
    return np.asarray(scaled.T @ scaled)


def _groups(is_linked: FloatArray | np.ndarray) -> list[list[int]]:
    """Groups of two or more that are linked, directly or through others, in order."""
    count, groups, placed = len(is_linked), [], set[int]()
    for first in range(count):
        if first in placed:
            continue
        group, reached = [first], {first}
        for place in group:
            linked = [other for other in range(count) if other not in reached and is_linked[place, other]]
            reached.update(linked)
            group.extend(linked)
        placed |= reached
        if len(group) > 1:
            groups.append(sorted(group))
    return groups


def _relative(draws: FloatArray) -> float:
    return float(draws.std() / draws.mean())
