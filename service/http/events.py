"""The log of who did what, over HTTP."""

from apiflask import APIBlueprint
from flask import Response

from service.answers import EventAnswer, EventList
from service.http.bodies import EventsQuery
from service.http.replies import home, reader_for, reply

events = APIBlueprint("events", __name__, url_prefix="/v1/events", tag="Events")


@events.get("")
@events.input(EventsQuery, location="query")
@events.output(EventList)
def list_events(query_data: EventsQuery) -> Response:
    """List what happened, the newest first: refits, promotions, plans that were approved, alerts.

    Of one market with `market`, of one job, plan or model with `subject`. Events are never changed or taken
    away.
    """
    page = home().events.page(query_data.limit, query_data.cursor, query_data.market, query_data.subject)
    body = EventList(events=tuple(EventAnswer.model_validate(event) for event in page.items), next=page.next_cursor)
    return reply(body, reader_for())
