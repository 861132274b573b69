"""All tests: no socket beyond loopback, neither in this process nor in one that a test starts."""

import os
import tempfile
from pathlib import Path

import pytest
from loopback import REPORT, guard

GUARD = str(Path(__file__).parent / "offline")

guard()


def pytest_configure(config: pytest.Config) -> None:
    """Guard what is started from here on; a worker of the run inherits it."""
    if REPORT not in os.environ:
        config.stash[_REPORT] = Path(tempfile.mkdtemp(prefix="mixplan-sockets-")) / "refused"
        os.environ[REPORT] = str(config.stash[_REPORT])
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (GUARD, os.environ.get("PYTHONPATH"))))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let the run fail when a socket was refused, also where nobody was told."""
    report = session.config.stash.get(_REPORT, None)
    if report is not None and report.exists():
        print(f"\n{report.read_text(encoding='utf-8')}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


_REPORT = pytest.StashKey[Path]()
