"""What a planner asks: objective, budget, horizon, rules. One model for TOML, HTTP and CLI."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from mmm.parsing import CalendarDay, Name, StrictModel, Unfit
from mmm.sentence import Sentence, Word, sentence
from mmm.vocabulary import Attitude, Stage, TaskCount
from optimizer.scenario.annual_goal import AnnualGoal
from optimizer.scenario.bottom_up import BottomUp
from optimizer.scenario.geos import GeoSplit
from optimizer.scenario.new_channel import NewChannel
from optimizer.scenario.rules import (
    SMALLEST_BUDGET,
    Amount,
    Capacity,
    ChannelRules,
    EitherOr,
    FlightBudget,
    Fraction,
    Group,
    Precedence,
    Requires,
    Rules,
    check_names,
    check_range,
)

type Budget = Annotated[float, Field(gt=0, ge=SMALLEST_BUDGET, le=1e15)]
type Objective = Literal["maximize", "size", "profit", "efficiency"]
type Business = Literal["b2b", "b2c", "published_b2b", "published_b2c", "none"]
type ReferenceKind = Literal["last_year", "last_periods", "plan", "spend"]
type FlightingPattern = Literal["even", "history", "optimized", "given"]


class Horizon(StrictModel):
    """The periods that the plan is for."""

    start: CalendarDay
    periods: Annotated[int, Field(ge=1, le=1000)]


class Split(StrictModel):
    """Band of the brand share of the channels' spend, instead of the preset's; or a tolerance around the preset."""

    brand_share: tuple[Fraction, Fraction] | None = None
    tolerance: Annotated[float, Field(ge=0, le=0.5)] | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if problems := check_range("brand_share", self.brand_share):
            raise Unfit(*problems)
        return self


class Task(StrictModel):
    """One task of the objective-and-task method."""

    kpi: str
    stage: Stage | None = None
    at_least: Annotated[float, Field(gt=0, le=1e15)]
    counts: TaskCount = "incremental"
    probability: Annotated[float, Field(ge=0.5, le=0.99)] = 0.8
    by: CalendarDay | None = None


class Target(StrictModel):
    """Objective efficiency: exactly one of the three."""

    roas: Annotated[float, Field(gt=0, le=1e15)] | None = None
    mroas: Annotated[float, Field(gt=0, le=1e15)] | None = None
    cpa: Annotated[float, Field(gt=0, le=1e15)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(value is not None for value in (self.roas, self.mroas, self.cpa)) != 1:
            raise Unfit(sentence("give exactly one of roas, mroas, cpa"))
        return self


class Reference(StrictModel):
    """What the plan is compared with, and what change limits refer to."""

    kind: ReferenceKind = "last_year"
    spend: Mapping[str, Amount] | None = None
    plan: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.kind == "spend") != (self.spend is not None):
            raise Unfit(
                sentence('spend = {{ channel = amount }} goes with kind = "spend", and kind = "spend" needs it')
            )
        if (self.kind == "plan") != (self.plan is not None):
            raise Unfit(sentence('plan = "id" goes with kind = "plan", and kind = "plan" needs it'))
        return self


class Flighting(StrictModel):
    """How a channel's budget is phased over the horizon; `given` has one weight a period a channel.

    `budgets` are what may be paid in parts of the horizon, where the flighting is optimized.
    """

    pattern: FlightingPattern = "even"
    budgets: tuple[FlightBudget, ...] = ()
    weights: Mapping[str, tuple[Annotated[float, Field(ge=0, le=1e15)], ...]] | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.pattern == "given") != (self.weights is not None):
            raise Unfit(
                sentence('weights = {{ channel = [..] }} goes with pattern = "given", and pattern = "given" needs it')
            )
        if self.budgets and self.pattern != "optimized":
            raise Unfit(sentence('budgets go with pattern = "optimized": else the phasing says what is paid when'))
        return self


class Risk(StrictModel):
    """Attitude to the spread of the draws.

    Cautious: the mean of the worst `level` of the draws is what counts. Regret: the mean of the largest `level` of
    what is missed against the best split of each draw; below one draw in forty it is the largest alone.
    """

    attitude: Attitude = "neutral"
    level: Annotated[float, Field(gt=0, le=1)] = 0.2


class Learning(StrictModel):
    """What a phasing to learn from may cost: the share of what the plan is expected to bring that may be lost.

    `variation` is how far a period's spend may move, as a share of what is planned for it.
    """

    lost_at_most: Annotated[float, Field(ge=0, le=0.5)] = 0.01
    variation: Annotated[float, Field(gt=0, le=1)] = 0.5


class SolveLimits(StrictModel):
    """When to stop: the relative gap asked, and the seconds allowed."""

    gap: Annotated[float, Field(ge=1e-6, le=0.5)] = 1e-4
    seconds: Annotated[float, Field(gt=0, le=3600)] = 10.0


class Scenario(StrictModel):
    """One question. Valid in itself; whether it fits its market is checked when it is planned.

    `values` is the money that a unit of each KPI is worth, instead of the market's value per unit: what is maximised is
    then the sum of these KPIs in money. `new_channels` are channels that the market's models do not know. `geos`
    asks for a split by channel and geo.
    """

    name: Annotated[str, Field(min_length=1, max_length=200)]
    market: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9_-]{1,64}$",
            description=sentence("letters, digits, - and _; at most 64 of them").template,
        ),
    ]
    kpi: str
    values: Mapping[str, Annotated[float, Field(gt=0, le=1e12)]] = Field(default_factory=dict)
    objective: Objective = "maximize"
    budget: Budget | None = None
    business: Business = "none"
    horizon: Horizon
    split: Split | None = None
    tasks: tuple[Task, ...] = ()
    target: Target | None = None
    channels: Mapping[str, ChannelRules] = Field(default_factory=dict)
    new_channels: Mapping[Name, NewChannel] = Field(default_factory=dict)
    groups: tuple[Group, ...] = ()
    either_or: tuple[EitherOr, ...] = ()
    requires: tuple[Requires, ...] = ()
    precedence: tuple[Precedence, ...] = ()
    capacity: tuple[Capacity, ...] = ()
    rules: Rules = Rules()
    reference: Reference = Reference()
    flighting: Flighting = Flighting()
    risk: Risk = Risk()
    solve: SolveLimits = SolveLimits()
    learning: Learning = Learning()
    bottom_up: BottomUp | None = None
    goal: AnnualGoal | None = None
    geos: GeoSplit | None = None

    @model_validator(mode="after")
    def _objective_has_what_it_needs(self) -> Self:
        problems: list[Sentence] = []
        if self.objective in ("maximize", "efficiency") and self.budget is None:
            objective = Word(text=self.objective)
            problems.append(
                sentence("budget: objective {objective} needs the most that may be spent", objective=objective)
            )
        if self.objective == "size" and not self.tasks and self.goal is None:
            problems.append(sentence("tasks: objective size needs at least one [[tasks]], or a [goal]"))
        if (self.objective == "efficiency") != (self.target is not None):
            problems.append(sentence("target: goes with objective efficiency, which needs it"))
        if self.risk.attitude != "neutral" and (self.tasks or self.objective in ("size", "efficiency")):
            problems.append(
                sentence(
                    "risk: {attitude} goes with maximize or profit without tasks; tasks have their probability",
                    attitude=Word(text=self.risk.attitude),
                )
            )
        if self.flighting.budgets and (self.tasks or self.objective == "size"):
            problems.append(
                sentence(
                    "flighting.budgets: go with maximize without tasks; what is sized has no budgets of periods yet"
                )
            )
        if self.capacity and (self.tasks or self.objective == "size" or self.risk.attitude != "neutral"):
            problems.append(
                sentence(
                    "capacity: goes with maximize, profit or efficiency, without tasks and with neutral risk; a "
                    "frontier shows which budget it leaves of use"
                )
            )
        if _lacks_target(self):
            problems.append(
                sentence("bottom_up: steps need a target, or a task of {kpi} that has one", kpi=Word(text=self.kpi))
            )
        problems += check_names([group.name for group in self.groups])
        if problems:
            raise Unfit(*problems)
        return self


def most_of_new(scenario: Scenario, name: str, otherwise: float) -> float | None:
    """The most that a new channel may get, money; None where its own rules say how much.

    `otherwise` is the money of which it gets its share where the scenario has no budget.
    """
    rule = scenario.channels.get(name)
    if rule is not None and (rule.max is not None or rule.locked is not None):
        return None
    return scenario.new_channels[name].at_most_share * (scenario.budget or otherwise)


def own_task(scenario: Scenario) -> Task | None:
    """The task of the scenario's own KPI that the bottom-up route is held against: the one for the whole horizon."""
    own = [task for task in scenario.tasks if task.kpi == scenario.kpi]
    return next((task for task in own if task.by is None), own[-1] if own else None)


def _lacks_target(scenario: Scenario) -> bool:
    """Whether the stages of a bottom-up route have nothing to start from: no target, no task, no goal to be sized."""
    asked, goal = scenario.bottom_up, scenario.goal
    if asked is None or not asked.steps or asked.target is not None or own_task(scenario) is not None:
        return False
    return scenario.objective != "size" or bool(scenario.tasks) or goal is None or goal.kpi != scenario.kpi


def place_of(scenario: Scenario) -> Sentence:
    """The scenario as the place of a fault."""
    return sentence("scenario '{name}'", name=Word(text=scenario.name))
