"""A PostgreSQL server of the tests' own: in a temporary folder, on a Unix socket, without a port."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PLACES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
"""Where Debian's packages put the programs, the newest version first."""


@dataclass(frozen=True)
class Cluster:
    """A server that runs; `base` is its folder."""

    programs: Path
    base: Path

    def url(self, database: str) -> str:
        """The address of a database of it."""
        return f"postgresql://postgres@/{database}?host={self.base}"

    def create(self, database: str) -> str:
        """Create an empty database; its address."""
        self._as_server("createdb", "-h", str(self.base), "-U", "postgres", database)
        return self.url(database)

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = f"-k {self.base} -c listen_addresses='' -c fsync=off -c max_connections=200"
        data, log = str(self.base / "data"), str(self.base / "log")
        self._as_server("pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop the server; ``immediate`` is what a crash is."""
        self._as_server("pg_ctl", "-D", str(self.base / "data"), "-m", mode, "-w", "stop")

    def _as_server(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), *arguments]
        if os.geteuid() == 0:  # the server refuses to run as root
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")


def programs() -> Path | None:
    """The folder of PostgreSQL's programs; None where they are not installed."""
    return next((place for place in PLACES if (place / "initdb").is_file()), None)


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """A fresh server, gone with the block."""
    found = programs()
    assert found is not None, "PostgreSQL is not installed"
    base = Path(tempfile.mkdtemp(prefix="mixplan-pg-"))
    if os.geteuid() == 0:
        shutil.chown(base, "postgres")
    cluster = Cluster(found, base)
    try:
        cluster._as_server(
            "initdb", "-D", str(base / "data"), "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8"
        )
        cluster.start()
        yield cluster
    finally:
        if (base / "data" / "postmaster.pid").exists():
            cluster.stop("immediate")
        shutil.rmtree(base, ignore_errors=True)
