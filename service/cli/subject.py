"""The language of what a command is about, as far as it can be read even where the command is refused.

A market.toml with a fault in it, or a scenario that names a fitted market, still says in which
language its owner works.
"""

import re
from pathlib import Path
from typing import cast

from mmm.intake.encodings import Undecodable, decode
from mmm.io import MARKET_FILE
from mmm.vocabulary import Language
from service.errors import ServiceError
from service.markets import newest_manifest
from service.registry import Registry

_LANGUAGE = re.compile(r"""^\s*language\s*=\s*["'](en|zh)["']""", re.MULTILINE)
_MARKET = re.compile(r"""^[\s{,]*"?market"?\s*[=:]\s*["']([^"'\n]+)["']""", re.MULTILINE)


def language_of(subject: str | Path, registry: Registry) -> Language:
    """The language of a market.toml, of its folder, of a scenario's market, or of a market's name; else English."""
    path = Path(subject)
    text = _text(path / MARKET_FILE if path.is_dir() else path)
    stated = _LANGUAGE.search(text)
    if stated is not None:
        return cast(Language, stated[1])
    named = _MARKET.search(text)
    try:
        manifest = newest_manifest(registry, str(subject) if named is None else named[1])
    except ServiceError:
        return "en"
    return "en" if manifest is None else manifest.language


def _text(file: Path) -> str:
    try:
        return decode(file.read_bytes()).text
    except (OSError, Undecodable):
        return ""
