"""Portfolios over HTTP: one budget for several markets."""

from apiflask import APIBlueprint
from flask import Response

from optimizer.plan.portfolio import Portfolio, PortfolioPlan
from service.http.bodies import LanguageQuery
from service.http.replies import home, problem_reply, reader_for, reply
from service.portfolios import plan_of_portfolio
from service.problems import infeasible_portfolio

portfolios = APIBlueprint("portfolios", __name__, url_prefix="/v1", tag="Portfolios")


@portfolios.post("/portfolios")
@portfolios.input(LanguageQuery, location="query")
@portfolios.input(Portfolio)
@portfolios.output(PortfolioPlan)
@portfolios.doc(responses=[400, 409, 413, 415])
def post_portfolio(query_data: LanguageQuery, json_data: Portfolio) -> Response:
    """Split one budget over several markets, and in each; nothing is kept.

    Markets whose rules ask for more than the budget are answered with 422.
    """
    plan = plan_of_portfolio(home().desk, json_data)
    reader = reader_for(home().desk.market_of(json_data.markets[0].scenario).language, plan.currency)
    if plan.status == "infeasible":
        return problem_reply(infeasible_portfolio(plan), reader)
    return reply(plan, reader)
