"""Two model versions of a market over HTTP, side by side."""

from apiflask import APIBlueprint
from flask import Response

from service.http.bodies import DifferenceQuery
from service.http.replies import home, reader_for, reply
from service.refits.difference import FittedVersion, ModelDifference, difference

model_differences = APIBlueprint("model_differences", __name__, url_prefix="/v1/markets", tag="Markets")


@model_differences.get("/<string:name>/models/<int:version>/difference")
@model_differences.input(DifferenceQuery, location="query")
@model_differences.output(ModelDifference)
def get_difference(query_data: DifferenceQuery, name: str, version: int) -> Response:
    """Read what differs between two model versions: data, choices, gates, and how far each curve moved.

    Data, choices, packages, gates, and what the same spend returns by either.
    """
    before, after = (_fitted(name, number) for number in (query_data.with_, version))
    manifest = after.manifest
    return reply(difference(before, after), reader_for(manifest.language, manifest.currency))


def _fitted(market: str, number: int) -> FittedVersion:
    registry = home().registry
    version = registry.version(market, number)
    return FittedVersion(version, registry.load(version))
