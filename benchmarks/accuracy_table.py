"""Tables of the scores of `accuracy.py`: per world and overall, mean and median of each figure for every tool."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

LAST_YEAR = "last year's split"
"""A row without a tool: what is lost by changing nothing."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One column: a head, the field of a score, and whether it is a part to be shown in percent."""

    head: str
    field: str
    is_part: bool


FIGURES = (
    Figure("ROAS error", "roas_error", False),
    Figure("ROAS CRPS", "roas_crps", False),
    Figure("holdout CRPS", "holdout_crps", True),
    Figure("WAPE", "holdout_wape", True),
    Figure("regret", "regret", True),
)


def print_tables(records: Sequence[dict[str, Any]], worlds: Sequence[str]) -> None:
    """Print the tables, in Markdown; markets that some tool of a table lacks count for the others all the same."""
    for world in worlds:
        found = [record for record in records if record["world"] == world]
        if found:
            print_table(world, found)
    if records:
        print_table("all worlds", records)
        print_duels(records)


def print_table(title: str, records: Sequence[dict[str, Any]]) -> None:
    """One table: mean / median of each figure; the best mean is bold where all tools have as many markets."""
    by_tool: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        by_tool.setdefault(record["tool"], []).append(record["score"])
    markets = len({(record["world"], record["business"], record["seed"]) for record in records})
    print(f"\n**{title}**, {markets} market{'s' if markets > 1 else ''}; mean / median\n")
    heads = ["tool", "n", *(figure.head for figure in FIGURES), "90 % covers", "R-hat > 1.05", "CPU s"]
    print("| " + " | ".join(heads) + " |")
    print("| --- |" + " ---: |" * (len(heads) - 1))
    best = {
        figure.field: min(
            (statistics.fmean(values) for scores in by_tool.values() if (values := _values(scores, figure.field))),
            default=None,
        )
        for figure in FIGURES
    }
    for tool, scores in by_tool.items():
        cells = [tool, str(len(scores))]
        for figure in FIGURES:
            values = _values(scores, figure.field)
            mean = statistics.fmean(values) if values else None
            text = "" if mean is None else f"{_shown(mean, figure)} / {_shown(statistics.median(values), figure)}"
            counts = {len(_values(other, figure.field)) for other in by_tool.values()} - {0}
            cells.append(f"**{text}**" if text and mean == best[figure.field] and len(counts) == 1 else text)
        channels = sum(_values(scores, "channels"))
        rhats, seconds = _values(scores, "rhat"), _values(scores, "cpu_seconds")
        cells.append(f"{sum(_values(scores, 'inside')) / channels:.0%} of {channels:.0f}" if channels else "")
        cells.append(f"{sum(rhat > 1.05 for rhat in rhats)} of {len(rhats)}" if rhats else "")
        cells.append(f"{statistics.fmean(seconds):.0f}" if seconds else "")
        print("| " + " | ".join(cells) + " |")
    print(flush=True)


def print_duels(records: Iterable[dict[str, Any]], ours: str = "mixplan") -> None:
    """On how many markets Mixplan is better than each other tool, and both means, on the markets that both have."""
    scores = {(r["tool"], r["world"], r["business"], r["seed"]): r["score"] for r in records}
    others = dict.fromkeys(tool for tool, *_ in scores if tool != ours)
    print(f"\n**markets that both have: on how many {ours} is the better one; its mean : the other's**\n")
    print("| against | " + " | ".join(figure.head for figure in FIGURES) + " |")
    print("| --- |" + " ---: |" * len(FIGURES))
    for other in others:
        cells = [other]
        for figure in FIGURES:
            pairs = [
                (scores[ours, *market][figure.field], theirs[figure.field])
                for (tool, *market), theirs in scores.items()
                if tool == other and (ours, *market) in scores and figure.field in theirs
            ]
            if not pairs:
                cells.append("")
                continue
            own_mean, their_mean = (_shown(statistics.fmean(values), figure) for values in zip(*pairs, strict=True))
            cells.append(f"{sum(own < their for own, their in pairs)} of {len(pairs)}; {own_mean} : {their_mean}")
        print("| " + " | ".join(cells) + " |")


def _values(scores: Iterable[dict[str, Any]], field: str) -> list[float]:
    return [float(found[field]) for found in scores if found.get(field) is not None]


def _shown(value: float, figure: Figure) -> str:
    return f"{100 * value:.1f} %" if figure.is_part else f"{value:.2f}"
