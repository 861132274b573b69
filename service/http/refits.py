"""Refits over HTTP, and which model of a market is in use."""

from apiflask import APIBlueprint
from flask import Response, url_for

from service.errors import not_known
from service.http.bodies import BacktestBody, BatchBody, LanguageQuery, PromotionBody, RefitBody
from service.http.idempotency import work_identity
from service.http.replies import actor, home, reader_for, reply
from service.jobs.answers import JobAnswer, job_answer
from service.jobs.asking import BacktestChoices, ask_backtest, ask_batch, ask_refit
from service.jobs.records import Job
from service.markets import ModelDetail, model_detail, newest_manifest
from service.records import ModelVersion
from service.refits.report import RefitReport
from service.times import now

refits = APIBlueprint("refits", __name__, url_prefix="/v1", tag="Refits")


@refits.post("/markets/<string:name>/refits")
@refits.input(LanguageQuery, location="query")
@refits.input(RefitBody)
@refits.output(JobAnswer, status_code=202)
@refits.doc(responses=[400, 404, 409, 413, 415])
def post_refit(query_data: LanguageQuery, json_data: RefitBody, name: str) -> Response:
    """Fit a market again on its newest data: a job, which promotes the model when it has earned it.

    A market has one refit at a time. What was fitted on the same data with the same seed before is not fitted
    again.
    """
    return _accepted(ask_refit(home(), name, actor(), now(), seed=json_data.seed, identity=work_identity()))


@refits.post("/markets/<string:name>/backtests")
@refits.input(LanguageQuery, location="query")
@refits.input(BacktestBody)
@refits.output(JobAnswer, status_code=202)
@refits.doc(responses=[400, 404, 409, 413, 415])
def post_backtest(query_data: LanguageQuery, json_data: BacktestBody, name: str) -> Response:
    """Forecast a market's past from what was known then, and score it against simpler forecasts: a job.

    Its result has the scores of each window and of all together as `backtest`. Nothing is published by it.
    """
    choices = BacktestChoices(json_data.folds, json_data.periods, json_data.kpi, json_data.seed)
    return _accepted(ask_backtest(home(), name, choices, actor(), now(), identity=work_identity()))


@refits.post("/refits")
@refits.input(LanguageQuery, location="query")
@refits.input(BatchBody)
@refits.output(JobAnswer, status_code=202)
@refits.doc(responses=[400, 404, 409, 413, 415])
def post_batch(query_data: LanguageQuery, json_data: BatchBody) -> Response:
    """Fit several markets again, or every one that has data: a job that waits for a refit of each.

    A market whose refit is queued or runs already is left out, and named in the result.
    """
    return _accepted(ask_batch(home(), json_data.markets, actor(), now(), identity=work_identity()))


@refits.get("/markets/<string:name>/models/<int:version>/judgement")
@refits.input(LanguageQuery, location="query")
@refits.output(RefitReport)
def get_judgement(query_data: LanguageQuery, name: str, version: int) -> Response:
    """Read why a model version was promoted or held: backtest, curves and split against the champion of its day.

    Reasons by rule, and the figures that they rest on.
    """
    found = home().registry.version(name, version)
    result = None if found.job is None else home().jobs.job(found.job).result
    if result is None or "report" not in result:
        raise not_known("judgement", f"{name}/{version}")
    manifest = newest_manifest(home().registry, name)
    reader = reader_for() if manifest is None else reader_for(manifest.language, manifest.currency)
    return reply(RefitReport.model_validate(result["report"]), reader)


@refits.post("/markets/<string:name>/models/<int:version>/promote")
@refits.input(LanguageQuery, location="query")
@refits.input(PromotionBody)
@refits.output(ModelDetail)
@refits.doc(responses=[400, 404, 409, 413, 415])
def post_promotion(query_data: LanguageQuery, json_data: PromotionBody, name: str, version: int) -> Response:
    """Make a model version the champion.

    With `force` also one that failed a gate, which stays on record.
    """
    return _standing(home().registry.promote(name, version, now(), force=json_data.force, actor=actor()))


@refits.post("/markets/<string:name>/rollback")
@refits.input(LanguageQuery, location="query")
@refits.output(ModelDetail)
@refits.doc(responses=[404, 409])
def post_rollback(query_data: LanguageQuery, name: str) -> Response:
    """Make the champion before this one the champion again.

    Again and again it goes back further. Plans that were made keep the model that they rest on.
    """
    return _standing(home().registry.rollback(name, now(), actor=actor()))


def _accepted(job: Job) -> Response:
    reader = reader_for()
    return reply(job_answer(job, reader), reader, 202, {"Location": url_for("jobs.get_job", identity=job.id)})


def _standing(version: ModelVersion) -> Response:
    manifest = newest_manifest(home().registry, version.market)
    reader = reader_for() if manifest is None else reader_for(manifest.language, manifest.currency)
    return reply(model_detail(home().registry, version), reader)
