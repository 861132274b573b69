"""Bodies to copy, and where an answer leads: by view, for the OpenAPI document."""

from typing import Any

SCENARIO: dict[str, Any] = {
    "name": "Q1 2027 base",
    "market": "coffee-de",
    "kpi": "orders",
    "objective": "maximize",
    "budget": 500000.0,
    "business": "b2c",
    "horizon": {"start": "2027-01-04", "periods": 13},
    "channels": {"tv": {"max": 200000.0}},
}

_GOAL: dict[str, Any] = SCENARIO | {"goal": {"kpi": "orders", "target": 60000.0, "start": "2027-01-01"}}

BODY_EXAMPLES: dict[str, Any] = {
    "scenarios_post_scenario": SCENARIO,
    "scenarios_post_goal": _GOAL,
    "scenarios_post_what_if": {"changes": [{"budget": 400000.0}, {"set": {"channels.tv.max": 90000.0}}]},
    "scenarios_post_frontier": {"scenario": SCENARIO, "from": 200000.0, "to": 900000.0, "points": 50},
    "scenarios_post_comparison": {"plans": ["5c0f2a9e81b74d36", "9d41e6b2f0387ac5"]},
    "portfolios_post_portfolio": {
        "name": "Q1 2027",
        "budget": 800000.0,
        "markets": [{"scenario": SCENARIO}, {"scenario": SCENARIO | {"market": "coffee-fr"}}],
    },
    "refits_post_refit": {},
    "refits_post_backtest": {"folds": 4, "periods": 13},
    "refits_post_batch": {"markets": ["coffee-de", "coffee-fr"]},
    "refits_post_promotion": {"force": False},
    "plans_post_state": {"state": "approved", "revision": 1},
    "plans_post_rescore": {},
    "following_post_replan": {},
    "webhooks_post_webhook": {"address": "https://example.com/mixplan"},
    "keys_post_key": {"name": "dashboard", "scopes": ["read"], "expires_at": "2027-12-31T00:00:00Z"},
}
"""One body for each address that takes JSON."""


def _link(operation: str, description: str, **parameters: str) -> dict[str, Any]:
    return {"operationId": operation, "description": description, "parameters": parameters}


_JOB = {"job": _link("get_jobs_get_job", "How far it is", identity="$response.body#/id")}

LINKS: dict[str, dict[str, Any]] = {
    "scenarios_post_scenario": {
        "scenario": _link("get_scenarios_get_scenario", "The saved scenario", identity="$response.body#/id"),
        "plan": _link("get_plans_get_saved_plan", "The saved plan", identity="$response.body#/plan_id"),
        "what-if": _link("post_scenarios_post_what_if", "It under changes", identity="$response.body#/id"),
        "explanation": _link("get_scenarios_get_explanation", "What it leaves open", identity="$response.body#/id"),
    },
    "scenarios_get_scenario": {
        "plan": _link("get_scenarios_get_plan", "Its newest plan", identity="$response.body#/id"),
    },
    "refits_post_refit": _JOB
    | {
        "cancel": _link("delete_jobs_cancel_job", "Stop it", identity="$response.body#/id"),
    },
    "refits_post_backtest": _JOB,
    "refits_post_batch": _JOB,
    "keys_post_key": {"revoke": _link("delete_keys_delete_key", "End it", identity="$response.body#/key/id")},
    "webhooks_post_webhook": {
        "test": _link("post_webhooks_post_test", "Try it", identity="$response.body#/webhook/id"),
        "remove": _link("delete_webhooks_delete_webhook", "End it", identity="$response.body#/webhook/id"),
    },
    "markets_get_market": {
        "models": _link("get_markets_list_models", "Its models", name="$response.body#/name"),
        "curves": _link("get_markets_get_curves", "Its curves", name="$response.body#/name"),
        "refit": _link("post_refits_post_refit", "Fit it again", name="$response.body#/name"),
    },
}
"""Where answers lead."""
