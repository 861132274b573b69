"""What a home refers to: the folders that models, plans and datasets of all tenants need."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.tables import DatasetRow, ModelRow, PlanRow


@dataclass(frozen=True, slots=True)
class References:
    """Digests of the artifacts and datasets that something refers to."""

    artifacts: frozenset[str]
    datasets: frozenset[str]


def references(session: Session) -> References:
    """Every digest that a model, a plan or a dataset of any tenant names."""
    of_models = {digest for digests in session.scalars(select(ModelRow.digests)) for digest in digests.values()}
    of_plans = {digest for digests in session.scalars(select(PlanRow.digests)) for digest in digests}
    return References(frozenset(of_models | of_plans), frozenset(session.scalars(select(DatasetRow.folder))))
