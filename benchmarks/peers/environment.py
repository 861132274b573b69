"""Environments of the peers: built with uv outside of the project, so that neither its settings nor its pins apply.

An environment is built where it is missing or unfinished, and kept: delete its folder for newer releases.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[1]
"""Folder in which the peers' modules are found as `peers`."""

BUILD_SECONDS = 1800
"""Longest time for one step of building: the largest peer brings a gigabyte of packages."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A tool to compare with.

    Attributes
    ----------
    name
        Of the tool, and of its environment's folder.
    packages
        What is installed, as requirements.
    shown
        Packages whose versions are printed.
    """

    name: str
    packages: tuple[str, ...]
    shown: tuple[str, ...]


PYMC_MARKETING = Peer("pymc-marketing", ("pymc-marketing", "nutpie"), ("pymc-marketing", "pymc", "pytensor", "nutpie"))
MERIDIAN = Peer("meridian", ("google-meridian[jax]",), ("google-meridian", "jax", "tfp-nightly"))
SCIP = Peer("scip", ("pyscipopt", "numpy"), ("pyscipopt",))
"""No peer: a global solver of its own, to hold certificates against."""

PEERS = {peer.name: peer for peer in (PYMC_MARKETING, MERIDIAN)}


def peer_environment(peer: Peer, folder: Path) -> str:
    """Python of a peer's environment below `folder`, which is built where it is missing or unfinished."""
    environment = folder / peer.name
    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if python.exists() and _finished(environment).exists():
        return str(python)
    # `uv run` tells where its uv is.
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        raise SystemExit("uv was not found: start this with `uv run`")
    print(f"building an environment of {' and '.join(peer.packages)} in {environment}", file=sys.stderr)
    folder.mkdir(parents=True, exist_ok=True)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    create = [uv, "venv", "--clear", "--no-project", "--python", version, str(environment)]
    subprocess.run(create, cwd=folder, check=True, timeout=BUILD_SECONDS)
    # Byte code as in the project.
    install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python), *peer.packages]
    subprocess.run(install, cwd=folder, check=True, timeout=BUILD_SECONDS)
    _finished(environment).touch()
    return str(python)


def child_environment(caches: Path) -> dict[str, str]:
    """Environment variables of a child that finds the peers' modules, and keeps its compiled code in `caches` alone."""
    caches.mkdir(parents=True, exist_ok=True)
    paths = [str(BENCHMARKS), *filter(None, [os.environ.get("PYTHONPATH")])]
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {
        **kept,
        "PYTHONPYCACHEPREFIX": str(caches / "bytecode"),
        "PYTHONPATH": os.pathsep.join(paths),
        "NUMBA_CACHE_DIR": str(caches / "numba"),
        "PYTENSOR_FLAGS": f"base_compiledir={caches / 'pytensor'}",
        "JAX_COMPILATION_CACHE_DIR": str(caches / "jax"),
        "MERIDIAN_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
    }


def versions(python: str, *packages: str) -> str:
    """Versions of Python and some packages of an environment."""
    program = (
        "import platform, sys; from importlib.metadata import version; "
        "print('Python ' + platform.python_version(), *(f'{name} {version(name)}' for name in sys.argv[1:]), sep=', ')"
    )
    found = subprocess.run(
        [python, "-c", program, *packages], capture_output=True, text=True, check=True, timeout=BUILD_SECONDS
    )
    return found.stdout.strip()


def _finished(environment: Path) -> Path:
    """Marks an environment whose packages are all there."""
    return environment / "finished"
