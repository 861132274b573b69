"""What the database remembers, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mmm.vocabulary import Verdict
from optimizer.plan.document import Plan
from optimizer.scenario.document import Scenario
from optimizer.scenario.known_spend import KnownSpend

type Alias = Literal["champion", "challenger", "held", "retired"]
"""champion: in use. challenger: may become champion. held: a gate failed. retired: was champion once."""


type PlanState = Literal["draft", "approved", "running", "closed"]
"""draft: proposed. approved: agreed on. running: money is being spent by it. closed: over."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a model came from: the job that fitted it, and the dataset that it was fitted on."""

    job: str | None = None
    dataset: str | None = None


NO_ORIGIN = Origin()
"""Where models come from that were fitted by hand."""


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One fit of a market: an artifact per outcome, published together.

    Attributes
    ----------
    digests
        Digest of the artifact, by outcome name.
    verdict
        The worst verdict of all its gates.
    """

    market: str
    version: int
    alias: Alias
    verdict: Verdict
    digests: Mapping[str, str]
    data_digest: str
    spec_digest: str
    seed: int
    created_at: datetime
    job: str | None = None
    dataset: str | None = None


@dataclass(frozen=True, slots=True)
class SavedScenario:
    """One version of a scenario; a changed document under the same name is the next version, with an id of its own."""

    id: str
    name: str
    market: str
    version: int
    scenario: Scenario
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan that was made of a saved scenario.

    Attributes
    ----------
    digests
        The artifacts that it rests on.
    revision
        How often its state was changed, from 1 on.
    continues
        Id of the plan whose rest it plans anew.
    known
        Spend between its models' data and its horizon, where it was made with that.
    """

    id: str
    scenario_id: str
    plan: Plan
    created_at: datetime
    digests: tuple[str, ...] = ()
    state: PlanState = "draft"
    revision: int = 1
    continues: str | None = None
    known: KnownSpend | None = None
