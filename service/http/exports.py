"""Plans as files over HTTP."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from service.export.csv_file import plan_csv
from service.export.workbook import plan_workbook
from service.http.bodies import LanguageQuery
from service.http.replies import home, reader_for
from service.language import LOCALES, Reader
from service.markets import newest_manifest
from service.records import SavedPlan

exports = APIBlueprint("exports", __name__, url_prefix="/v1", tag="Scenarios")

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _file(media_type: str, description: str) -> dict[int | str, dict[str, str | dict[str, dict[str, Any]]]]:
    schema = {"type": "string"} if media_type == CSV else {"type": "string", "format": "binary"}
    return {200: {"description": description, "content": {media_type: {"schema": schema}}}}


@exports.get("/scenarios/<string:identity>/plan.csv")
@exports.input(LanguageQuery, location="query")
@exports.doc(responses=_file(CSV, "Channels and flighting, in UTF-8 with byte order mark"))
def get_plan_csv(query_data: LanguageQuery, identity: str) -> Response:
    """Read the newest plan of a saved scenario as CSV: a row a channel, and its spend in each period.

    No cell can start a formula: a text that would has an apostrophe in front.
    """
    saved, reader = _saved(identity)
    return _file_reply(plan_csv(saved, reader), CSV, f"{saved.plan.market}-{saved.id}.csv", reader)


@exports.get("/scenarios/<string:identity>/plan.xlsx")
@exports.input(LanguageQuery, location="query")
@exports.doc(responses=_file(XLSX, "A workbook with a sheet a part of the plan"))
def get_plan_workbook(query_data: LanguageQuery, identity: str) -> Response:
    """Read the newest plan of a saved scenario as an XLSX workbook, in which every text is a text and no formula.

    Texts are written as texts, so that no cell is a formula.
    """
    saved, reader = _saved(identity)
    return _file_reply(plan_workbook(saved, reader), XLSX, f"{saved.plan.market}-{saved.id}.xlsx", reader)


def _saved(identity: str) -> tuple[SavedPlan, Reader]:
    saved = home().scenarios.latest_plan(identity)
    manifest = newest_manifest(home().registry, saved.plan.market)
    return saved, reader_for("en" if manifest is None else manifest.language, saved.plan.currency)


def _file_reply(content: bytes, media_type: str, name: str, reader: Reader) -> Response:
    response = Response(content, content_type=f"{media_type}; charset=utf-8" if media_type == CSV else media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Content-Language"] = LOCALES[reader.language].replace("_", "-")
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept-Language")
    return response
