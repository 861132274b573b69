"""Our own words that reach a reader as values: the one place where message extraction finds them."""


def term(text: str) -> str:
    """The word itself; marks it for translation."""
    return text


TERMS: tuple[str, ...] = (
    # stages of the purchase journey
    term("need"),
    term("search"),
    term("evaluation"),
    term("purchase"),
    term("post_purchase"),
    # roles and scenes
    term("brand"),
    term("performance"),
    term("ecommerce"),
    term("social"),
    term("streaming"),
    term("offline"),
    term("owned"),
    # objectives
    term("maximize"),
    term("size"),
    term("profit"),
    term("efficiency"),
    # presets of the split
    term("b2b"),
    term("b2c"),
    term("published_b2b"),
    term("published_b2c"),
    term("own"),
    term("none"),
    # verdicts on gates and channels
    term("pass"),
    term("review"),
    term("fail"),
    term("keep"),
    term("scale"),
    term("reduce"),
    term("watch"),
    term("stop"),
    # standing of a model
    term("champion"),
    term("challenger"),
    term("held"),
    term("retired"),
    # what the long run rests on
    term("measured"),
    term("prior"),
    term("assumed"),
    # periods
    term("day"),
    term("week"),
    term("month"),
    term("quarter"),
    term("year"),
    term("days"),
    term("weeks"),
    term("months"),
    term("quarters"),
    term("years"),
    # gates
    term("convergence"),
    term("effective_draws"),
    term("divergences"),
    term("holdout_error"),
    term("holdout_coverage"),
    term("baseline"),
    term("energy"),
    term("predictive"),
    term("residuals"),
    term("shared_noise"),
    term("common_cause"),
    term("drift"),
    term("carryover"),
    term("learned"),
    term("alike"),
    term("bend"),
    term("split"),
    term("lift_test"),
    term("indicator"),
    term("long_run"),
    # parts of the health of a fit that are called like none of its gates
    term("forecast"),
    term("coverage"),
    term("causes"),
    term("data"),
    # stages of a fit
    term("holdout fit"),
    term("fit without lift tests"),
    term("fit with wider priors"),
    term("fit of brand indicators"),
    term("fit"),
    # forecasts of a backtest
    term("the model"),
    term("repeating the year before"),
    term("ridge regression"),
    # what a thing may be that nobody knows
    term("market"),
    term("scenario"),
    term("plan"),
    term("model version"),
    term("KPI"),
    term("judgement"),
    term("job"),
    term("dataset"),
    term("worker"),
    term("host"),
    # jobs
    term("refit"),
    term("backtest"),
    term("batch"),
    term("queued"),
    term("running"),
    term("succeeded"),
    term("failed"),
    term("cancelled"),
    # states of a plan
    term("draft"),
    term("approved"),
    term("closed"),
    term("refits"),
    term("backtest of the newest quarter"),
    # what a plan is compared with
    term("Vs last year"),
    term("Vs before"),
    term("Vs that plan"),
    term("Vs given"),
    term("Last year's spend"),
    term("The last periods' spend"),
    term("The plan compared with"),
    term("The spend compared with"),
)
"""Every such word, as its message id."""
