"""What does data that nobody here wrote say? `uv run python benchmarks/outside.py`.

Every market of benchmarks/outside is put beside its file of `--cases` and fitted, and its channels are shown: the pages
of `mixplan fit` and `mixplan curves`, as a planner reads them. Nothing here is known to be true; how far each is
believed is in benchmarks/README.md. Exit code 1 when a fit neither ends in a model nor says why not.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

MARKETS = Path(__file__).parent / "outside"
CASES = Path(__file__).parents[1] / ".." / "shared" / "cases"
REFUSED = 1
"""Exit code of a command that refuses and says why."""


def main() -> int:
    """Fit and show each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path, default=CASES, help="folder of the data")
    parser.add_argument("--only", nargs="+", choices=names(), default=names())
    arguments = parser.parse_args()
    if not arguments.cases.is_dir():
        print(f"{arguments.cases} is not here: nothing is fitted.")
        return 0
    codes = [show(name, arguments.cases) for name in arguments.only]
    return int(any(code not in (0, REFUSED) for code in codes))


def names() -> list[str]:
    """Of the markets."""
    return sorted(file.stem for file in MARKETS.glob("*.toml"))


def show(name: str, cases: Path) -> int:
    """Fit one market in a home of its own and show it; the exit code of the fit."""
    with tempfile.TemporaryDirectory(prefix="mixplan-outside-") as folder:
        text = (MARKETS / f"{name}.toml").read_text(encoding="utf-8")
        for file in cases.glob("*.csv"):
            if f'"{file.name}"' in text:
                shutil.copyfile(file, Path(folder) / file.name)
        (Path(folder) / "market.toml").write_text(text, encoding="utf-8")
        print(f"\n{'=' * 30} {name} {'=' * 30}", flush=True)
        code = mixplan("fit", "market.toml", folder=folder)
        if code == 0:
            mixplan("curves", name, folder=folder)
    return code


def mixplan(*words: str, folder: str) -> int:
    """Run a command there; its exit code."""
    command = [str(Path(sys.executable).parent / "mixplan"), "--home", folder, *words]
    return subprocess.run(command, cwd=folder, stderr=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
