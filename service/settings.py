"""Where the service keeps its state."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mmm.sentence import Number, Word, sentence
from service.errors import StoreRefused

HOME_VARIABLE = "MIXPLAN_HOME"
DATABASE_VARIABLE = "MIXPLAN_DATABASE_URL"
TENANT_VARIABLE = "MIXPLAN_TENANT"
SOLVES_VARIABLE = "MIXPLAN_SOLVES"
SOLVE_WAIT_VARIABLE = "MIXPLAN_SOLVE_WAIT"
SOLVE_ROOM_VARIABLE = "MIXPLAN_SOLVE_ROOM"
REQUEST_SECONDS_VARIABLE = "MIXPLAN_REQUEST_SECONDS"
RATE_LIMIT_VARIABLE = "MIXPLAN_RATE_LIMIT"
WEBHOOK_HOSTS_VARIABLE = "MIXPLAN_WEBHOOK_HOSTS"
DEFAULT_HOME = ".mixplan"
DEFAULT_TENANT = "default"


@dataclass(frozen=True, slots=True)
class Settings:
    """One home: a folder, and the database that belongs to it.

    Attributes
    ----------
    home
        The folder: artifacts and datasets lie below it, and the database unless another is named.
    database_url
        URL of a PostgreSQL database that several machines share; None for the SQLite file of the folder.
    tenant
        Whose models and plans a command works with.
    solves
        Scenarios that a process solves at a time.
    solve_wait
        Seconds that a request waits for its turn to solve at most.
    solve_room
        Requests that wait for their turn to solve in a process at most.
    rate_limit
        Requests a minute that a client may make of a process; 0 for no limit.
    request_seconds
        Seconds of solving that a request may ask for; a scenario that may take longer becomes a job.
    webhook_hosts
        Hosts of our own machine or network that events may be sent to.
    """

    home: Path
    database_url: str | None = None
    tenant: str = DEFAULT_TENANT
    solves: int = 1
    solve_wait: float = 5.0
    solve_room: int = 16
    rate_limit: int = 6000
    request_seconds: float = 20.0
    webhook_hosts: frozenset[str] = frozenset()

    @property
    def database(self) -> Path:
        """File of the SQLite database."""
        return self.home / "mixplan.sqlite"

    @property
    def artifacts(self) -> Path:
        """Folder of the artifacts, each in a folder named by its digest."""
        return self.home / "artifacts"

    @property
    def datasets(self) -> Path:
        """Folder of the datasets, each in a folder named by its digest."""
        return self.home / "datasets"


def settings_from(home: Path | None, environment: Mapping[str, str]) -> Settings:
    """The settings of this process: `home` if given, else the environment's, else a folder of the current one.

    Raises
    ------
    StoreRefused
        When a variable that must be a number is none, or too small.
    """
    return Settings(
        home=(home or Path(environment.get(HOME_VARIABLE) or DEFAULT_HOME)).expanduser(),
        database_url=environment.get(DATABASE_VARIABLE) or None,
        tenant=environment.get(TENANT_VARIABLE) or DEFAULT_TENANT,
        solves=int(_number(environment, SOLVES_VARIABLE, 1, 1)),
        solve_wait=_number(environment, SOLVE_WAIT_VARIABLE, 5.0, 0),
        solve_room=int(_number(environment, SOLVE_ROOM_VARIABLE, 16, 1)),
        request_seconds=_number(environment, REQUEST_SECONDS_VARIABLE, 20.0, 1),
        rate_limit=int(_number(environment, RATE_LIMIT_VARIABLE, 6000, 0)),
        webhook_hosts=frozenset(environment.get(WEBHOOK_HOSTS_VARIABLE, "").lower().replace(",", " ").split()),
    )


def _number(environment: Mapping[str, str], name: str, default: float, lowest: float) -> float:
    """The number that a variable gives; `default` without one."""
    said = environment.get(name)
    if not said:
        return default
    try:
        value = float(said)
    except ValueError:
        value = math.nan
    if not lowest <= value < math.inf:
        raise StoreRefused(
            sentence(
                "{name} must be a number from {lowest} on, got {found}.",
                name=Word(text=name),
                lowest=Number(amount=lowest),
                found=Word(text=repr(said)),
            )
        )
    return value
