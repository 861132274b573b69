"""Commands and children of workers, forked from one process that has loaded everything and fitted a market once.

A worker and the child of a fit load for eight CPU seconds when they start as commands; where hundreds are killed that
is most of what there is to wait for. A forked one is a process like any other: it has its own environment and streams,
takes signals, and is killed alone. Nothing that it opens (a database, a lock, a thread) is there before the fork.
"""

import gc
import json
import os
import select
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any, NoReturn

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

CHILD = "service.jobs.child"
LONGEST_REQUEST = 100_000


class WarmProcess:
    """A process that was forked, with the part of `subprocess.Popen` that is needed here."""

    def __init__(
        self, address: str, arguments: Sequence[str], environment: Mapping[str, str], streams: Sequence[int]
    ) -> None:
        self.returncode: int | None = None
        self.stdin: IO[str] | None = None
        self.stdout: IO[str] | None = None
        self._lock = threading.Lock()
        self._connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._connection.connect(address)
        request = json.dumps({"arguments": list(arguments), "environment": dict(environment)}).encode()
        socket.send_fds(self._connection, [request], list(streams))
        self.pid = int(self._connection.recv(100))

    def poll(self) -> int | None:
        """The exit code; None while it runs."""
        return self._ended(0.0)

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, once it has ended."""
        until = None if timeout is None else time.monotonic() + timeout
        while (code := self._ended(0.5)) is None:
            if until is not None and time.monotonic() > until:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
        return code

    def kill(self) -> None:
        """Kill it."""
        self._send(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self._send(signal.SIGTERM)

    def _send(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _ended(self, seconds: float) -> int | None:
        with self._lock:
            if self.returncode is None and select.select([self._connection], [], [], seconds)[0]:
                self.returncode = int(self._connection.recv(100))
                self._connection.close()
            return self.returncode


@contextmanager
def nursery() -> Iterator[str]:
    """The address of a process that forks what it is asked for; it and the block end together."""
    with tempfile.TemporaryDirectory(prefix="mixplan-warm-") as folder:
        address = str(Path(folder) / "socket")
        server = subprocess.Popen([sys.executable, __file__, address], stdin=subprocess.PIPE)
        try:
            while not Path(address).exists():
                assert server.poll() is None
                time.sleep(0.1)
            yield address
        finally:
            server.communicate(timeout=30)


def started(address: str, arguments: Sequence[str], environment: Mapping[str, str], log: IO[str]) -> WarmProcess:
    """A command of `mixplan`, which says into `log` what it has to say."""
    with open(os.devnull) as nothing, open(os.devnull, "w") as nowhere:
        return WarmProcess(address, arguments, environment, [nothing.fileno(), nowhere.fileno(), log.fileno()])


def serve(address: str) -> None:
    """Load, listen, fork, and tell whoever asked how it ended; until standard input ends."""
    _load()
    selector = selectors.DefaultSelector()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(address)
        listener.listen(50)
        selector.register(listener, selectors.EVENT_READ)
        selector.register(sys.stdin, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is listener:
                    child, asker = _forked(listener, address)
                    selector.register(os.pidfd_open(child), selectors.EVENT_READ, (child, asker))
                elif key.data is None:
                    return
                else:
                    selector.unregister(key.fileobj)
                    os.close(key.fd)
                    child, asker = key.data
                    with asker, suppress(OSError):
                        asker.send(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])).encode())


def _forked(listener: socket.socket, address: str) -> tuple[int, socket.socket]:
    asker, _ = listener.accept()
    message, streams, _, _ = socket.recv_fds(asker, LONGEST_REQUEST, 3)
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        child = os.fork()  # the one other thread is an allocator's, which knows of forks
    if child == 0:
        listener.close()
        asker.close()
        _become(json.loads(message), streams, address)
    for stream in streams:
        os.close(stream)
    asker.send(str(child).encode())
    return child, asker


def _become(request: dict[str, Any], streams: Sequence[int], address: str) -> NoReturn:
    """Be the command, or the child of a worker, that was asked for."""
    from service.cli.main import app
    from service.jobs import child, children

    code: Any = 1
    try:
        os.setsid()
        for place, stream in enumerate(streams):
            os.dup2(stream, place)
            os.close(stream)
        os.environ.clear()
        os.environ.update(request["environment"])
        starter = SimpleNamespace(Popen=lambda *_, **given: _child_of_a_worker(address, given["env"]), PIPE=None)
        vars(children)["subprocess"] = starter
        if request["arguments"] == [CHILD]:
            child.main()
        else:
            app(request["arguments"])
    except SystemExit as ended:
        code = ended.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(OSError):
            sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


def _child_of_a_worker(address: str, environment: Mapping[str, str]) -> WarmProcess:
    requests, answers = os.pipe(), os.pipe()
    process = WarmProcess(address, [CHILD], environment, [requests[0], answers[1], 2])
    os.close(requests[0])
    os.close(answers[1])
    process.stdin = open(requests[1], "w", encoding="utf-8")  # noqa: SIM115 - ends with the process
    process.stdout = open(answers[0], encoding="utf-8")  # noqa: SIM115
    return process


def _load() -> None:
    import dbos  # noqa: F401
    from serving.small_market import small_market

    import service.cli.main
    import service.jobs.child
    import service.jobs.worker  # noqa: F401
    from service.refits.judging import judged_refit
    from service.refitting import fit_all

    with tempfile.TemporaryDirectory() as folder:
        market = small_market(Path(folder))
    fitted = {one.manifest.outcome.name: one for one in fit_all(market, 1, lambda *_: None)}
    judged_refit(fitted, fitted, market, seed=1)
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    serve(sys.argv[1])
