"""Jobs over HTTP: how far they are, what came of them, and stopping them."""

from apiflask import APIBlueprint
from flask import Response

from service.http.bodies import JobsQuery, LanguageQuery
from service.http.replies import home, reader_for, reply
from service.jobs.answers import JobAnswer, JobList, job_answer, job_list
from service.times import now

jobs = APIBlueprint("jobs", __name__, url_prefix="/v1/jobs", tag="Jobs")


@jobs.get("")
@jobs.input(JobsQuery, location="query")
@jobs.output(JobList)
def list_jobs(query_data: JobsQuery) -> Response:
    """List jobs, the newest first.

    Of one market with `market`, of one batch with `parent`. The newest come first.
    """
    page = home().jobs.page(query_data.limit, query_data.cursor, query_data.market, query_data.parent)
    reader = reader_for()
    return reply(job_list(page, reader), reader)


@jobs.get("/<string:identity>")
@jobs.input(LanguageQuery, location="query")
@jobs.output(JobAnswer)
def get_job(query_data: LanguageQuery, identity: str) -> Response:
    """Read how far a job is, and what came of it.

    A job that has succeeded has a `result`, one that has failed a `problem` as a request would have got it.
    """
    reader = reader_for()
    return reply(job_answer(home().jobs.job(identity), reader), reader)


@jobs.delete("/<string:identity>")
@jobs.input(LanguageQuery, location="query")
@jobs.output(JobAnswer)
def cancel_job(query_data: LanguageQuery, identity: str) -> Response:
    """Ask a job to stop.

    One that waits ends at once, one that runs within two seconds; what it would have published is not published. A
    job that has ended stays as it is.
    """
    reader = reader_for()
    return reply(job_answer(home().jobs.cancel(identity, now()), reader), reader)
