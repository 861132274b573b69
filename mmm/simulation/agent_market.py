"""A market of people: who they are, what each medium brought, what the data show.

What a channel brought is what would be missing without it alone, everybody's other contacts
being the same. Such contributions need not add up: the rest is their interaction.
"""

from dataclasses import dataclass, replace

import numpy as np

from mmm.simulation.people import Crowd, Minds, People, contact_rates, purchases, recalled, traces_left, usual_need
from mmm.simulation.setting import Setting, draw
from mmm.simulation.surroundings import Streams, Surroundings, draw_base, observed_market
from mmm.simulation.truth import SimulatedMarket, TrueMedia, TrueProcess, Truth
from mmm.simulation.worlds import BusinessKind, Range
from mmm.vocabulary import FloatArray

PEOPLE = 4000
"""People simulated, each for many alike."""
ORGANIC_SHARE = Range(0.02, 0.05)
"""Part of the outcome that media without cost bring."""
FREQUENCY = Range(0.3, 1.5)
"""Contacts a week of the mean person while a medium is at work."""
REACHED, USE_SHAPE = Range(0.35, 0.9), Range(0.5, 1.5)
"""Part of people who use a medium at all, and the shape of the gamma distribution of their use (1 is exponential)."""
FULLNESS = Range(0.3, 1.6)
"""Hazard of recall of the mean person while a medium is at work: from one on, most who can be reached are."""
HABIT = Range(-0.7, 0.7)
"""How far one habit (young and online, or not) decides who uses a medium."""
_ROUNDS, _CLOSE, _HASTE = 12, 0.02, 1.3
"""Most rounds in which persuasion is set, the relative error that is near enough, and how much more than the missing
part is added in a round, as persuasion saturates. The error left does no harm: the truth is measured afterwards."""


@dataclass(frozen=True, slots=True)
class _Buying:
    """How a kind of business is bought from: chance a week, weeks until a need returns, ceiling of persuasion."""

    eagerness: float
    cycle_weeks: float
    lift: float


_BUYING: dict[BusinessKind, _Buying] = {"b2c": _Buying(0.04, 6.0, 3.0), "b2b": _Buying(0.008, 30.0, 3.0)}


@dataclass(frozen=True, slots=True)
class _Sold:
    """Outcome without shocks: with all media, with none, without each one (T, M), and who is then in need (N,)."""

    everything: FloatArray
    nothing: FloatArray
    without: FloatArray
    need: FloatArray


def simulate_agents(streams: Streams, around: Surroundings, seed: int, name: str) -> SimulatedMarket:
    """A national market of people, with its truth."""
    setting, spend = around.setting, around.usual_spend
    channels, media = spend.shape[1], spend.shape[1] + around.reach.shape[1]
    amounts = np.concatenate([spend, around.reach], axis=1)[:, :, 0]
    info, coefficients, base = draw_base(streams.base, around, 0.0)
    demand = base[:, 0] / setting.level
    people = _draw_people(streams.departure, setting, amounts)
    traces = [_traces(streams.departure, people, medium, amounts[:, medium]) for medium in range(media)]
    recall = [recalled(people, medium, left) for medium, left in enumerate(traces)]
    wanted = _wanted_shares(streams, setting, spend, media)
    people = _calibrated(people, recall, demand, wanted, setting.level)
    sold = _sell(people, recall, demand)
    shocked = 1.0 + around.shock.series[:, 0] / setting.level
    in_shock, _ = purchases(people, demand * shocked, _total(people, recall), usual_need(people))
    outcome = streams.noise.poisson(in_shock).astype(np.float64)
    brought = sold.everything[:, None] - sold.without
    process = TrueProcess(
        paid=_emergent(people, slice(0, channels)),
        organic=_emergent(people, slice(channels, media)),
        baseline=info,
        coefficients=coefficients,
        shock_scale=around.shock.scale,
        noise_scale=np.sqrt(sold.everything.mean(keepdims=True)),
        shock_persistence=around.shock.persistence,
        geo_share=np.ones((channels, 1)),
    )
    minds = Minds(np.stack([left[-1] for left in traces]), sold.need)
    truth = Truth(
        business=setting.world.kind,
        seed=seed,
        world="agents",
        process=process,
        base=sold.nothing[:, None],
        organic=brought[:, channels:].sum(axis=1, keepdims=True),
        contributions=brought[:, :channels, None],
        shock=(in_shock - sold.everything)[:, None],
        noise=(outcome - in_shock)[:, None],
        interaction=(sold.everything - sold.nothing - brought.sum(axis=1))[:, None],
        crowd=Crowd(people, minds),
    )
    return SimulatedMarket(observed_market(around, name, spend, outcome[:, None]), truth)


def _draw_people(rng: np.random.Generator, setting: Setting, amounts: FloatArray) -> People:
    """People before it is known how persuasive media are. `amounts` is money or readers, shape (T, M)."""
    buying, media = _BUYING[setting.world.kind], amounts.shape[1]
    retention = [draw(rng, channel.retention) for channel in setting.world.channels]
    retention += [draw(rng, Range(0.1, 0.4)) for _ in range(media - len(retention))]
    logit = np.log(np.array(retention) / (1.0 - np.array(retention)))
    habit = rng.standard_normal(PEOPLE)
    use = np.stack([_use(rng, habit) for _ in range(media)])
    frequency = np.array([draw(rng, FREQUENCY) for _ in range(media)])
    usual_traces = frequency / (1.0 - np.array(retention))
    at_work = np.array([column[column > 0.05 * column.max()].mean() for column in amounts.T])
    return People(
        size=np.ones(PEOPLE),
        eagerness=buying.eagerness * np.exp(0.5 * rng.standard_normal(PEOPLE)),
        renewal=np.minimum(1.0, np.exp(0.4 * rng.standard_normal(PEOPLE)) / buying.cycle_weeks),
        lift=buying.lift,
        use=use,
        contacts=frequency / at_work,
        retention=1.0 / (1.0 + np.exp(-(logit[:, None] + 0.6 * rng.standard_normal((media, PEOPLE))))),
        impression=np.array([draw(rng, FULLNESS) for _ in range(media)]) / usual_traces,
        persuasion=np.full(media, 0.1),
    )


def _traces(rng: np.random.Generator, people: People, medium: int, amount: FloatArray) -> FloatArray:
    """What is left of the contacts with one medium in each period, nothing before the first. Shapes (T,), (T, N)."""
    counts = rng.poisson(contact_rates(people, medium, amount)).astype(np.float64)
    return traces_left(people.retention[medium], counts, np.zeros(PEOPLE))


def _use(rng: np.random.Generator, habit: FloatArray) -> FloatArray:
    """Use of one medium: who is reached at all goes with the habit, how much is gamma; its mean is one. Shape (N,)."""
    loading = draw(rng, HABIT)
    score = loading * habit + np.sqrt(1.0 - loading**2) * rng.standard_normal(PEOPLE)
    reached = score > np.quantile(score, 1.0 - draw(rng, REACHED))
    use = reached * rng.gamma(draw(rng, USE_SHAPE), size=PEOPLE)
    return np.asarray(use / use.mean())


def _wanted_shares(streams: Streams, setting: Setting, spend: FloatArray, media: int) -> FloatArray:
    """Part of the outcome that each medium is to bring, as drawn for other worlds too. Shape (M,)."""
    worth = np.array([draw(streams.media, channel.worth) for channel in setting.world.channels])
    weight = worth * spend.sum(axis=(0, 2))
    paid = setting.brought / setting.level * weight / weight.sum()
    return np.concatenate([paid, [draw(streams.media, ORGANIC_SHARE) for _ in range(media - len(worth))]])


def _calibrated(
    people: People, recall: list[FloatArray], demand: FloatArray, wanted: FloatArray, level: float
) -> People:
    """The people of whose mean outcome, `level`, all media together bring the sum of the wanted parts.

    What would be missing without each one is in the proportion of those parts.
    """
    for _ in range(_ROUNDS):
        sold = _sell(people, recall, demand)
        missing = 1.0 - sold.without.sum(axis=0) / sold.everything.sum()
        together = 1.0 - sold.nothing.sum() / sold.everything.sum()
        # Each alone tells how media compare, none alone how much they do: some do what others would have done.
        factor = wanted / wanted.sum() / (missing / missing.sum()) * (wanted.sum() / together) ** _HASTE
        if np.abs(factor - 1.0).max() < _CLOSE:
            break
        people = replace(people, persuasion=people.persuasion * np.clip(factor, 0.3, 3.0))
    return replace(people, size=people.size * level / _sell(people, recall, demand).everything.mean())


def _sell(people: People, recall: list[FloatArray], demand: FloatArray) -> _Sold:
    need, total = usual_need(people), _total(people, recall)
    everything, after = purchases(people, demand, total, need)
    without = [
        purchases(people, demand, total - persuasion * of_medium, need)[0]
        for persuasion, of_medium in zip(people.persuasion, recall, strict=True)
    ]
    nothing, _ = purchases(people, demand, np.zeros_like(total), need)
    return _Sold(everything, nothing, np.stack(without, axis=1), after)


def _total(people: People, recall: list[FloatArray]) -> FloatArray:
    """Persuasion by all media together. Shape (T, N)."""
    total = np.zeros_like(recall[0])
    for persuasion, of_medium in zip(people.persuasion, recall, strict=True):
        total += persuasion * of_medium
    return total


def _emergent(people: People, media: slice) -> TrueMedia:
    """What can be said of media in the words of formulas: how long the mean person remembers, and nothing else."""
    retention = people.retention[media].mean(axis=1)
    unknown = np.full(len(retention), np.nan)
    return TrueMedia(
        adstock=tuple("emergent" for _ in retention),
        saturation=tuple("emergent" for _ in retention),
        retention=retention,
        peak_delay=unknown,
        slope=unknown,
        half_saturation=unknown[:, None],
        ceiling=unknown[:, None],
    )
