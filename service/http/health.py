"""Whether the process is alive, and whether it can do its work."""

from apiflask import APIBlueprint
from flask import Response

from mmm.sentence import sentence
from service.answers import HealthAnswer, ReadinessAnswer
from service.http.replies import home, problem_reply, reader_for, reply
from service.problems import Kind, Problem
from service.readiness import hindrance, worker_seen_at

NOT_READY = Kind("not-ready", 503, 1, sentence("The service is not ready"))

health = APIBlueprint("health", __name__, tag="Health")


@health.get("/healthz")
@health.output(HealthAnswer)
def get_alive() -> Response:
    """Tell that the process is alive.

    It asks neither database nor disk, and needs no key.
    """
    return reply(HealthAnswer(), reader_for())


@health.get("/readyz")
@health.output(ReadinessAnswer)
@health.doc(responses=[503])
def get_ready() -> Response:
    """Tell whether the database answers in the newest layout, and artifacts can be read and written.

    When a worker was last heard of is told, and fails nothing: plans are answered without one.
    """
    reader = reader_for()
    found = hindrance(home())
    if found is not None:
        return problem_reply(Problem(NOT_READY, found), reader)
    return reply(ReadinessAnswer(worker_seen_at=worker_seen_at(home())), reader)
