"""The application: routes, errors, limits and the description of them all."""

import os
from importlib.metadata import version

from apiflask import APIFlask

from service.home import Home, open_home
from service.http.access import register_access, register_identity
from service.http.conditions import register_conditions
from service.http.data import data
from service.http.draining import register_draining
from service.http.errors import register_errors
from service.http.events import events
from service.http.exports import exports
from service.http.following import following
from service.http.health import health
from service.http.idempotency import register_idempotency
from service.http.jobs import jobs
from service.http.keys import keys
from service.http.markets import markets
from service.http.metrics import EXTENSION as METRICS
from service.http.metrics import Metrics, metrics
from service.http.model_differences import model_differences
from service.http.observing import register_observing, write_json_logs
from service.http.plans import plans
from service.http.portfolios import portfolios
from service.http.rate_limits import register_rate_limits
from service.http.reference import reference, register_reference
from service.http.refits import refits
from service.http.replies import EXTENSION, StrictJson
from service.http.scenarios import scenarios
from service.http.shedding import register_admission, register_shedding
from service.http.webhooks import webhooks
from service.settings import settings_from

LARGEST_REQUEST = 1_000_000
"""Bytes that a request may have."""


class MixplanApp(APIFlask):
    """APIFlask with strict JSON."""

    json_provider_class = StrictJson


def create_app(home: Home) -> APIFlask:
    """The application that serves one open home."""
    app = MixplanApp("service.http", title="Mixplan", version=version("mixplan"), docs_path=None)
    app.description = "How much to spend, and where: scenarios in, certified plans out."
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_REQUEST
    app.config["AUTO_SERVERS"] = False  # the address that a client used says nothing about where the service is
    app.config["AUTO_OPERATION_ID"] = True
    app.extensions[EXTENSION] = home
    app.extensions[METRICS] = counts = Metrics(home.store)
    home.turns.listener = counts.solving
    register_observing(app, counts)
    register_draining(app)
    register_identity(app, home)
    register_rate_limits(app, home.settings.rate_limit)
    register_access(app)
    register_errors(app)
    register_conditions(app)
    register_shedding(app, home.turns)
    register_idempotency(app)
    register_admission(app, home.turns)
    register_reference(app)
    blueprints = (
        scenarios,
        plans,
        following,
        exports,
        portfolios,
        markets,
        model_differences,
        data,
        refits,
        jobs,
        events,
        keys,
        webhooks,
        health,
        metrics,
        reference,
    )
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    return app


def create_app_from_environment() -> APIFlask:
    """The application of the home that the environment names: what a server process starts."""
    write_json_logs(os.environ.get("MIXPLAN_LOG", "INFO"))
    return create_app(open_home(settings_from(None, os.environ)))
