"""Markets over HTTP: what is known of them, their curves and their models."""

from apiflask import APIBlueprint
from flask import Response

from service.answers import CurvesAnswer, MarketList, ModelList, curves_answer
from service.errors import not_known
from service.http.bodies import CurvesQuery, LanguageQuery, NamesQuery, VersionsQuery
from service.http.replies import home, reader_for, reply
from service.markets import MarketDetail, market_detail, market_summaries, model_detail, newest_manifest

markets = APIBlueprint("markets", __name__, url_prefix="/v1/markets", tag="Markets")


@markets.get("")
@markets.input(NamesQuery, location="query")
@markets.output(MarketList)
def list_markets(query_data: NamesQuery) -> Response:
    """List the markets that have models, by name.

    Each with its KPIs, the version in use and what its gates say. A market whose model cannot be read stands
    under `damaged`.
    """
    page = home().registry.markets_page(query_data.limit, query_data.cursor)
    summaries, damaged = market_summaries(home().registry, page.items)
    body = MarketList(markets=summaries, damaged=damaged, next=page.next_cursor)
    return reply(body, reader_for())


@markets.get("/<string:name>")
@markets.input(LanguageQuery, location="query")
@markets.output(MarketDetail)
def get_market(query_data: LanguageQuery, name: str) -> Response:
    """Read a market: its channels, its KPIs, and the gates of its model.

    As the model in use has it, else the newest one. It does not change until another model is in use.
    """
    detail = market_detail(home().registry, name)
    return reply(detail, reader_for(detail.language, detail.currency))


@markets.get("/<string:name>/models")
@markets.input(VersionsQuery, location="query")
@markets.output(ModelList)
def list_models(query_data: VersionsQuery, name: str) -> Response:
    """List the model versions of a market with their gates, the newest first.

    Each with its verdict, the gates of each of its outcomes and whether it is in use.
    """
    registry = home().registry
    page = registry.versions_page(name, query_data.limit, query_data.cursor)
    manifest = newest_manifest(registry, name)
    models = tuple(model_detail(registry, version) for version in page.items)
    body = ModelList(market=name, models=models, next=page.next_cursor)
    return reply(body, reader_for() if manifest is None else reader_for(manifest.language, manifest.currency))


@markets.get("/<string:name>/curves")
@markets.input(CurvesQuery, location="query")
@markets.output(CurvesAnswer)
@markets.doc(responses=[409])
def get_curves(query_data: CurvesQuery, name: str) -> Response:
    """Read the response curves of a market, the very ones that the optimiser uses.

    Of the KPI asked for, else the first, over the horizon of a saved scenario, else the last year. Each channel
    has its figures and the points of its curve, with intervals.
    """
    desk = home().desk
    market = desk.market(name)
    kpi = query_data.kpi or next(iter(market.artifacts))
    if kpi not in market.artifacts:
        raise not_known("KPI", kpi, market.artifacts)
    scenario = None
    if query_data.scenario is not None:
        scenario = home().scenarios.scenario(query_data.scenario).scenario
    curves = desk.curves(market, kpi, scenario)
    return reply(curves_answer(market.artifacts[kpi], curves), reader_for(market.language, market.currency))
