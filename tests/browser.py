"""A real browser: pages as Chromium has them after their scripts have run."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from html import unescape
from pathlib import Path

PROGRAM = shutil.which("chromium")
"""Debian's Chromium; None where it is not installed."""

_MEASURE = """<script>addEventListener("load", () => setTimeout(() => {
  document.body.dataset.overflow = document.documentElement.scrollWidth - innerWidth;
}, 2000));</script>"""


@dataclass(frozen=True)
class Shown:
    """A page in a window: its document, what was written to the console, pixels that it is wider than the window."""

    document: str
    console: tuple[str, ...]
    overflow: int

    def count(self, pattern: str) -> int:
        """How often a pattern occurs in the document."""
        return len(re.findall(pattern, self.document))

    @property
    def text(self) -> str:
        """The document without its scripts, styles and tags."""
        bare = re.sub(r"<(script|style)\b.*?</\1>", " ", self.document, flags=re.DOTALL)
        return unescape(re.sub(r"<[^>]+>", " ", bare))


def shown(page: Path, folder: Path, width: int = 1200) -> Shown:
    """Open a page in a window of so many pixels, without a network, and wait until its scripts have drawn.

    The page's policy of what may run holds in a first look, whose console counts; a second one measures it.
    """
    strict, complaints = _dumped(page, folder, width)
    bare = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page.read_text(encoding="utf-8"), count=1)
    copy = folder / f"measured-{page.name}"
    body, end, rest = bare.rpartition("</body>")
    copy.write_text(f"{body}{_MEASURE}{end}{rest}", encoding="utf-8")
    measured, _ = _dumped(copy, folder, width)
    found = re.search(r'data-overflow="(-?\d+)"', measured)
    assert found is not None, "the page was not measured"
    return Shown(strict, complaints, int(found[1]))


def _dumped(page: Path, folder: Path, width: int) -> tuple[str, tuple[str, ...]]:
    assert PROGRAM is not None
    options = (
        "--headless=new",
        "--no-sandbox",  # tests may run as root; the page is our own
        "--disable-gpu",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        f"--user-data-dir={folder / 'profile'}",
        f"--window-size={width},1000",
        "--virtual-time-budget=20000",
        "--enable-logging=stderr",
        "--dump-dom",
    )
    command = [PROGRAM, *options, page.resolve().as_uri()]
    ended = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=300, check=True)
    return ended.stdout, tuple(line for line in ended.stderr.splitlines() if ":CONSOLE" in line)
