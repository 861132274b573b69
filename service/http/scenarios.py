"""Scenarios over HTTP: ask, read again, vary, and see over budgets."""

from apiflask import APIBlueprint
from flask import Response, url_for

from mmm.errors import Fault
from optimizer.errors import ScenarioRefused
from optimizer.goals.tree import GoalTree
from optimizer.plan.document import Plan
from optimizer.plan.explanation import Explanation
from optimizer.scenario.document import Scenario
from service.answers import (
    FrontierAnswer,
    SavedScenarioAnswer,
    ScenarioAnswer,
    ScenarioList,
    WhatIfAnswer,
    frontier_answer,
    saved_scenario_answer,
)
from service.comparison import saved_plan, side_by_side_of
from service.http.bodies import ComparisonBody, FrontierBody, LanguageQuery, PageQuery, WhatIfBody
from service.http.idempotency import work_identity
from service.http.replies import actor, home, problem_reply, reader_for, reply
from service.http.shedding import LATER, prefers_later
from service.jobs.answers import job_answer
from service.jobs.asking import ask_plan
from service.language import Reader
from service.markets import newest_manifest
from service.problems import infeasible
from service.times import now
from service.variants import budgets_between, what_if

scenarios = APIBlueprint("scenarios", __name__, url_prefix="/v1", tag="Scenarios")


@scenarios.post("/scenarios")
@scenarios.input(LanguageQuery, location="query")
@scenarios.input(Scenario)
@scenarios.output(ScenarioAnswer, status_code=201)
@scenarios.doc(responses=[202, 400, 409, 413, 415])
def post_scenario(query_data: LanguageQuery, json_data: Scenario) -> Response:
    """Plan a scenario and keep both.

    A scenario whose rules cannot hold together is answered with 422, the rules in conflict and
    the smallest relaxation, and is not kept. One that may take longer than a request, or that comes with
    ``Prefer: respond-async``, becomes a job, whose result names scenario and plan: 202.
    """
    is_preferred = prefers_later()
    if is_preferred or json_data.solve.seconds > home().settings.request_seconds:
        return _plan_later(json_data, is_preferred)
    answer = home().desk.answer(json_data, now(), identity=work_identity())
    reader = _reader(json_data)
    if answer.scenario is None or answer.saved is None:
        return problem_reply(infeasible(answer.plan), reader)
    saved = answer.scenario
    body = ScenarioAnswer(
        id=saved.id, version=saved.version, plan_id=answer.saved.id, scenario=saved.scenario, plan=answer.plan
    )
    location = url_for("scenarios.get_scenario", identity=saved.id)
    return reply(body, reader, 201, {"Location": location})


@scenarios.get("/scenarios")
@scenarios.input(PageQuery, location="query")
@scenarios.output(ScenarioList)
def list_scenarios(query_data: PageQuery) -> Response:
    """List saved scenarios, the newest first.

    Of one market with `market`. The same name posted again is a new version of the scenario.
    """
    page = home().scenarios.page(query_data.limit, query_data.cursor, query_data.market)
    body = ScenarioList(scenarios=tuple(saved_scenario_answer(saved) for saved in page.items), next=page.next_cursor)
    return reply(body, reader_for())


@scenarios.get("/scenarios/<string:identity>")
@scenarios.input(LanguageQuery, location="query")
@scenarios.output(SavedScenarioAnswer)
def get_scenario(query_data: LanguageQuery, identity: str) -> Response:
    """Read a saved scenario.

    As it was posted, with its version and the time.
    """
    return reply(saved_scenario_answer(home().scenarios.scenario(identity)), reader_for())


@scenarios.get("/scenarios/<string:identity>/plan")
@scenarios.input(LanguageQuery, location="query")
@scenarios.output(Plan)
def get_plan(query_data: LanguageQuery, identity: str) -> Response:
    """Read the newest plan of a saved scenario.

    As it was answered, with its certificate.
    """
    plan = home().scenarios.latest_plan(identity).plan
    manifest = newest_manifest(home().registry, plan.market)
    return reply(plan, reader_for("en" if manifest is None else manifest.language, plan.currency))


@scenarios.post("/scenarios/<string:identity>/what-if")
@scenarios.input(LanguageQuery, location="query")
@scenarios.input(WhatIfBody)
@scenarios.output(WhatIfAnswer)
@scenarios.doc(responses=[400, 409, 413, 415])
def post_what_if(query_data: LanguageQuery, json_data: WhatIfBody, identity: str) -> Response:
    """Plan a saved scenario as it is and under changes, side by side; nothing is kept.

    Each change sets a budget, a business or any field by its path; up to 50 of them. The first variant is the
    scenario as it is.
    """
    scenario = home().scenarios.scenario(identity).scenario
    return reply(what_if(home().desk, scenario, json_data.changes), _reader(scenario))


@scenarios.post("/comparisons")
@scenarios.input(LanguageQuery, location="query")
@scenarios.input(ComparisonBody)
@scenarios.output(WhatIfAnswer)
@scenarios.doc(responses=[400, 404, 409, 413, 415])
def post_comparison(query_data: LanguageQuery, json_data: ComparisonBody) -> Response:
    """See saved plans of one market side by side: by their ids, or the newest of scenarios by theirs.

    A scenario's id stands for its newest plan. The first one is what the others are compared with.
    """
    compared = [saved_plan(home().scenarios, identity) for identity in json_data.plans]
    answer = side_by_side_of(compared)
    manifest = newest_manifest(home().registry, answer.market)
    return reply(answer, reader_for("en" if manifest is None else manifest.language, answer.currency))


@scenarios.get("/scenarios/<string:identity>/explanation")
@scenarios.input(LanguageQuery, location="query")
@scenarios.output(Explanation)
@scenarios.doc(responses=[409])
def get_explanation(query_data: LanguageQuery, identity: str) -> Response:
    """See what the plan of a saved scenario leaves open.

    Other plans nearly as good, how well the best split is known, and what to test next, by the model in use.
    """
    scenario = home().scenarios.scenario(identity).scenario
    plan, explanation = home().desk.explain(scenario)
    if explanation is None:
        return problem_reply(infeasible(plan), _reader(scenario))
    return reply(explanation, _reader(scenario))


@scenarios.post("/frontiers")
@scenarios.input(LanguageQuery, location="query")
@scenarios.input(FrontierBody)
@scenarios.output(FrontierAnswer)
@scenarios.doc(responses=[400, 404, 409, 413, 415])
def post_frontier(query_data: LanguageQuery, json_data: FrontierBody) -> Response:
    """See a scenario's KPI over budgets, each split at its best.

    The scenario is written out, or named by `scenario_id`. Nothing is kept.
    """
    scenario = json_data.scenario or home().scenarios.scenario(json_data.scenario_id or "").scenario
    budgets = budgets_between(json_data.from_, json_data.to, json_data.points)
    try:
        points = home().desk.frontier(scenario, budgets)
    except ScenarioRefused as error:
        raise ScenarioRefused([_in_scenario(fault) for fault in error.faults]) from error
    market = home().desk.market_of(scenario)
    return reply(frontier_answer(scenario, market.artifacts[scenario.kpi], points), _reader(scenario))


@scenarios.post("/goals")
@scenarios.input(LanguageQuery, location="query")
@scenarios.input(Scenario)
@scenarios.output(GoalTree)
@scenarios.doc(responses=[400, 409, 413, 415])
def post_goal(query_data: LanguageQuery, json_data: Scenario) -> Response:
    """Take a scenario's annual goal apart, by season and shares, and into tasks for its horizon; nothing is kept.

    The document is a scenario with a `goal`. The answer has the share of the year that falls on the horizon,
    and a task for each stage.
    """
    return reply(home().desk.goals(json_data), _reader(json_data))


def _reader(scenario: Scenario) -> Reader:
    market = home().desk.market_of(scenario)
    return reader_for(market.language, market.currency)


def _plan_later(scenario: Scenario, is_preferred: bool) -> Response:
    home().desk.market_of(scenario)  # what names no market is refused now
    job = ask_plan(home(), scenario, actor(), now(), identity=work_identity())
    headers = {"Location": url_for("jobs.get_job", identity=job.id)}
    if is_preferred:
        headers["Preference-Applied"] = LATER
    reader = reader_for()
    return reply(job_answer(job, reader), reader, 202, headers)


def _in_scenario(fault: Fault) -> Fault:
    return Fault(fault.file, f"scenario.{fault.field}" if fault.field else "scenario", fault.found, fault.expected)
