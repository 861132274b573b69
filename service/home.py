"""An opened home folder: everything that a command or a request works with."""

from dataclasses import dataclass, replace

from sqlalchemy.exc import DBAPIError

from mmm.sentence import Word, sentence
from service.errors import StoreRefused
from service.planning import PlanningDesk
from service.registry import Registry
from service.scenarios import Scenarios
from service.settings import Settings
from service.store import Store
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
    desk: PlanningDesk

    def of(self, tenant: str) -> "Home":
        """The same home as another tenant sees it; the database stays open as long as this one."""
        return _home(replace(self.settings, tenant=tenant), self.store)

    def close(self) -> None:
        """Give back the database."""
        self.store.close()


def open_home(settings: Settings) -> Home:
    """The home of these settings; folder and database are created where they are missing.

    Raises
    ------
    StoreRefused
        When the folder cannot be written to, or its database is none of ours.
    """
    try:
        settings.artifacts.mkdir(parents=True, exist_ok=True)
        settings.datasets.mkdir(parents=True, exist_ok=True)
        store = Store(settings.database_url or settings.database)
    except (OSError, DBAPIError) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error.strerror
        raise StoreRefused(
            sentence(
                "The home folder {folder} cannot be used: {reason}. Name another with --home or MIXPLAN_HOME, or allow "
                "writing to it.",
                folder=Word(text=str(settings.home)),
                reason=Word(text=str(reason)),
            )
        ) from error
    return _home(settings, store)


def _home(settings: Settings, store: Store) -> Home:
    vault = Vault(store, settings.artifacts, settings.datasets)
    registry = Registry(store, vault, settings.tenant)
    scenarios = Scenarios(store, settings.tenant)
    return Home(settings, store, vault, registry, scenarios, PlanningDesk(registry, scenarios))
