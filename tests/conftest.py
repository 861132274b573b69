"""All tests: no socket beyond loopback, neither in this process nor in one that a test starts."""

import os
import subprocess
import sys
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


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile what fits walk over before the workers of a whole run begin, for each of them would do it by itself."""
    config = session.config
    is_whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    if is_whole and config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        for compiling in [subprocess.Popen([sys.executable, "-c", statement]) for statement in _COMPILING]:
            compiling.wait()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let the run fail when a socket was refused, also where nobody was told."""
    report = session.config.stash.get(_REPORT, None)
    if report is not None and report.exists():
        print(f"\n{report.read_text(encoding='utf-8')}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


_REPORT = pytest.StashKey[Path]()

_COMPILING = (
    "from mmm.kernel.density import compiled_functions; compiled_functions()",
    "from mmm.kernel.panel_density import compiled_panel_density; compiled_panel_density()",
)
"""Each in a process of its own; where compiled code is on disk it is done in a second."""
