"""Whether everything that a home refers to is there and whole: artifacts, datasets, and the models in use."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from mmm.artifact import read_artifact
from mmm.errors import ArtifactError
from mmm.sentence import Number, Said, Sentence, Word, phrase, sentence
from service.home import Home
from service.storage.references import References, references
from service.tables import DatasetRow, MarketRow, ModelRow, PromotionRow
from service.vault import folder_digest


@dataclass(frozen=True, slots=True)
class Verified:
    """What was looked at, and every fault that was found.

    Attributes
    ----------
    artifacts, datasets
        Folders whose every byte was verified.
    faults
        What is missing, damaged or contradictory, a sentence each.
    """

    artifacts: int
    datasets: int
    models: int
    faults: tuple[Sentence, ...]


def verify(home: Home) -> Verified:
    """Read everything that models, plans and datasets of all tenants refer to, and say what is wrong with it."""
    with home.store.reading() as session:
        needed = references(session)
        models = list(session.scalars(select(ModelRow).order_by(ModelRow.id)))
        promotions = list(session.scalars(select(PromotionRow).order_by(PromotionRow.id)))
        markets = list(session.scalars(select(MarketRow)))
        known = {(row.tenant, row.id) for row in session.scalars(select(DatasetRow))}
    faults = [
        *_folders(home, needed),
        *_aliases(models, promotions),
        *(_no_dataset(row.name, row.dataset) for row in markets if (row.tenant, row.dataset) not in known),
    ]
    return Verified(len(needed.artifacts), len(needed.datasets), len(models), tuple(faults))


def _folders(home: Home, needed: References) -> Iterator[Sentence]:
    for digest in sorted(needed.artifacts):
        try:
            home.vault.artifact(digest)
            if not home.store.is_sqlite:
                read_artifact(home.vault.shared(digest), digest)
        except ArtifactError as error:
            yield _damaged(error.said)
    for digest in sorted(needed.datasets):
        try:
            home.vault.dataset(digest)
            if not home.store.is_sqlite and folder_digest(home.vault.shared(digest)) != digest:
                yield sentence("The database's own copy of dataset {digest} is damaged.", digest=Word(text=digest[:12]))
        except ArtifactError as error:
            yield _damaged(error.said)


def _damaged(said: Said | str) -> Sentence:
    return sentence("{reason}.", reason=phrase(said.rstrip(".") if isinstance(said, str) else said))


def _aliases(models: list[ModelRow], promotions: list[PromotionRow]) -> Iterator[Sentence]:
    """One champion a market, and the one that was promoted last."""
    champions = Counter((row.tenant, row.market) for row in models if row.alias == "champion")
    for (_tenant, market), count in champions.items():
        if count > 1:
            yield sentence("{market} has {count} champions.", market=Word(text=market), count=Number(amount=count))
    last = {(row.tenant, row.market): row.version for row in promotions}
    for row in models:
        if (row.alias == "champion") != (last.get((row.tenant, row.market)) == row.version):
            yield sentence(
                "Version {version} of {market} is {alias}, which is not what was promoted last.",
                version=Number(amount=row.version),
                market=Word(text=row.market),
                alias=Word(text=row.alias),
            )


def _no_dataset(market: str, dataset: str) -> Sentence:
    return sentence(
        "{market} rests on dataset {dataset}, which is not there.", market=Word(text=market), dataset=Word(text=dataset)
    )
