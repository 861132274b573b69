"""What `accuracy.py` asks of every tool, and the form of the answer: one for all, whatever their environment.

Nothing but the standard library and NumPy, which every environment has. Axes: S draws, T periods, C channels,
N budgets, H periods of the holdout.
"""

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Question:
    """What money over a horizon would add, and what the last periods would have been.

    Attributes
    ----------
    horizon
        Periods right after the data, over which money is spent evenly.
    holdout
        Last periods of the data that the forecast's fit does not see; their spend and controls are given.
    budgets
        Money of a channel over the horizon, the first one zero. Length N.
    lags
        Carryover counts over so many periods, that of the money included.
    """

    horizon: int
    holdout: int
    budgets: tuple[float, ...]
    lags: int


@dataclass(frozen=True, slots=True)
class Task:
    """One process's work: where the market and its question are, how long to sample, where the answer goes."""

    folder: Path
    answer: Path
    seed: int
    chains: int
    draws: int
    tune: int
    saturation: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool believes.

    Attributes
    ----------
    contributions
        Outcome that each channel brought over the window. Shape (S, C).
    curves
        Mean over the draws of what a channel's budget adds, carryover after the horizon included. Shape (C, N).
    predictions
        Draws of the outcome, noise included, of the periods kept out. Shape (S, H).
    rhat
        Largest R-hat of the channels' contributions, or NaN where nothing was sampled.
    divergences
        Diverging draws after warm-up, both fits together.
    cpu_seconds
        Of the process, imports, compiling and both fits included.
    """

    contributions: Any
    curves: Any
    predictions: Any
    rhat: float
    divergences: int
    cpu_seconds: float


def read_task(description: str | None) -> Task:
    """The work that the command line asks for."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("folder", type=Path, help="with data.csv, columns.json and question.json")
    parser.add_argument("--answer", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--chains", type=int, required=True)
    parser.add_argument("--draws", type=int, required=True)
    parser.add_argument("--tune", type=int, required=True)
    parser.add_argument("--saturation", default="")
    return Task(**vars(parser.parse_args()))


def write_question(question: Question, folder: Path) -> None:
    """Write question.json."""
    (folder / "question.json").write_text(json.dumps(asdict(question)))


def read_question(folder: Path) -> Question:
    """Read question.json."""
    fields = json.loads((folder / "question.json").read_text())
    return Question(**{**fields, "budgets": tuple(fields["budgets"])})


def tried_spend(question: Question, spend: Any) -> Any:
    """Spend that tries every budget, one block of periods after the other, for all channels at once.

    A block is the last periods of the data, then the horizon with the budget spread evenly, then nothing until all
    carryover has passed. One evaluation of a model's media on it gives all of its curves, because channels add up.

    Parameters
    ----------
    question
        What is tried.
    spend
        Of the data. Shape (T, C).

    Returns
    -------
    array
        Shape (N * periods of a block, C).
    """
    earlier, channels = question.lags - 1, spend.shape[1]
    ahead = np.repeat(np.asarray(question.budgets)[:, None] / question.horizon, question.horizon, axis=1)
    blocks = np.zeros((len(question.budgets), earlier + question.horizon + earlier, channels))
    blocks[:, :earlier] = spend[len(spend) - earlier :]
    blocks[:, earlier : earlier + question.horizon] = ahead[:, :, None]
    return blocks.reshape(-1, channels)


def tried_curves(question: Question, contributions: Any) -> Any:
    """Curves from what channels bring under `tried_spend`, (S, N * periods of a block, C). Shape (C, N)."""
    values = np.asarray(contributions)
    earlier = question.lags - 1
    blocks = values.reshape(len(values), len(question.budgets), -1, values.shape[2])
    brought = blocks[:, :, earlier:].sum(axis=2).mean(axis=0)
    return (brought - brought[0]).T


def write_answer(answer: Answer, file: Path) -> None:
    """Write an answer as plain arrays."""
    fields: Mapping[str, Any] = {name: np.asarray(value, dtype=np.float64) for name, value in asdict(answer).items()}
    np.savez_compressed(file, **fields)


def read_answer(file: Path) -> Answer:
    """Read an answer; no pickle."""
    with np.load(file, allow_pickle=False) as stored:
        return Answer(
            contributions=stored["contributions"],
            curves=stored["curves"],
            predictions=stored["predictions"],
            rhat=float(stored["rhat"]),
            divergences=int(stored["divergences"]),
            cpu_seconds=float(stored["cpu_seconds"]),
        )
