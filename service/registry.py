"""Models of every market: published artifacts, versions, and which one is in use.

The first model of a market becomes its champion when its gates allow; later ones are
challengers until someone promotes them. A model that failed a gate is kept and held: it is
never champion unless it is promoted by force, which stays on record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from mmm.artifact import ResponseArtifact
from mmm.sentence import Number, Sentence, Word, sentence
from mmm.vocabulary import Verdict
from service.errors import NoChampion, NotAllowed, not_known
from service.events import Events
from service.paging import NamedPage, Page, page_of
from service.records import NO_ORIGIN, Alias, ModelVersion, Origin
from service.settings import DEFAULT_TENANT
from service.store import Store
from service.tables import ModelRow, PromotionRow
from service.times import as_utc, naive_utc
from service.vault import Vault


@dataclass(frozen=True, slots=True)
class Registry:
    """The models of one tenant."""

    store: Store
    vault: Vault
    tenant: str = DEFAULT_TENANT

    def publish(
        self, artifacts: Sequence[ResponseArtifact], now: datetime, *, origin: Origin = NO_ORIGIN
    ) -> ModelVersion:
        """Store the artifacts of one fit as the market's next version.

        The same artifacts published again are the version that is there already: a fit that is
        repeated with the same data, choices and seed adds nothing.

        Parameters
        ----------
        artifacts
            One an outcome, all of one market, fitted on the same data.
        now
            Time of publication.
        origin
            The job that fitted them and the dataset that they were fitted on.
        """
        for artifact in artifacts:
            self.vault.keep_artifact(artifact)
        with self.store.writing(self._lock(artifacts[0].manifest.market)) as session:
            return self.publish_in(session, artifacts, now, origin=origin)

    def publish_in(
        self, session: Session, artifacts: Sequence[ResponseArtifact], now: datetime, *, origin: Origin = NO_ORIGIN
    ) -> ModelVersion:
        """As `publish`, in a transaction that is under way, of artifacts that are kept already."""
        first = artifacts[0].manifest
        digests = {artifact.manifest.outcome.name: artifact.digest for artifact in artifacts}
        rows = self._rows(session, first.market)
        for row in rows:
            if dict(row.digests) == digests:
                return _version(row)
        verdict = _worst([artifact.manifest.verdict for artifact in artifacts])
        has_champion = any(row.alias == "champion" for row in rows)
        row = ModelRow(
            tenant=self.tenant,
            market=first.market,
            version=max((row.version for row in rows), default=0) + 1,
            alias="held" if verdict == "fail" else "challenger" if has_champion else "champion",
            verdict=verdict,
            digests=digests,
            data_digest=first.data_digest,
            spec_digest=first.spec_digest,
            seed=str(first.seed),
            job=origin.job,
            dataset=origin.dataset,
            created_at=naive_utc(now),
        )
        session.add(row)
        if row.alias == "champion":
            self._record_promotion(session, row, None, now, is_forced=False)
        return _version(row)

    def markets(self) -> tuple[str, ...]:
        """Names of the markets that have models, in alphabetical order."""
        with self.store.reading() as session:
            mine = select(ModelRow.market).where(ModelRow.tenant == self.tenant)
            return tuple(session.scalars(mine.distinct().order_by(ModelRow.market)))

    def markets_page(self, limit: int, cursor: str | None = None) -> NamedPage[str]:
        """Names of markets that have models, in alphabetical order, at most `limit` of those behind `cursor`."""
        mine = select(ModelRow.market).where(ModelRow.tenant == self.tenant)
        if cursor is not None:
            mine = mine.where(ModelRow.market > cursor)
        with self.store.reading() as session:
            names = tuple(session.scalars(mine.distinct().order_by(ModelRow.market).limit(limit + 1)))
        return NamedPage(names[:limit], names[limit - 1] if len(names) > limit else None)

    def versions_page(self, market: str, limit: int, cursor: int | None = None) -> Page[ModelVersion]:
        """Versions of a market, the newest first, at most `limit` of those before `cursor`.

        Raises
        ------
        NotKnown
            When the market has no model.
        """
        self.versions(market)
        mine = select(ModelRow).where(ModelRow.tenant == self.tenant, ModelRow.market == market)
        with self.store.reading() as session:
            return page_of(session, mine, ModelRow.version, _version, limit, cursor)

    def versions(self, market: str) -> tuple[ModelVersion, ...]:
        """All versions of a market, the newest first.

        Raises
        ------
        NotKnown
            When the market has no model.
        """
        with self.store.reading() as session:
            found = tuple(_version(row) for row in reversed(self._rows(session, market)))
        if not found:
            raise not_known("market", market, self.markets())
        return found

    def version(self, market: str, number: int) -> ModelVersion:
        """One version of a market.

        Raises
        ------
        NotKnown
            When the market or the version is not there.
        """
        versions = self.versions(market)
        for version in versions:
            if version.version == number:
                return version
        raise not_known("model version", str(number), [str(version.version) for version in versions])

    def champion(self, market: str) -> ModelVersion:
        """The version in use.

        Raises
        ------
        NotKnown
            When the market has no model.
        NoChampion
            When it has models and all of them are held.
        """
        versions = self.versions(market)
        for version in versions:
            if version.alias == "champion":
                return version
        raise NoChampion(
            sentence(
                "No model of {market} may be planned with: version {version} failed its gates. See what they "
                "ask for with “mixplan models {market}”, or take it on your own risk with “mixplan promote "
                "{market} {version} --force”.",
                market=Word(text=market),
                version=Number(amount=versions[0].version),
            )
        )

    def fitted(self, market: str, data_digest: str, spec_digest: str, seed: int) -> ModelVersion | None:
        """The newest version that was fitted on this data with these choices and this seed, if there is one."""
        with self.store.reading() as session:
            row = session.scalars(
                select(ModelRow)
                .where(
                    ModelRow.tenant == self.tenant,
                    ModelRow.market == market,
                    ModelRow.data_digest == data_digest,
                    ModelRow.spec_digest == spec_digest,
                    ModelRow.seed == str(seed),
                )
                .order_by(ModelRow.version.desc())
                .limit(1)
            ).first()
            return None if row is None else _version(row)

    def load(self, version: ModelVersion) -> dict[str, ResponseArtifact]:
        """The artifacts of a version by outcome name, their digests verified.

        Raises
        ------
        ArtifactError
            When an artifact is missing or damaged.
        """
        return {outcome: self.load_outcome(version, outcome) for outcome in version.digests}

    def load_outcome(self, version: ModelVersion, outcome: str) -> ResponseArtifact:
        """The artifact of one outcome of a version, its digest verified.

        Raises
        ------
        ArtifactError
            When the artifact is missing or damaged.
        """
        return self.vault.artifact(version.digests[outcome])

    def set_aside_damaged(self, version: ModelVersion) -> bool:
        """Whether an artifact of a version is missing or damaged; what is left of it makes room for a new fit."""
        damaged = [digest for digest in version.digests.values() if self.vault.set_aside_damaged(digest)]
        return bool(damaged)

    def promote(self, market: str, number: int, now: datetime, *, force: bool = False, actor: str = "") -> ModelVersion:
        """Make a version the champion; the one before it retires.

        Raises
        ------
        NotKnown
            When the market or the version is not there.
        NotAllowed
            When the version failed a gate and `force` is not given.
        """
        chosen = self.version(market, number)
        if chosen.verdict == "fail" and not force:
            raise NotAllowed(
                sentence(
                    "Version {version} of {market} failed a gate, so it is not promoted. Correct what the gate "
                    "names and fit again, or repeat this with --force.",
                    version=Number(amount=number),
                    market=Word(text=market),
                )
            )
        if chosen.alias == "champion":
            return chosen
        with self.store.writing(self._lock(market)) as session:
            version = self.promote_in(session, market, number, now, is_forced=force)
            self._tell(session, "model.promoted", version, actor, now)
            return version

    def champion_in(self, session: Session, market: str) -> int | None:
        """Number of the version in use, in a transaction that is under way; None where there is none."""
        return next((row.version for row in self._rows(session, market) if row.alias == "champion"), None)

    def promote_in(
        self, session: Session, market: str, number: int, now: datetime, *, is_forced: bool = False
    ) -> ModelVersion:
        """Make a version the champion in a transaction that is under way."""
        current = self._current_promotion(session, market)
        row = self._put_in_use(session, market, number)
        self._record_promotion(session, row, None if current is None else current.id, now, is_forced=is_forced)
        return _version(row)

    def rollback(self, market: str, now: datetime, *, actor: str = "") -> ModelVersion:
        """Make the champion before this one the champion again, one step back at each call.

        Raises
        ------
        NotKnown
            When the market has no model.
        NotAllowed
            When there was no champion before.
        """
        self.versions(market)
        with self.store.writing(self._lock(market)) as session:
            current = self._current_promotion(session, market)
            before = (
                None if current is None or current.replaced is None else session.get_one(PromotionRow, current.replaced)
            )
            if before is None:
                raise NotAllowed(
                    sentence("{market} has had no other champion to go back to.", market=Word(text=market))
                )
            row = self._put_in_use(session, market, before.version)
            self._record_promotion(session, row, before.replaced, now, is_forced=before.is_forced)
            version = _version(row)
            self._tell(session, "model.rolled_back", version, actor, now)
            return version

    def _tell(self, session: Session, kind: str, version: ModelVersion, actor: str, now: datetime) -> None:
        Events(self.store, self.tenant).record(
            session,
            kind,
            actor,
            now,
            market=version.market,
            subject=str(version.version),
            document={"version": version.version},
        )

    def _lock(self, market: str) -> str:
        return f"models of {self.tenant}/{market}"

    def _rows(self, session: Session, market: str) -> list[ModelRow]:
        mine = select(ModelRow).where(ModelRow.tenant == self.tenant, ModelRow.market == market)
        return list(session.scalars(mine.order_by(ModelRow.version)))

    def _current_promotion(self, session: Session, market: str) -> PromotionRow | None:
        mine = select(PromotionRow).where(PromotionRow.tenant == self.tenant, PromotionRow.market == market)
        return session.scalars(mine.order_by(PromotionRow.id.desc()).limit(1)).first()

    def _put_in_use(self, session: Session, market: str, number: int) -> ModelRow:
        rows = self._rows(session, market)
        for row in rows:
            if row.version == number:
                row.alias = "champion"
            elif row.alias == "champion":
                row.alias = "retired"
        return next(row for row in rows if row.version == number)

    def _record_promotion(
        self, session: Session, row: ModelRow, replaced: int | None, now: datetime, *, is_forced: bool
    ) -> None:
        session.add(
            PromotionRow(
                tenant=self.tenant,
                market=row.market,
                version=row.version,
                replaced=replaced,
                is_forced=is_forced,
                created_at=naive_utc(now),
            )
        )


def standing(version: ModelVersion) -> Sentence:
    """What the alias of a freshly published version means, in words."""
    number, market = Number(amount=version.version), Word(text=version.market)
    match version.alias:
        case "champion":
            return sentence("Version {version} is the champion of {market}.", version=number, market=market)
        case "challenger":
            return sentence(
                "Version {version} is a challenger of {market}; “mixplan promote {market} {version}” puts it in use.",
                version=number,
                market=market,
            )
        case "retired":
            return sentence("Version {version} was champion of {market} before.", version=number, market=market)
        case "held":
            return sentence(
                "Version {version} of {market} is stored but not in use: a gate failed.", version=number, market=market
            )


def _version(row: ModelRow) -> ModelVersion:
    return ModelVersion(
        market=row.market,
        version=row.version,
        alias=cast(Alias, row.alias),
        verdict=cast(Verdict, row.verdict),
        digests=dict(row.digests),
        data_digest=row.data_digest,
        spec_digest=row.spec_digest,
        seed=int(row.seed),
        job=row.job,
        dataset=row.dataset,
        created_at=as_utc(row.created_at),
    )


def _worst(verdicts: Sequence[Verdict]) -> Verdict:
    return "fail" if "fail" in verdicts else "review" if "review" in verdicts else "pass"
