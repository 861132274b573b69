"""Responses of every channel over one scenario's horizon, per KPI, and the curves made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mmm.artifact import ResponseArtifact
from mmm.baseline import forecast_baseline
from mmm.curves import ChannelResponse, channel_response
from mmm.noise_paths import normal_quantiles, sum_deviation
from mmm.vocabulary import FloatArray, IntArray
from optimizer.curves.channel_draws import BudgetDraws, ChannelDraws
from optimizer.curves.expected import ExpectedCurve
from optimizer.horizon.timeline import Timeline
from optimizer.program.allocation import KpiCurves
from optimizer.scenario.document import Scenario
from optimizer.separable.problem import Corners, SeparableCurves, TabledCurves
from optimizer.tabled.draws import TabledDraws
from optimizer.tabled.response import ResponseTable
from optimizer.tabled.stack import TabledStack

_MANY_TERMS = 4000
"""Terms of all curves together, one a draw and period, from which on tables of the draws stand for them."""

_WORTH_TABLES = 12
"""Splits from which on tables are worth making: one plan asks for a few, a frontier for many."""

_KEPT = 16
"""Ranges of budgets whose curves are kept side by side."""


@dataclass
class KpiResponses:
    """What one KPI gains from every channel over a horizon, with what it is without them. S draws.

    Attributes
    ----------
    artifact
        The model.
    responses
        Per channel, the whole effect: horizon and after.
    assumed
        Channels without history, whose curves are assumed.
    """

    artifact: ResponseArtifact
    responses: Mapping[str, ChannelResponse]
    baseline: FloatArray
    assumed: frozenset[str] = frozenset()
    _curves: dict[int | None, Mapping[str, ExpectedCurve]] = field(default_factory=dict)
    _draws: dict[int | None, Mapping[str, ChannelDraws]] = field(default_factory=dict)
    _within: dict[int | None, Mapping[str, ChannelResponse]] = field(default_factory=dict)
    _during: dict[int, Mapping[str, ExpectedCurve]] = field(default_factory=dict)
    _tables: dict[int | None, Mapping[str, ResponseTable]] = field(default_factory=dict)
    _tabled: dict[int | None, TabledDraws] = field(default_factory=dict)
    _separable: dict[tuple[int, ...], Corners] = field(default_factory=dict)
    _stacks: dict[tuple[int, ...], TabledStack] = field(default_factory=dict)
    _base: dict[int, FloatArray] = field(default_factory=dict)
    _noise: dict[int, FloatArray] = field(default_factory=dict)
    _splits: int = 0
    _measured: "KpiResponses | None" = None

    def measured(self) -> "KpiResponses":
        """The same with nothing counted of channels without history; kept."""
        if not self.assumed:
            return self
        if self._measured is None:
            none = np.zeros(self.artifact.manifest.draws)
            responses = {
                name: replace(response, ceiling=none) if name in self.assumed else response
                for name, response in self.responses.items()
            }
            self._measured = KpiResponses(self.artifact, responses, self.baseline)
        return self._measured

    def counted(self, periods: int | None) -> Mapping[str, ChannelResponse]:
        """Responses counted over the first `periods` periods, or over the whole effect when None."""
        if periods is None:
            return self.responses
        if periods not in self._within:
            self._within[periods] = {name: response.until(periods) for name, response in self.responses.items()}
        return self._within[periods]

    def curves(self, periods: int | None = None) -> KpiCurves:
        """Expected curves under fresh over-estimators, so that no answer depends on what was asked before.

        The curves themselves are kept, with the points at which they were evaluated.
        """
        if periods not in self._curves:
            counted = self.counted(periods)
            self._curves[periods] = {name: ExpectedCurve(counted[name]) for name in counted}
        return KpiCurves(self._curves[periods])

    def curves_during(self, period: int) -> Mapping[str, ExpectedCurve]:
        """Expected curves of what every channel adds to one period of the horizon; kept."""
        if period not in self._during:
            responses = self.responses.items()
            self._during[period] = {name: ExpectedCurve(response.during(period)) for name, response in responses}
        return self._during[period]

    def expected_base(self, period: int) -> float:
        """Mean over the draws of what a period of the horizon has without this plan, with what earlier spend brings."""
        carried = sum(response.during(period).carried_in().mean() for response in self.responses.values())
        return float(self.baseline[:, period].mean() + carried)

    def tables(self, periods: int | None = None) -> Mapping[str, ResponseTable]:
        """Tables of the draws of all channels, for searches; kept, with what was looked up in them."""
        if periods not in self._tables:
            self._tables[periods] = {name: ResponseTable(each) for name, each in self.counted(periods).items()}
        return self._tables[periods]

    def separable_curves(self, money: float, costs: Mapping[str, float]) -> Corners:
        """The expected curves side by side, for splits that nothing holds but a budget and ranges; kept.

        `money` is the most that they are asked for, and `costs` what a unit of each channel's spend costs. Curves of
        many terms come from tables once they have been asked for often, or are expected to be.
        """
        self._splits += 1
        names, budget = tuple(self.responses), 2.0 ** np.ceil(np.log2(money))
        powers = np.ceil(np.log2([budget / costs[name] for name in names])).astype(np.int64)
        key = tuple(powers.tolist()) if self._has_many_terms and self._splits > _WORTH_TABLES else ()
        if key not in self._separable:
            if len(self._separable) >= _KEPT:
                del self._separable[next(iter(self._separable))]
            self._separable[key] = (
                TabledCurves(self.expected_stack(powers)) if key else SeparableCurves(self.curves().curves)
            )
        return self._separable[key]

    def expected_stack(self, powers: IntArray) -> TabledStack:
        """The expected curves side by side, from tables, up to budgets of 2**power money; kept. Shape (C,)."""
        key = tuple(powers.tolist())
        if key not in self._stacks:
            if len(self._stacks) >= _KEPT:
                del self._stacks[next(iter(self._stacks))]
            self._stacks[key] = TabledStack(self.tables(), self.shares(), powers)
        return self._stacks[key]

    def curves_for(self, money: float, costs: Mapping[str, float]) -> KpiCurves:
        """The expected curves for splits under any rules of at most some money; from tables as `separable_curves`."""
        return KpiCurves(self.curves().curves, self.separable_curves(money, costs).stack)

    def expect_splits(self, count: int) -> None:
        """Tell that so many splits will be asked for, so that tables are made at once where it is many."""
        self._splits += count

    def expect_tables(self) -> None:
        """Tell that tables of the whole effect are made anyway, for any budget that will be asked for."""
        self._splits += _WORTH_TABLES

    def weighted_curves(self, periods: int | None, weights: FloatArray) -> KpiCurves:
        """Curves of the weighted mean over the draws, `weights` of shape (S,) that sum to one."""
        counted = self.counted(periods)
        return KpiCurves({name: ExpectedCurve(counted[name], weights) for name in counted})

    def shares(self, total: float = 1.0) -> FloatArray:
        """Equal weights of the draws, of sum `total`. Shape (S,)."""
        size = self.artifact.manifest.draws
        return np.full(size, total / size)

    def summed_curves(self, weights: FloatArray, others: "Sequence[tuple[KpiResponses, FloatArray]]" = ()) -> KpiCurves:
        """Curves of weighted sums over the draws of this KPI and of others, `weights` of shape (S,) each."""
        return KpiCurves(
            {
                name: ExpectedCurve(response, weights, [(kpi.responses[name], weight) for kpi, weight in others])
                for name, response in self.responses.items()
            }
        )

    def media_draws(self, spend: Mapping[str, float], periods: int | None = None) -> FloatArray:
        """Outcome that a split adds, per draw. Shape (S,)."""
        return np.sum([draws.added(spend[name]) for name, draws in self._channel_draws(periods).items()], axis=0)

    def channel_draws(self, name: str, budget: float) -> BudgetDraws:
        """What a budget of one channel adds, and what one more unit of it would, per draw."""
        return self._channel_draws(None)[name].at(budget)

    def media_draws_nearly(self, spend: Mapping[str, float]) -> FloatArray:
        """The same where many splits are asked for: as tables have it, where the draws are many. Shape (S,)."""
        return self.tabled_draws().added(spend) if self._has_many_terms else self.media_draws(spend)

    def tabled_draws(self, periods: int | None = None) -> TabledDraws:
        """Draws of all channels looked up in tables, for searches."""
        if periods not in self._tabled:
            self._tabled[periods] = TabledDraws(self.tables(periods))
        return self._tabled[periods]

    @property
    def _has_many_terms(self) -> bool:
        return sum(response.gain.size for response in self.responses.values()) > _MANY_TERMS

    def _channel_draws(self, periods: int | None) -> Mapping[str, ChannelDraws]:
        if periods not in self._draws:
            self._draws[periods] = {name: ChannelDraws(each) for name, each in self.counted(periods).items()}
        return self._draws[periods]

    def base_draws(self, periods: int) -> FloatArray:
        """Outcome of the first `periods` periods without this plan, per draw, without noise; kept. Shape (S,).

        The baseline and what spend before the horizon still brings.
        """
        if periods not in self._base:
            carried = np.sum(
                [response.carried_in()[:, :periods].sum(axis=1) for response in self.responses.values()], axis=0
            )
            self._base[periods] = self.baseline[:, :periods].sum(axis=1) + carried
        return self._base[periods]

    def noise_draws(self, periods: int) -> FloatArray:
        """Noise of a sum of `periods` periods, per draw, shuffled by a seed of the artifact's; kept. Shape (S,).

        Quantiles of the normal in the middle of S equal parts: draws at random would add an error of their own to every
        probability, of 3 % with 200 of them.
        """
        if periods not in self._noise:
            rng = np.random.default_rng([int(self.artifact.digest[:8], 16), periods])
            deviation = sum_deviation(self.artifact.draws.noise, periods)
            self._noise[periods] = deviation * rng.permutation(normal_quantiles(len(deviation)))
        return self._noise[periods]


def build_responses(artifact: ResponseArtifact, timeline: Timeline, scenario: Scenario) -> KpiResponses:
    """Responses of every channel of a model over the horizon of a scenario."""
    responses = {
        name: channel_response(
            artifact,
            name,
            timeline.flighting[:, index],
            timeline.earlier_spend[:, index],
            None if timeline.frequency is None else timeline.frequency[:, index],
        )
        for index, name in enumerate(artifact.channels)
    }
    horizon = scenario.horizon
    baseline = forecast_baseline(artifact, horizon.start, horizon.periods)
    return KpiResponses(artifact, responses, baseline, frozenset(scenario.new_channels))
