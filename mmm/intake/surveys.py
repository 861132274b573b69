"""Answers of brand surveys, which few periods have."""

import numpy as np

from mmm.intake.cells import read_numbers
from mmm.intake.tables import Table
from mmm.spec import MarketSpec
from mmm.vocabulary import FloatArray


def survey_columns(spec: MarketSpec, table: Table) -> dict[str, FloatArray]:
    """Numbers by column of every survey of a table without faults, zero in rows without answers. Shape (rows,) each."""
    columns = [
        column
        for indicator in spec.indicators
        if indicator.kind == "survey"
        for column in (indicator.successes, indicator.sample)
        if column is not None
    ]
    return {column: _answers(table, column) for column in columns}


def _answers(table: Table, column: str) -> FloatArray:
    cells = table.column(column)
    taken = [at for at, cell in enumerate(cells) if cell is not None]
    values = np.zeros(table.rows)
    values[taken] = read_numbers([cells[at] for at in taken], at_least=0.0).values
    return values
