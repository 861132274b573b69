"""Actuals by geo, summed to the country's, which is what a plan is made of."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from mmm.errors import Fault, FileRefused
from mmm.intake.tables import capped, row_number
from mmm.sentence import Day, Word, listed, sentence
from service.tracking.actuals import ActualsRow


@dataclass(frozen=True, slots=True)
class GeoSums:
    """One row a period, the sum of its geos, and the place of each period's first row in what was handed in."""

    rows: tuple[ActualsRow, ...]
    lines: tuple[int, ...]


def sum_of_geos(
    file: str, column: str, rows: Sequence[ActualsRow], geos: Sequence[object], wanted: Collection[str] = ()
) -> GeoSums:
    """The sums of rows over their geos, in the order in which periods first come.

    An outcome that is not known yet in one geo is not known of the period.

    Parameters
    ----------
    file, column
        Where the geos stand, for faults.
    rows, geos
        What was handed in, and the geo of each row.
    wanted
        Geos that each period must have, beside any that come.

    Raises
    ------
    FileRefused
        When a row has no geo, or one that is none of those that are wanted, where any are; when a period has a geo
        twice, or lacks one that is wanted or that others have.
    """
    names = ["" if geo is None else str(geo).strip() for geo in geos]
    faults = [*_without_geo(file, column, names, wanted), *_twice(file, column, rows, names)]
    if not faults:
        faults = _lacking(file, column, rows, names, wanted)
    if faults:
        raise FileRefused(capped(faults))
    lines: dict[object, list[int]] = {}
    for line, row in enumerate(rows):
        lines.setdefault(row.date, []).append(line)
    summed = tuple(_sum([rows[line] for line in of_period]) for of_period in lines.values())
    return GeoSums(summed, tuple(of_period[0] for of_period in lines.values()))


def _sum(rows: Sequence[ActualsRow]) -> ActualsRow:
    first = rows[0]
    return ActualsRow(
        date=first.date,
        spend={name: sum(row.spend[name] for row in rows) for name in first.spend},
        outcomes={name: _known_sum([row.outcomes[name] for row in rows]) for name in first.outcomes},
    )


def _known_sum(amounts: Sequence[float | None]) -> float | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if len(known) == len(amounts) else None


def _without_geo(file: str, column: str, names: Sequence[str], wanted: Collection[str]) -> list[Fault]:
    expected = sentence("a geo of the market: {geos}", geos=listed(sorted(wanted))) if wanted else sentence("a geo")
    return [
        Fault(file, column, f"'{name}'" if name else sentence("nothing"), expected, row=row_number(line))
        for line, name in enumerate(names)
        if not name or (wanted and name not in wanted)
    ]


def _twice(file: str, column: str, rows: Sequence[ActualsRow], names: Sequence[str]) -> list[Fault]:
    counts: Counter[tuple[object, str]] = Counter()
    faults = []
    for line, (row, name) in enumerate(zip(rows, names, strict=True)):
        counts[row.date, name] += 1
        if counts[row.date, name] > 1:
            found = sentence("{geo} again on {date}", geo=Word(text=name), date=Day(day=row.date))
            faults.append(Fault(file, column, found, sentence("one row a period and geo"), row=row_number(line)))
    return faults


def _lacking(
    file: str, column: str, rows: Sequence[ActualsRow], names: Sequence[str], wanted: Collection[str]
) -> list[Fault]:
    """Periods that lack geos: their sums would be those of another country."""
    there: dict[object, set[str]] = {}
    first: dict[object, int] = {}
    for line, (row, name) in enumerate(zip(rows, names, strict=True)):
        there.setdefault(row.date, set()).add(name)
        first.setdefault(row.date, line)
    everywhere = sorted({*names, *wanted})
    faults = []
    for day, found in there.items():
        missing = [name for name in everywhere if name not in found]
        if missing:
            said = sentence("no row of {geos} on {date}", geos=listed(missing, 5), date=Day(day=rows[first[day]].date))
            expected = sentence("a row for each geo in each period")
            faults.append(Fault(file, column, said, expected, row=row_number(first[day])))
    return faults
