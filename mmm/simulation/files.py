"""Files of a simulated market: data, market.toml, two scenarios and the truth. A shell module: it writes."""

import csv
import io
import os
import re
from dataclasses import replace
from pathlib import Path

from mmm.errors import Fault, FileRefused
from mmm.market import Market
from mmm.sentence import sentence
from mmm.simulation.outlook import look_ahead
from mmm.simulation.toml_text import market_text, plan_text, size_text
from mmm.simulation.truth import SimulatedMarket
from mmm.simulation.truth_document import truth_text
from mmm.vocabulary import FloatArray, Language

DATA_ENCODING: dict[Language, str] = {"en": "utf-8", "zh": "gb18030"}
"""GB18030 is what a spreadsheet on a Chinese desktop writes and opens without asking."""
_MARKET_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def write_simulated(simulated: SimulatedMarket, folder: Path) -> tuple[Path, ...]:
    """Paths of the files that now describe the market; the market is named after its folder where that is a name.

    Raises
    ------
    FileRefused
        When the folder holds a market that was not simulated, which would be lost.
    """
    if (folder / "market.toml").exists() and not (folder / "truth.json").exists():
        found = sentence("a market that was not simulated")
        expected = sentence("an empty folder, or one of an earlier simulation (with truth.json)")
        raise FileRefused([Fault(str(folder / "market.toml"), "", found, expected)])
    folder.mkdir(parents=True, exist_ok=True)
    files = simulated_files(named_after(simulated, folder))
    for name, content in files.items():
        temporary = folder / f".{name}.part"
        temporary.write_bytes(content)
        os.replace(temporary, folder / name)
    return tuple(folder / name for name in files)


def named_after(simulated: SimulatedMarket, folder: Path) -> SimulatedMarket:
    """The market under the name of a folder; as it is where that is no name of a market."""
    name = folder.resolve().name
    if not _MARKET_NAME.fullmatch(name):
        return simulated
    spec = simulated.market.spec
    header = spec.market.model_copy(update={"name": name, "data": f"{name}.csv"})
    market = replace(simulated.market, spec=spec.model_copy(update={"market": header}))
    return replace(simulated, market=market)


def simulated_files(simulated: SimulatedMarket) -> dict[str, bytes]:
    """Content of a simulated market's files, by file name."""
    market, outlook = simulated.market, look_ahead(simulated)
    header = market.spec.market
    return {
        "market.toml": market_text(market.spec).encode(),
        header.data: data_text(market).encode(DATA_ENCODING[header.language]),
        "plan.toml": plan_text(simulated, outlook).encode(),
        "size.toml": size_text(simulated, outlook).encode(),
        "truth.json": truth_text(simulated, outlook).encode(),
    }


def data_text(market: Market) -> str:
    """The market's data as CSV, one row a week and geo, weeks in order."""
    spec = market.spec
    series: dict[str, FloatArray] = {outcome.column: market.outcomes[outcome.name] for outcome in spec.outcomes}
    series |= {channel.spend: market.spend[:, index] for index, channel in enumerate(spec.channels)}
    series |= {control.column: market.controls[control.name] for control in spec.controls}
    series |= {medium.column: market.organic[medium.name] for medium in spec.organic}
    series |= {one.column: market.indicators[one.name] for one in spec.indicators if one.column is not None}
    digits = {column: _digits(values) for column, values in series.items()}
    places = [column for column in (spec.columns.geo, spec.columns.population) if column is not None]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([spec.columns.date, *places, *series])
    for period, day in enumerate(market.dates):
        for geo in range(len(market.geos)):
            where = [market.geos[geo]] if spec.columns.geo else []
            if spec.columns.population and market.population is not None:
                where.append(f"{market.population[geo]:.0f}")
            figures = (f"{values[period, geo]:.{digits[column]}f}" for column, values in series.items())
            writer.writerow([day.isoformat(), *where, *figures])
    return text.getvalue()


def _digits(values: FloatArray) -> int:
    """Decimals that a column needs, at most six."""
    return next((digits for digits in range(6) if (values == values.round(digits)).all()), 6)
