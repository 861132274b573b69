"""A market's table as peers are given it: channels, and beside them everything else as controls."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

SEASON_DAYS = 365.25


def read_predictors(file: Path, columns: dict[str, Any], seen: int | None = None) -> tuple[pd.DataFrame, pd.Series]:
    """Predictors, with trend and events as columns and everything but spend standardised, and the outcome.

    Parameters
    ----------
    file
        data.csv.
    columns
        What its columns mean.
    seen
        How many first periods controls are standardised by; all where it is None.
    """
    table = pd.read_csv(file, parse_dates=[columns["date"]])
    predictors = table[[columns["date"], *columns["channels"]]].copy()
    for name in (*columns["controls"], *columns["organic"]):
        visible = table[name].iloc[:seen]
        if visible.std() > 0:
            predictors[name] = (table[name] - visible.mean()) / visible.std()
    for event in columns["events"]:
        inside = np.zeros(len(table))
        inside[event["start"] : event["start"] + event["periods"]] = 1.0
        # What happens in nobody's sight cannot be learned.
        if inside[:seen].any():
            predictors[f"event_{event['name']}"] = inside
    predictors["trend"] = np.linspace(-0.5, 0.5, len(table))
    return predictors, table[columns["outcome"]].astype(float)


def control_names(predictors: pd.DataFrame, columns: dict[str, Any]) -> list[str]:
    """Names of the predictors that are no channels."""
    return [str(name) for name in predictors if name not in (columns["date"], *columns["channels"])]


def with_season(predictors: pd.DataFrame, columns: dict[str, Any], pairs: int) -> pd.DataFrame:
    """The predictors and a yearly season of so many Fourier pairs, for a tool that has none of its own."""
    angle = 2.0 * np.pi * predictors[columns["date"]].dt.dayofyear / SEASON_DAYS
    season = {
        f"{name}_{pair}": wave(pair * angle)
        for pair in range(1, pairs + 1)
        for name, wave in (("sine", np.sin), ("cosine", np.cos))
    }
    return predictors.assign(**season)
