"""Where the service keeps its state."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HOME_VARIABLE = "MIXPLAN_HOME"
DEFAULT_HOME = ".mixplan"


@dataclass(frozen=True, slots=True)
class Settings:
    """One home folder: the database and the artifacts lie below it."""

    home: Path

    @property
    def database(self) -> Path:
        """File of the SQLite database."""
        return self.home / "mixplan.sqlite"

    @property
    def artifacts(self) -> Path:
        """Folder of the artifacts, each in a folder named by its digest."""
        return self.home / "artifacts"


def settings_from(home: Path | None, environment: Mapping[str, str]) -> Settings:
    """The settings of this process: `home` if given, else the environment's, else a folder of the current one."""
    return Settings((home or Path(environment.get(HOME_VARIABLE) or DEFAULT_HOME)).expanduser())
