"""An opened home folder: everything that a command or a request works with."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.exc import DBAPIError

from mmm.sentence import Word, sentence
from service.errors import StoreRefused
from service.planning import PlanningDesk
from service.registry import Registry
from service.scenarios import Scenarios
from service.settings import Settings
from service.store import Store


@dataclass(frozen=True, slots=True)
class Home:
    """Database, models, scenarios and the desk that plans, of one home folder."""

    settings: Settings
    store: Store
    registry: Registry
    scenarios: Scenarios
    desk: PlanningDesk

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
        store = Store(settings.database)
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
    registry = Registry(store, settings.artifacts)
    scenarios = Scenarios(store)
    return Home(settings, store, registry, scenarios, PlanningDesk(registry, scenarios))


def now() -> datetime:
    """The time, for whoever has to write it down."""
    return datetime.now(UTC)
