"""An opened home folder: everything that a command or a request works with."""

from dataclasses import dataclass, replace

from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from mmm.sentence import Word, sentence
from service.actuals import ActualsLog
from service.datasets import Datasets
from service.errors import DatabaseUnreachable, StoreRefused
from service.events import Events
from service.jobs.ledger import Jobs
from service.jobs.queue import JobQueue
from service.planning import PlanningDesk
from service.plans import Plans
from service.registry import Registry
from service.scenarios import Scenarios
from service.settings import Settings
from service.store import Store
from service.turns import Turns
from service.vault import Vault


@dataclass(frozen=True, slots=True)
class Home:
    """Database, and one tenant's models, scenarios and desk that plans.

    Tenants of one home share its database and its artifacts, and see nothing of each other.
    """

    settings: Settings
    store: Store
    vault: Vault
    registry: Registry
    scenarios: Scenarios
    plans: Plans
    actuals: ActualsLog
    datasets: Datasets
    jobs: Jobs
    events: Events
    queue: JobQueue
    desk: PlanningDesk
    turns: Turns

    def of(self, tenant: str) -> "Home":
        """The same home as another tenant sees it; the database stays open as long as this one."""
        return _home(replace(self.settings, tenant=tenant), self.store, self.queue, self.turns)

    def close(self) -> None:
        """Give back the database."""
        self.queue.close()
        self.store.close()


def open_home(settings: Settings) -> Home:
    """The home of these settings; folder and database are created where they are missing.

    Raises
    ------
    DatabaseUnreachable
        When the server of its database does not answer.
    StoreRefused
        When the folder cannot be written to, or its database is none of ours.
    """
    try:
        settings.artifacts.mkdir(parents=True, exist_ok=True)
        settings.datasets.mkdir(parents=True, exist_ok=True)
        store = Store(settings.database_url or settings.database)
    except (OSError, DBAPIError) as error:
        if settings.database_url is not None and isinstance(error, OperationalError):
            raise _unreachable(settings.database_url, error) from error
        reason = error.orig if isinstance(error, DBAPIError) else error.strerror
        raise StoreRefused(
            sentence(
                "The home folder {folder} cannot be used: {reason}. Name another with --home or MIXPLAN_HOME, or allow "
                "writing to it.",
                folder=Word(text=str(settings.home)),
                reason=Word(text=str(reason)),
            )
        ) from error
    return _home(settings, store, JobQueue(store), Turns(settings.solves, settings.solve_wait, settings.solve_room))


def _unreachable(database_url: str, error: OperationalError) -> DatabaseUnreachable:
    return DatabaseUnreachable(
        sentence(
            "The database {database} cannot be reached: {reason}. See that it runs and lets this user in, or change "
            "MIXPLAN_DATABASE_URL.",
            database=Word(text=make_url(database_url).render_as_string(hide_password=True)),
            reason=Word(text=str(error.orig).strip().splitlines()[0].rstrip(".")),
        )
    )


def _home(settings: Settings, store: Store, queue: JobQueue, turns: Turns) -> Home:
    tenant, vault = settings.tenant, Vault(store, settings.artifacts, settings.datasets)
    registry = Registry(store, vault, tenant)
    datasets, scenarios = Datasets(store, vault, tenant), Scenarios(store, tenant)
    return Home(
        settings=settings,
        store=store,
        vault=vault,
        registry=registry,
        scenarios=scenarios,
        plans=Plans(store, tenant),
        actuals=ActualsLog(store, tenant),
        datasets=datasets,
        jobs=Jobs(store, queue, tenant),
        events=Events(store, tenant),
        queue=queue,
        desk=PlanningDesk(registry, datasets, scenarios, turns),
        turns=turns,
    )
