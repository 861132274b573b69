"""A simulated market as a peer's process reads it: data.csv, and columns.json on what its columns mean."""

import json
from pathlib import Path

from mmm.design import carryover_periods
from mmm.market import Market
from mmm.periods import periods_between
from mmm.simulation.files import data_text


def write_for_peer(market: Market, folder: Path) -> None:
    """The market's CSV and what its columns mean, for a tool that does not read market.toml."""
    spec = market.spec
    per_unit = market.values_per_unit[spec.outcomes[0].name]
    columns = {
        "date": spec.columns.date,
        "outcome": spec.outcomes[0].column,
        "value_per_unit": None if per_unit is None else float(per_unit.mean()),
        "channels": [channel.spend for channel in spec.channels],
        "controls": [control.column for control in spec.controls],
        "organic": [medium.column for medium in spec.organic],
        "events": [
            {
                "name": event.name,
                "start": periods_between(market.dates[0], event.start, spec.market.period),
                "periods": event.periods,
            }
            for event in spec.events
        ],
        "lags": carryover_periods(market),
    }
    (folder / "columns.json").write_text(json.dumps(columns))
    (folder / "data.csv").write_text(data_text(market))
