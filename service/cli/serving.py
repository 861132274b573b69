"""The command that serves HTTP."""

import ctypes
import gc
import importlib
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from service.cli.options import HomeOption, LanguageOption
from service.cli.session import Session, open_session

if TYPE_CHECKING:
    from granian.server.common import AbstractServer

    from service.settings import Settings

commands = typer.Typer()

READERS = 8
"""Requests that a process answers at a time beside those that solve, wait for that, or are refused."""

MOST_CONNECTIONS = 512
"""Connections that a process holds, also idle ones; more wait where the operating system keeps connections."""

STOP_SECONDS = 60
"""Seconds that a process may take to answer what it holds when it is stopped."""

APPLICATION = "service.http.app"
"""Module of the application."""

ARENAS = 2
"""Pools of memory of a process: each thread has its own otherwise, which keeps what it once needed."""

METRICS_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Where the processes of a server count together (`service.http.metrics`)."""


@commands.command()
def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes; each plans one scenario at a time.")] = 1,
    with_worker: Annotated[
        bool, typer.Option("--with-worker", help="Also work on jobs, in a process beside that ends with this one.")
    ] = False,
    home: HomeOption = None,
    language: LanguageOption = None,
) -> None:
    """Serve plans over HTTP."""
    from service.cli.beside import worker_beside

    with TemporaryDirectory(prefix="mixplan-metrics-") as counts:
        with _collector_at_rest():
            from service.settings import HOME_VARIABLE

            session = open_session(context, home, as_json=False, language=language)
            _require_keys_beyond_loopback(session, host)
            _require_free(host, port)
            folder = session.home.settings.home.resolve()
            os.environ[HOME_VARIABLE] = str(folder)  # how the worker processes learn of it
            os.environ[METRICS_VARIABLE] = counts  # before any process of the server loads what counts
            server = _server(session.home.settings, host, port, workers)
            session.home.close()
            _load_application()
        session.say(
            session.reader()
            .gettext("Serving {folder} on http://{host}:{port}, described at /docs. Stop with Ctrl-C.")
            .format(folder=folder, host=host, port=port)
        )
        with worker_beside(folder) if with_worker else nullcontext():
            server.serve()


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Let the collector of garbage rest while much is loaded: it would go through all of it again and again.

    What is there at the end it leaves alone for good, because it writes to whatever it looks at, and what is written to
    is no more shared by processes that are forked.
    """
    gc.disable()
    try:
        yield
        gc.collect()
        gc.freeze()
    finally:
        gc.enable()


def _server(settings: "Settings", host: str, port: int, workers: int) -> "AbstractServer[Any]":
    """The server, not begun yet."""
    from granian import Granian
    from granian.constants import Interfaces

    from service.http.draining import DRAINS

    server: AbstractServer[Any] = Granian(
        f"{APPLICATION}:create_app_from_environment",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=settings.solves + settings.solve_room + DRAINS + READERS,
        backpressure=MOST_CONNECTIONS,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        factory=True,
        log_access=False,
    )
    return server


def _load_application() -> None:
    """Load what the processes of the server need, once: they are forked, and share what is loaded by then."""
    _limit_arenas()
    importlib.import_module(APPLICATION)


def _limit_arenas() -> None:
    """Let all threads share a few pools of memory, where the C library is glibc (its `mallopt`, M_ARENA_MAX)."""
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        set_option(-8, ARENAS)


def _require_keys_beyond_loopback(session: Session, host: str) -> None:
    """Refuse to serve an open home to other machines.

    Raises
    ------
    typer.BadParameter
        When the address is beyond loopback and no key was ever made.
    """
    from service.keys import has_keys

    if host in ("localhost", "::1") or host.startswith("127.") or has_keys(session.home.store):
        return
    raise typer.BadParameter(
        f"{host} can be reached by other machines, and this home has no keys: make one first "
        "(“mixplan keys create NAME”), or serve on 127.0.0.1",
        param_hint="--host",
    )


def _require_free(host: str, port: int) -> None:
    """Refuse an address that another program listens on: the server would share it, and each get some of the requests.

    Raises
    ------
    typer.BadParameter
        When nothing can listen there.
    """
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except OSError as error:
        raise typer.BadParameter(f"cannot listen on {host}:{port}: {error.strerror}", param_hint="--port") from error
