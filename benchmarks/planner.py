"""A planner's quarter, as the commands print it: `uv run python benchmarks/planner.py`.

The shipped B2B market is fitted, its next quarter sized from three tasks under the rules of `planner/scenario.toml`,
and then cut by a fifth: what falls short is said, the tasks give way as the answer says they have to, and the rest is
planned, set side by side and explained. It is there to be read. Exit code 1 where the file has fewer than 15 rules of
ten kinds, or a page that should be a plan is none.
"""

import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
MARKET, SCENARIO = ROOT / "data" / "industrial-b2b", Path(__file__).parent / "planner" / "scenario.toml"
CUT = 0.8
RULES, KINDS = 15, 10
NOT_RULES = ("name", "channels", "department", "scene", "stage", "role", "channel", "upstream", "periods", "start")


def main() -> int:
    """Run the commands and print their pages."""
    asked = tomllib.loads(SCENARIO.read_text(encoding="utf-8"))
    rules = rules_of(asked)
    print(f"{len(rules)} rules of {len(set(rules))} kinds: {', '.join(sorted(set(rules)))}")
    with tempfile.TemporaryDirectory() as folder:
        home, cut = Path(folder) / "home", Path(folder) / "cut.json"
        mixplan(home, "fit", str(MARKET))
        sized = mixplan(home, "size", str(SCENARIO))
        budget = round(CUT * sized["budget"], -3)
        smaller = {**asked, "objective": "maximize", "budget": budget}
        cut.write_text(json.dumps(smaller, default=str), encoding="utf-8")
        refused = mixplan(home, "plan", str(cut))
        for rule in refused["relaxation"]:
            number = int(rule["rule"].removeprefix("tasks[").partition("]")[0])
            smaller["tasks"][number - 1]["at_least"] = rule["to"]
        cut.write_text(json.dumps(smaller, default=str), encoding="utf-8")
        planned = mixplan(home, "plan", str(cut))
        mixplan(home, "what-if", str(cut), "--budget", str(round(1.1 * budget, -3)))
        mixplan(home, "explain", str(cut))
    is_planned = sized["status"] != "infeasible" and planned["status"] != "infeasible"
    return int(len(rules) < RULES or len(set(rules)) < KINDS or not is_planned)


def mixplan(home: Path, *words: str) -> dict[str, Any]:
    """One command: its page is printed, and what it says as JSON returned."""
    command = [sys.executable, "-m", "service.cli.main", *words, "--home", str(home)]
    print(f"\n$ mixplan {' '.join(words)}", flush=True)
    subprocess.run(command, check=False, cwd=ROOT)  # a plan that cannot be has exit code 1
    if words[0] == "fit":
        return {}
    told = subprocess.run([*command, "--json"], check=False, cwd=ROOT, capture_output=True, text=True)
    return dict(json.loads(told.stdout))


def rules_of(asked: dict[str, Any]) -> list[str]:
    """The kind of every rule of a scenario, the brand share of its preset included."""
    tables = [*asked["channels"].values(), *asked["groups"], asked["rules"]]
    kinds = [kind for table in tables for kind in table if kind not in NOT_RULES]
    whole = [kind for kind in ("requires", "either_or", "precedence", "capacity") for _ in asked.get(kind, ())]
    return [*kinds, *whole, *(["brand_share"] if asked.get("business", "none") != "none" else [])]


if __name__ == "__main__":
    sys.exit(main())
