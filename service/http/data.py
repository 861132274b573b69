"""Data over HTTP: new rows of a market or a whole new file, and the versions that there are."""

from apiflask import APIBlueprint
from flask import Response, request
from werkzeug.datastructures import FileStorage

from mmm.errors import Fault, FileRefused
from mmm.io import MARKET_FILE, MAX_DATA_BYTES, toml_tree
from mmm.sentence import Sentence, sentence
from service.answers import DatasetAnswer, DatasetList
from service.datasets import Dataset
from service.http.bodies import LanguageQuery, VersionsQuery
from service.http.replies import home, reader_for, reply
from service.times import now

data = APIBlueprint("data", __name__, url_prefix="/v1/markets", tag="Data")

UPLOAD = {
    "description": "`data`: a CSV, XLSX or Parquet file. With `market`, a market.toml, it is the whole history; "
    "without, its rows are added to those that the market has.",
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["data"],
                "properties": {
                    "data": {"type": "string", "format": "binary"},
                    "market": {"type": "string", "format": "binary"},
                },
            }
        }
    },
}


@data.post("/<string:name>/data")
@data.input(LanguageQuery, location="query")
@data.output(DatasetAnswer, status_code=201)
@data.doc(responses=[400, 404, 413, 415, 422])
def post_data(query_data: LanguageQuery, name: str) -> Response:
    """Add rows to a market's data, or keep a new file of it; refused whole, with every fault.

    Nothing is fitted by this: ask for a refit, or wait for the market's schedule.
    """
    request.max_content_length = MAX_DATA_BYTES
    sent = request.files
    if "data" not in sent:
        raise FileRefused([_fault("data", sentence("a CSV, XLSX or Parquet file, as multipart/form-data"))])
    rows, market = sent["data"], sent.get("market")
    if market is None:
        dataset, _ = home().datasets.append(name, _name(rows), rows.read(), now())
        return _created(dataset)
    content = market.read()
    _require_name(content, name)
    dataset, _ = home().datasets.keep(content, _name(rows), rows.read(), now())
    return _created(dataset)


@data.get("/<string:name>/data")
@data.input(VersionsQuery, location="query")
@data.output(DatasetList)
def list_data(query_data: VersionsQuery, name: str) -> Response:
    """List the versions of a market's data, the newest first.

    Each with its first and last period and its digest. A refit takes the newest.
    """
    home().datasets.market(name)
    page = home().datasets.versions_page(name, query_data.limit, query_data.cursor)
    datasets = tuple(map(DatasetAnswer.model_validate, page.items))
    return reply(DatasetList(market=name, datasets=datasets, next=page.next_cursor), reader_for())


def _created(dataset: Dataset) -> Response:
    return reply(DatasetAnswer.model_validate(dataset), reader_for(), 201)


def _name(sent: FileStorage) -> str:
    return (sent.filename or "data.csv")[-200:]


def _require_name(content: bytes, name: str) -> None:
    """Refuse a market.toml of another market than the address names."""
    try:
        header = toml_tree(MARKET_FILE, content).get("market")
    except FileRefused:
        return  # refused with its place where it is read
    found = header.get("name") if isinstance(header, dict) else None
    if found is not None and found != name:
        expected = sentence("the name of the market that the address names")
        raise FileRefused([Fault(MARKET_FILE, "market.name", repr(found), expected)])


def _fault(field: str, expected: Sentence) -> Fault:
    return Fault(sentence("request"), field, sentence("nothing"), expected)
