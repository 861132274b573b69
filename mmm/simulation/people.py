"""People who see, remember, forget and buy: a market in which nobody wrote down carryover or saturation.

Each person stands for many alike. In a week a medium reaches a person as often as a Poisson
variable says, at a rate that is the medium's contacts times the person's use of it: some never
use it, a few use it a lot. Each contact leaves a trace that fades at the person's own rate; a
medium is recalled if any of its traces is. Who is in need buys with a probability that rises with
what is recalled, up to a ceiling; who has bought has no need until it returns. Of each kind of
person the part in need is followed, not single decisions: purchases are expectations given who saw
what.

Carryover thus emerges from traces that fade at many rates and from needs met early, saturation from
heavy users who are reached again and again, from the ceiling of persuasion and from needs that run
out (compare the agents of Zhang and Vaver 2017, "Introduction to the Aggregate Marketing System
Simulator").

Axes: N people, M media (paid channels, then media without cost), T periods.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from mmm.vocabulary import FloatArray

_MANY = 12.0
"""Rate from which a count of contacts is read off an expansion of its distribution."""


@dataclass(frozen=True, slots=True)
class People:
    """Traits that do not change.

    Attributes
    ----------
    size
        Outcome units that the purchase of one person stands for. Shape (N,).
    eagerness
        Hazard of buying per week of who is in need and recalls nothing. Shape (N,).
    renewal
        Probability per week that a need which was met returns. Shape (N,).
    lift
        Largest relative increase of that hazard by what is recalled.
    use
        Use of each medium relative to the mean person, zero for who never meets it. Shape (M, N).
    contacts
        Contacts of the mean person per unit of money (or reader) in a week. Shape (M,).
    retention
        Part of a trace kept from one week to the next. Shape (M, N).
    impression
        Hazard with which a fresh contact is recalled. Shape (M,).
    persuasion
        How convincing a medium is to who recalls it. Shape (M,).
    """

    size: FloatArray
    eagerness: FloatArray
    renewal: FloatArray
    lift: float
    use: FloatArray
    contacts: FloatArray
    retention: FloatArray
    impression: FloatArray
    persuasion: FloatArray


@dataclass(frozen=True, slots=True)
class Minds:
    """How people are at the end of a period: traces of contacts, shape (M, N), and part in need, shape (N,)."""

    traces: FloatArray
    need: FloatArray


@dataclass(frozen=True, slots=True)
class Crowd:
    """People, and their minds when the data end."""

    people: People
    minds: Minds


def usual_need(people: People) -> FloatArray:
    """Part of people in need when nothing was ever advertised: where purchases and returning needs balance."""
    staying = np.exp(-people.eagerness)
    return np.asarray(people.renewal / (1.0 - staying * (1.0 - people.renewal)))


def contact_rates(people: People, medium: int, amount: FloatArray) -> FloatArray:
    """Expected contacts per person with a medium. `amount` is money or readers, shape (T,); returns shape (T, N)."""
    return np.outer(people.contacts[medium] * amount, people.use[medium])


def contacts_at(rates: FloatArray, chance: FloatArray) -> FloatArray:
    """Poisson counts at some rates for given chances in (0, 1): equal chances, more contacts for more money.

    This keeps the randomness of two budgets in common, so that their difference is the budget's.
    Counts at low rates invert the distribution, at high rates the expansion of Cornish and
    Fisher (1938). Any shape.
    """
    counts = np.zeros(rates.shape)
    low = (rates > 0) & (rates < _MANY)
    rate, wanted = rates[low], chance[low]
    term = np.exp(-rate)
    reached, count, step = term.copy(), np.zeros(rate.shape), 0
    while (more := wanted > reached).any() and step < 80:
        step += 1
        count += more
        term = term * rate / step
        reached += term
    counts[low] = count
    high = rates >= _MANY
    if high.any():
        rate, z = rates[high], ndtri(chance[high])
        counts[high] = np.maximum(0.0, np.rint(rate + np.sqrt(rate) * z + (z**2 - 1.0) / 6.0))
    return counts


def traces_left(retention: FloatArray, counts: FloatArray, before: FloatArray) -> FloatArray:
    """Contacts that have not faded, by period. Shapes (N,), (T, N) and (N,); returns shape (T, N)."""
    traces = np.empty_like(counts)
    last = before
    for period, new in enumerate(counts):
        last = retention * last + new
        traces[period] = last
    return traces


def recalled(people: People, medium: int, traces: FloatArray) -> FloatArray:
    """Probability that a medium is recalled: that not every trace of it goes unnoticed. Shapes (T, N), (T, N)."""
    # Not expm1: it takes ten times as long, and sixteen digits of a probability are enough.
    return np.asarray(1.0 - np.exp(-people.impression[medium] * traces))


def purchases(
    people: People, demand: FloatArray, conviction: FloatArray, need: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Outcome per period, shape (T,), and the part of people in need at the end, shape (N,).

    Parameters
    ----------
    demand
        Factor of everybody's eagerness: season, price, shocks; one is usual. Shape (T,).
    conviction
        Persuasion by what is recalled, all media together. Shape (T, N).
    need
        Part in need before the first period. Shape (N,).
    """
    pull = 1.0 + people.lift * (1.0 - np.exp(-conviction))
    chance = 1.0 - np.exp(-(people.eagerness * demand[:, None]) * pull)
    sold = np.empty(len(demand))
    for period in range(len(demand)):
        buying = need * chance[period]
        sold[period] = (people.size * buying).sum()
        left = need - buying
        need = left + people.renewal * (1.0 - left)
    return sold, need
