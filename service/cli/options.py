"""Options that every command takes, and the arguments that many share."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

LanguageChoice = Literal["en", "zh"]


class BusinessChoice(StrEnum):
    """Presets of the split (an enumeration because the parser repeats those, and no literals)."""

    B2B = "b2b"
    B2C = "b2c"
    PUBLISHED_B2B = "published_b2b"
    PUBLISHED_B2C = "published_b2c"
    NONE = "none"


HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Folder of models and plans; $MIXPLAN_HOME or .mixplan unless given.", file_okay=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, and nothing else.")]
LanguageOption = Annotated[
    LanguageChoice | None, typer.Option("--lang", help="Language of the answer; the market's own unless given.")
]
ScenarioArgument = Annotated[
    Path,
    typer.Argument(metavar="SCENARIO", help="A scenario file (TOML or JSON).", exists=True, dir_okay=False),
]
MarketFile = Annotated[
    Path, typer.Argument(metavar="MARKET", help="A market.toml, or the folder that has one.", exists=True)
]
MarketArgument = Annotated[
    str, typer.Argument(metavar="MARKET", help="Name of a fitted market, its market.toml, or the folder that has one.")
]
