"""What must be translated: every message of the packages, as message extraction finds it."""

from pathlib import Path
from string import Formatter

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
KEYWORDS = {"_": None, "gettext": None, "sentence": None, "term": None}
PO = ROOT / "service" / "locales" / "zh_CN" / "LC_MESSAGES" / "mixplan.po"


def messages() -> dict[str, str]:
    """Message id to the first place where it stands."""
    found: dict[str, str] = {}
    for package in ("mmm", "optimizer", "service"):
        extracted = extract_from_dir(ROOT / package, method_map=[("**.py", "python")], keywords=KEYWORDS)
        for file, line, message, _comments, _context in extracted:
            text = message if isinstance(message, str) else message[0]
            found.setdefault(text, f"{package}/{file}:{line}")
    return found


def translations() -> dict[str, str]:
    """Message id to its Chinese text, without those marked as uncertain."""
    with PO.open("rb") as file:
        return {
            message.id: message.string
            for message in read_po(file, locale="zh_CN")
            if isinstance(message.id, str) and message.id and message.string and not message.fuzzy
        }


def field_names(template: str) -> set[str]:
    """Names of the fields of a template."""
    return {name for _text, name, _spec, _conversion in Formatter().parse(template) if name is not None}
