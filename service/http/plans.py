"""Saved plans over HTTP: where they stand, changes of that, and what they bring by newer models."""

from apiflask import APIBlueprint
from flask import Response, request

from service.answers import PlanList, SavedPlanAnswer, plan_head, saved_plan_answer
from service.http.bodies import LanguageQuery, PageQuery, RescoreBody, StateBody
from service.http.conditions import check_match
from service.http.replies import actor, home, reader_for, reply
from service.language import Reader
from service.markets import newest_manifest
from service.records import SavedPlan
from service.refits.rescoring import Rescore
from service.rescored import rescored
from service.times import now

plans = APIBlueprint("plans", __name__, url_prefix="/v1/plans", tag="Plans")


@plans.get("")
@plans.input(PageQuery, location="query")
@plans.output(PlanList)
def list_plans(query_data: PageQuery) -> Response:
    """List saved plans, the newest first.

    Of one market with `market`. Each has its state and the scenario that it came from.
    """
    page = home().plans.page(query_data.limit, query_data.cursor, query_data.market)
    body = PlanList(plans=tuple(plan_head(saved) for saved in page.items), next=page.next_cursor)
    return reply(body, reader_for())


@plans.get("/<string:identity>")
@plans.input(LanguageQuery, location="query")
@plans.output(SavedPlanAnswer)
@plans.doc(responses=[404])
def get_saved_plan(query_data: LanguageQuery, identity: str) -> Response:
    """Read a plan, its state, and the models that it came from.

    With its state, its revision and the digests of the models that it rests on.
    """
    return _told(home().plans.plan(identity))


@plans.post("/<string:identity>/state")
@plans.input(LanguageQuery, location="query")
@plans.input(StateBody)
@plans.output(SavedPlanAnswer)
@plans.doc(responses=[400, 404, 409, 413, 415])
def post_state(query_data: LanguageQuery, json_data: StateBody, identity: str) -> Response:
    """Approve, start or close a plan, or make an approved one a draft again.

    A market has one running plan; one that continues it takes its place. The state that a plan has changes nothing.
    With the plan's ETag as If-Match, or its `revision`, it is refused when the plan was changed since it was seen.
    """
    seen = home().plans.plan(identity)
    check_match(str(seen.revision))
    revision = json_data.revision or (seen.revision if "If-Match" in request.headers else None)
    changed = home().plans.change(identity, json_data.state, actor(), now(), revision=revision)
    return _told(changed)


@plans.post("/<string:identity>/rescore")
@plans.input(LanguageQuery, location="query")
@plans.input(RescoreBody)
@plans.output(Rescore)
@plans.doc(responses=[400, 404, 409, 413, 415])
def post_rescore(query_data: LanguageQuery, json_data: RescoreBody, identity: str) -> Response:
    """See what a plan brings by the model in use, or by another version, beside what it promised.

    Nothing is kept: the plan stays as it was promised.
    """
    saved = home().plans.plan(identity)
    return reply(rescored(home(), saved, json_data.version), plan_reader(saved))


def plan_reader(saved: SavedPlan) -> Reader:
    """The reader of this request, in the language of the plan's market unless another is asked for."""
    manifest = newest_manifest(home().registry, saved.plan.market)
    return reader_for("en" if manifest is None else manifest.language, saved.plan.currency)


def _told(saved: SavedPlan) -> Response:
    return reply(saved_plan_answer(saved), plan_reader(saved), headers={"ETag": f'"{saved.revision}"'})
