"""Following a plan over HTTP: actuals in, tracking out, the rest planned anew."""

from apiflask import APIBlueprint
from flask import Response, request, url_for

from mmm.errors import Fault, FileRefused
from mmm.io import MAX_DATA_BYTES
from mmm.sentence import sentence
from service.actuals_files import reported_file
from service.answers import ReplannedAnswer
from service.following import followed_plan, received, replanned, tracked
from service.http.bodies import FollowedQuery, LanguageQuery, ReplanBody
from service.http.idempotency import work_identity
from service.http.plans import plan_reader
from service.http.replies import actor, home, problem_reply, reply
from service.problems import infeasible
from service.records import SavedPlan
from service.times import now
from service.tracking.actuals import Reported, reported_rows
from service.tracking.document import Tracking

following = APIBlueprint("following", __name__, url_prefix="/v1", tag="Plans")

ACTUALS = {
    "description": "Rows of periods as JSON; or `data`, a CSV, XLSX or Parquet file with a column `date` and one "
    "called like each channel and KPI, or with the columns of the market's own data.",
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["rows"],
                "additionalProperties": False,
                "properties": {
                    "rows": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": 1000,
                        "items": {
                            "type": "object",
                            "required": ["date", "spend"],
                            "additionalProperties": False,
                            "properties": {
                                "date": {"type": "string", "format": "date"},
                                "spend": {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}},
                                "outcomes": {
                                    "type": "object",
                                    "additionalProperties": {"type": ["number", "null"], "minimum": 0},
                                },
                            },
                        },
                    }
                },
            }
        },
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["data"],
                "properties": {"data": {"type": "string", "format": "binary"}},
            }
        },
    },
}
"""What may be sent as actuals."""


@following.post("/markets/<string:name>/actuals")
@following.input(FollowedQuery, location="query")
@following.output(Tracking)
@following.doc(responses=[400, 404, 409, 413, 415, 422])
def post_actuals(query_data: FollowedQuery, name: str) -> Response:
    """Hand in what was spent and what came of it, of some periods of the running plan or of the one named.

    The newest report of a period counts, and what it leaves out stays; the same again changes nothing. Refused whole,
    with every fault.
    """
    saved = followed_plan(home(), name, query_data.plan)
    found = received(home(), saved, _reported(saved), actor(), now())
    return reply(found, plan_reader(saved))


@following.get("/markets/<string:name>/tracking")
@following.input(FollowedQuery, location="query")
@following.output(Tracking)
@following.doc(responses=[404])
def get_tracking(query_data: FollowedQuery, name: str) -> Response:
    """Read the running plan, or the one named, against what happened, by the models that it was made with.

    Pacing by channel, outcome by period with its interval, what differs and why, and the chance that each task
    is still reached.
    """
    saved = followed_plan(home(), name, query_data.plan)
    return reply(tracked(home(), saved), plan_reader(saved))


@following.post("/plans/<string:identity>/replan")
@following.input(LanguageQuery, location="query")
@following.input(ReplanBody)
@following.output(ReplannedAnswer, status_code=201)
@following.doc(responses=[400, 404, 409, 413, 415])
def post_replan(query_data: LanguageQuery, json_data: ReplanBody, identity: str) -> Response:
    """Plan the rest of a running plan anew, what has passed locked; kept as a draft that continues it.

    What was spent and came of it so far is taken as it was. The plan that runs goes on until the new one is
    started.
    """
    saved = home().plans.plan(identity)
    answer = replanned(
        home(), saved, actor(), now(), remaining_budget=json_data.remaining_budget, identity=work_identity()
    )
    reader = plan_reader(saved)
    if answer.saved is None:
        return problem_reply(infeasible(answer.replanned.plan), reader)
    location = url_for("plans.get_saved_plan", identity=answer.saved.id)
    return reply(ReplannedAnswer.of(answer.saved, answer.replanned), reader, 201, {"Location": location})


def _reported(saved: SavedPlan) -> Reported:
    if request.is_json:
        return reported_rows(request.get_json(), sentence("request"))
    request.max_content_length = MAX_DATA_BYTES
    if "data" not in request.files:
        expected = sentence("a CSV, XLSX or Parquet file, as multipart/form-data")
        raise FileRefused([Fault(sentence("request"), "data", sentence("nothing"), expected)])
    sent = request.files["data"]
    return reported_file(home(), saved, (sent.filename or "data.csv")[-200:], sent.read())
