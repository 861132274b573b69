"""The linear and integer part of a split, as a Pyomo model that can be read.

Money is in the market's currency; scaling is the driver's work (`optimizer.program.solve`). Every rule
adds its rows through `Formulation.add`, which keeps the rule's name, the planner's sentence and
how the row may give way beside the row itself.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

from pyomo.core import Binary, ConcreteModel, ConstraintList, NonNegativeIntegers, NonNegativeReals, Var, VarList

from mmm.manifest import ChannelInfo
from mmm.sentence import Money, Sentence, Word, sentence
from mmm.vocabulary import FloatArray
from optimizer.horizon.reach_limits import ReachLimit
from optimizer.program.capacity_lines import NO_CAPACITY, CapacityLines, PeriodCapacity
from optimizer.program.cpa_ceilings import CpaLimits
from optimizer.scenario.costs import unit_costs
from optimizer.scenario.document import Scenario, most_of_new

type LimitUnit = Literal["money", "share", "ratio", "count", "cpa", "kpi"]

SMALLEST_ON = 1e-3
"""Share of the budget from which a channel counts as on where a rule asks for channels to be on."""


@dataclass(frozen=True)
class Setting:
    """What the rules of one scenario are about.

    `ceiling` is the most that may be spent in all, money; `reference` is money per channel over the horizon, and
    `largest_seen` the most that each ever spent over one as long. `dates` are the starts of its periods, and `phasing`
    has the share of a channel's budget that each of them gets, shape (T,) each. `cpa_limits` says where channels with
    a ceiling on their CPA keep it, `within_reach` what channels with reach and frequency can use, and `capacity` the
    lines that stand for capacities a period.
    """

    scenario: Scenario
    channels: tuple[ChannelInfo, ...]
    reference: Mapping[str, float]
    ceiling: float
    spends_all: bool
    largest_seen: Mapping[str, float] = field(default_factory=dict)
    dates: tuple[date, ...] = ()
    phasing: Mapping[str, FloatArray] = field(default_factory=dict)
    cpa_limits: Mapping[str, CpaLimits] = field(default_factory=dict)
    within_reach: Mapping[str, ReachLimit] = field(default_factory=dict)
    capacity: CapacityLines = NO_CAPACITY

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Channel names in the artifact's order."""
        return tuple(channel.name for channel in self.channels)

    @cached_property
    def known_names(self) -> tuple[str, ...]:
        """Names of the channels that have a history."""
        return tuple(name for name in self.names if name not in self.scenario.new_channels)

    @cached_property
    def unit_costs(self) -> Mapping[str, float]:
        """What the company pays for a unit of each channel's spend."""
        return unit_costs(self.scenario, self.channels)

    @cached_property
    def most_spend(self) -> Mapping[str, float]:
        """The most that each channel could spend, if it had all the money."""
        return {name: self.ceiling / cost for name, cost in self.unit_costs.items()}

    @cached_property
    def reference_total(self) -> float:
        """What the company would pay for the reference plan's spend over the horizon."""
        costs = self.unit_costs
        return sum(costs[name] * amount for name, amount in self.reference.items())

    def most_of_new(self, name: str) -> float | None:
        """The most that a channel without history may get, money; None where its own rules say how much."""
        return most_of_new(self.scenario, name, self.reference_total or self.ceiling)

    @cached_property
    def smallest_on(self) -> float:
        """Money from which a channel counts as on where a rule asks for channels to be on."""
        return SMALLEST_ON * (self.scenario.budget or self.reference_total or self.ceiling)


@dataclass(frozen=True, slots=True)
class Window:
    """A switch that may be one only while the spend of a channel lies from `low` to `high`, money."""

    channel: str
    low: float
    high: float
    switch: Any

    def holds(self, spend: Mapping[str, float], slack: float) -> bool:
        """Whether a split lies in the window, or no more than `slack` beside it."""
        return self.low - slack <= spend[self.channel] <= self.high + slack


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a rule.

    Attributes
    ----------
    rule
        Where the rule stands in the scenario, such as ``channels.tv.max``.
    text
        What the rule says, for a planner.
    constraint
        The Pyomo constraint.
    limit
        The number that the planner wrote, in `unit`.
    unit
        Money, a share or ratio of other spend, a count of channels, the cost of an outcome, or a KPI of a period.
    base
        Channels whose spend is what a share or ratio is taken of; empty for money and counts.
    measured
        Weight of each channel's spend in what the rule measures; for counts the channels that count where they are on.
    measured_on
        Money that the rule measures for each channel that is on, beside its spend.
    windows
        For counts, the windows that count where spend lies in them, instead of channels.
    measure
        What the rule measures at a split, where weights cannot say it.
    outcome
        For capacities, what the row's lines stand for.
    is_relaxable
        Whether the row may give way when rules conflict.
    """

    rule: str
    text: Sentence
    constraint: Any
    limit: float
    unit: LimitUnit
    base: tuple[str, ...] = ()
    measured: Mapping[str, float] = field(default_factory=dict)
    measured_on: Mapping[str, float] = field(default_factory=dict)
    windows: tuple[Window, ...] = ()
    measure: Callable[[Mapping[str, float]], float] | None = None
    outcome: PeriodCapacity | None = None
    is_relaxable: bool = True


class Formulation:
    """A Pyomo model of the split and the rows of its rules."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.rows: list[Row] = []
        self.windows: list[Window] = []
        names = list(setting.names)
        model = ConcreteModel(name="split")
        self._most_spend = setting.most_spend
        model.spend = Var(names, domain=NonNegativeReals, bounds=lambda _model, name: (0.0, self._most_spend[name]))
        model.is_on = Var(names, domain=Binary)
        model.steps = Var(names, domain=NonNegativeIntegers)
        model.within = VarList(domain=Binary)
        model.part = VarList(domain=NonNegativeReals)
        model.lies = VarList(domain=NonNegativeReals)
        model.served = VarList(domain=NonNegativeReals)
        model.total = Var(domain=NonNegativeReals, bounds=(0.0, setting.ceiling))
        model.rules = ConstraintList()
        model.links = ConstraintList()
        model.pieces = ConstraintList()
        model.held = ConstraintList()
        self.model = model
        self._switched: set[str] = set()
        self.pieces: dict[str, list[tuple[Any, Any]]] = {}

    def add(
        self,
        rule: str,
        text: Sentence,
        expression: Any,
        *,
        limit: float,
        unit: LimitUnit,
        base: tuple[str, ...] = (),
        measured: Mapping[str, float] | None = None,
        measured_on: Mapping[str, float] | None = None,
        windows: tuple[Window, ...] = (),
        measure: Callable[[Mapping[str, float]], float] | None = None,
        outcome: PeriodCapacity | None = None,
        is_relaxable: bool = True,
    ) -> None:
        """Add one row of a rule; `expression` is a Pyomo relation."""
        constraint = self.model.rules.add(expression)
        weights = measured or {}
        on = measured_on or {}
        self.rows.append(
            Row(rule, text, constraint, limit, unit, base, weights, on, windows, measure, outcome, is_relaxable)
        )

    def is_on(self, channel: str) -> Any:
        """The binary that is one where the channel spends anything."""
        if channel not in self._switched:
            self._switched.add(channel)
            self.model.links.add(self.model.spend[channel] <= self._most_spend[channel] * self.model.is_on[channel])
        return self.model.is_on[channel]

    def window(self, channel: str, low: float, high: float) -> Window:
        """A new switch that is to be one only while spend lies in a window; the rule adds the rows for that."""
        window = Window(channel, low, high, self.model.within.add())
        self.windows.append(window)
        return window

    def parts(self, channel: str, cuts: Sequence[float]) -> list[tuple[Any, Any]]:
        """Spend that lies in each piece of a channel's range, and whether it does; without binaries for one piece."""
        cuts = [cut for cut in cuts if cut < self._most_spend[channel]] + [self._most_spend[channel]]
        if len(cuts) <= 2:
            return [(self.model.spend[channel], 1.0)]
        if channel not in self.pieces:
            parts, count = [], len(cuts) - 1
            # Whether spend lies beyond each inner cut: deciding one of them halves the range.
            beyond = [1.0, *(self.model.within.add() for _ in range(count - 1)), 0.0]
            for place, (low, high) in enumerate(pairwise(cuts)):
                part, switch = self.model.part.add(), self.model.lies.add()
                self.model.pieces.add(part - high * switch <= 0)
                self.model.pieces.add(part - low * switch >= 0)
                self.model.pieces.add(beyond[place] - beyond[place + 1] - switch == 0)
                parts.append((part, switch))
            self.model.pieces.add(sum(part for part, _ in parts) - self.model.spend[channel] == 0)
            self.pieces[channel] = parts
        return self.pieces[channel]

    def total_cost(self) -> Any:
        """What the company pays for the spend of all channels together, without reserve and fixed costs."""
        return sum(cost * self.model.spend[name] for name, cost in self.setting.unit_costs.items())

    def holding(self, channel: str, amount: float) -> "Formulation":
        """The same rows, and one that holds a channel's spend at an amount."""
        held = copy(self)
        row = Row(
            rule=f"held.{channel}",
            text=sentence("{channel} is held.", channel=Word(text=channel)),
            constraint=self.model.held.add(self.model.spend[channel] == amount),
            limit=amount,
            unit="money",
            measured={channel: 1.0},
        )
        held.rows = [*self.rows, row]
        return held

    def spending(self, least: float) -> "Formulation":
        """The same rows, and one that has the total be at least an amount of money."""
        bound = copy(self)
        row = Row(
            rule="held.total",
            text=sentence("The total is at least {amount}.", amount=Money(amount=least)),
            constraint=self.model.held.add(self.model.total >= least),
            limit=least,
            unit="money",
            measured=dict.fromkeys(self.setting.names, 1.0),
        )
        bound.rows = [*self.rows, row]
        return bound

    def within_share(self, channel: str, share: float) -> "Formulation":
        """The same rows, and one that has a channel get at most a share of the total."""
        bound = copy(self)
        row = Row(
            rule=f"held.{channel}",
            text=sentence("{channel} is held.", channel=Word(text=channel)),
            constraint=self.model.held.add(self.model.spend[channel] - share * self.model.total <= 0),
            limit=share,
            unit="share",
            measured={channel: 1.0},
        )
        bound.rows = [*self.rows, row]
        return bound

    def without(self, *rules: str) -> "Formulation":
        """The same rows but for those of some rules, on the same model."""
        rest = copy(self)
        rest.rows = [row for row in self.rows if row.rule not in rules]
        return rest

    def total_spend(self) -> Any:
        """Spend of all channels together, without reserve and fixed costs."""
        return sum(self.model.spend[name] for name in self.setting.names)
