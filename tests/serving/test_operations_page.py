"""What docs/operations.md says of the environment is what the service reads."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "operations.md"


def test_every_variable_of_the_environment_is_in_the_table_and_no_other() -> None:
    read = {
        name
        for file in (ROOT / "service").rglob("*.py")
        for name in re.findall(r"MIXPLAN_[A-Z]+(?:_[A-Z]+)*", file.read_text(encoding="utf-8"))
    }
    told = set(re.findall(r"^\| `(MIXPLAN_[A-Z_]+)` \|", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert told == read


def test_files_that_the_pages_name_are_there() -> None:
    for page in ("operations.md", "api.md"):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        for named in re.findall(r"\[(service/[a-z_/]+\.py)\]|\]\(([a-z./]+\.md)", text):
            file = ROOT / named[0] if named[0] else ROOT / "docs" / named[1]
            assert file.is_file(), f"{page} names {file}"
