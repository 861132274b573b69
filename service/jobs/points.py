"""Named places at which a process may be killed on purpose, so that tests can show that nothing is lost there.

Nothing happens unless ``MIXPLAN_KILL_AT`` names a point: ``point:pass:marker``. At that pass of the point (from 1 on)
the process kills itself as the operating system would, once: the file `marker` says that it happened, and while it is
there no process is killed. Taking it away arms the point again, from that pass on.
"""

import os
import signal
from collections import Counter
from pathlib import Path

VARIABLE = "MIXPLAN_KILL_AT"

POINTS = (
    "job.enqueued",
    "job.begun",
    "child.started",
    "child.asked",
    "child.loaded",
    "child.fitted",
    "child.artifact_kept",
    "child.judged",
    "child.answered",
    "work.answered",
    "vault.folder_made",
    "vault.file_written",
    "vault.before_rename",
    "vault.after_rename",
    "vault.shared",
    "conclude.begun",
    "conclude.published",
    "conclude.promoted",
    "conclude.event_written",
    "conclude.committed",
    "job.ended",
    "batch.spread",
    "schedule.asked",
    "worker.recovered",
)
"""Every point, in the order in which a refit passes them."""

_passes: Counter[str] = Counter()


def pass_point(name: str) -> None:
    """Pass a named point; the process ends here where the environment says so."""
    asked = os.environ.get(VARIABLE)
    if asked is None:
        return
    point, which, marker = asked.split(":", 2)
    if point != name:
        return
    _passes[name] += 1
    if _passes[name] >= int(which) and _take(Path(marker)):
        os.kill(os.getpid(), signal.SIGKILL)


def _take(marker: Path) -> bool:
    try:
        marker.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
