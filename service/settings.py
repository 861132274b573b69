"""Where the service keeps its state."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HOME_VARIABLE = "MIXPLAN_HOME"
DATABASE_VARIABLE = "MIXPLAN_DATABASE_URL"
TENANT_VARIABLE = "MIXPLAN_TENANT"
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
    """

    home: Path
    database_url: str | None = None
    tenant: str = DEFAULT_TENANT

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
    """The settings of this process: `home` if given, else the environment's, else a folder of the current one."""
    return Settings(
        home=(home or Path(environment.get(HOME_VARIABLE) or DEFAULT_HOME)).expanduser(),
        database_url=environment.get(DATABASE_VARIABLE) or None,
        tenant=environment.get(TENANT_VARIABLE) or DEFAULT_TENANT,
    )
