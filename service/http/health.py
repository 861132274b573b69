"""Whether the process is alive, and whether it can do its work."""

import os

from apiflask import APIBlueprint
from flask import Response
from sqlalchemy.exc import SQLAlchemyError

from mmm.sentence import Word, sentence
from service.answers import HealthAnswer
from service.http.replies import home, problem_reply, reader_for, reply
from service.problems import Kind, Problem

NOT_READY = Kind("not-ready", 503, 1, sentence("The service is not ready"))

health = APIBlueprint("health", __name__, tag="Health")


@health.get("/healthz")
@health.output(HealthAnswer)
def get_alive() -> Response:
    """Tell that the process is alive."""
    return reply(HealthAnswer(), reader_for())


@health.get("/readyz")
@health.output(HealthAnswer)
@health.doc(responses=[503])
def get_ready() -> Response:
    """Tell whether the database answers and the artifacts can be read."""
    reader = reader_for()
    try:
        home().store.ping()
    except SQLAlchemyError as error:
        said = sentence("The database does not answer: {reason}.", reason=Word(text=type(error).__name__))
        return problem_reply(Problem(NOT_READY, said), reader)
    if not os.access(home().settings.artifacts, os.R_OK | os.X_OK):
        return problem_reply(Problem(NOT_READY, sentence("The folder of the artifacts cannot be read.")), reader)
    return reply(HealthAnswer(), reader)
