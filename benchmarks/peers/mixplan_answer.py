"""Mixplan's answers for `accuracy.py`, with a fit and without one (`--saturation prior`), in one process.

The model that `mixplan fit` samples, by the same functions, with exactly the effort that every tool has: it is not
lengthened where chains do not agree. Without a fit the parameters are draws of the prior, which knows
the scale of the outcome and each channel's spend, and nothing of how they move together.
"""

from pathlib import Path

import numpy as np
from peers.measure import Clock, largest_rhat
from peers.question import Answer, Question, Task, read_question, read_task, tried_curves, tried_spend, write_answer

from mmm.artifact import ResponseDraws
from mmm.checks.holdout import forecast_held_out
from mmm.common_demand import with_common_demand
from mmm.curves import medium_contribution
from mmm.design import Design, build_design
from mmm.io import load_market
from mmm.market import Market
from mmm.parameters import natural_media, prior_of_parameters, structure_of
from mmm.posterior import KEPT_DRAWS, Posterior, draw_posterior, response_draws, thinned
from mmm.priors import Priors, build_priors, excess_share_density
from mmm.sampling import Effort, sample
from mmm.settled import settle
from mmm.vocabulary import FloatArray

PRIOR = "prior"
"""Asks for the prior alone, in the place where peers are told a saturation; Mixplan takes market.toml's."""


def main() -> None:
    """Fit twice, to the whole window and without its end, or draw from the prior twice; write the answer."""
    task = read_task(__doc__)
    question = read_question(task.folder)
    market = load_market(task.folder)
    of_full, of_holdout = np.random.SeedSequence(task.seed).spawn(2)
    believe = prior_only if task.saturation == PRIOR else fitted
    full, rhat, divergences = believe(market, 0, task, of_full)
    held, _, more_divergences = believe(market, question.holdout, task, of_holdout)
    spend = full.design.spend
    draws = response_draws(full)
    answer = Answer(
        contributions=media_of(full, draws, spend).sum(axis=1),
        curves=tried_curves(question, media_of(full, draws, tried_spend(question, spend))),
        predictions=forecast(held, question, np.random.default_rng(of_holdout), believe is fitted),
        rhat=rhat,
        divergences=divergences + more_divergences,
        cpu_seconds=Clock.now().cpu,
    )
    write_answer(answer, Path(task.answer))


def fitted(market: Market, held_out: int, task: Task, seed: np.random.SeedSequence) -> tuple[Posterior, float, int]:
    """Posterior, largest R-hat of the channels' shares, and divergences."""
    of_sampler, of_rest = seed.spawn(2)
    design, priors = prepared(market, held_out)
    priors, data = settle(design, priors)
    effort = Effort(task.chains, task.draws, task.tune)
    samples = sample(data, effort, int(of_sampler.generate_state(1, np.uint64)[0]))
    shares = samples.parameters[:, :, structure_of(design).blocks["log_share"]][:, :, list(design.paid)]
    posterior = draw_posterior(design, priors, thinned(samples.parameters, KEPT_DRAWS), np.random.default_rng(of_rest))
    return posterior, largest_rhat(shares), samples.divergences


def prior_only(market: Market, held_out: int, task: Task, seed: np.random.SeedSequence) -> tuple[Posterior, float, int]:
    """The prior in the form of a posterior; no R-hat, no divergences."""
    rng = np.random.default_rng(seed)
    design, priors = prepared(market, held_out)
    structure = structure_of(design)
    prior = prior_of_parameters(structure, priors)
    count = task.chains * task.draws
    tried = rng.multivariate_normal(prior.location, prior.covariance, size=20 * count)
    # The prior also keeps the share of all media together below one.
    total_share = np.exp(tried[:, structure.blocks["log_share"]]).sum(axis=1)
    kept = np.log(rng.random(len(tried))) < np.array([excess_share_density(share) for share in total_share])
    sampled = tried[kept][:count]
    scales = priors.linear_scales[rng.choice(len(priors.linear_scales), count, p=np.exp(priors.linear_log_weights))]
    deviations = scales * rng.standard_normal(scales.shape)
    coefficients = (priors.linear_location + deviations) * design.outcome_scale
    paths = priors.noise_paths.at(rng.integers(len(priors.noise_paths), size=count))
    return Posterior(design, natural_media(design, sampled), coefficients, paths), float("nan"), 0


def prepared(market: Market, held_out: int) -> tuple[Design, Priors]:
    """The design and its priors, without the last periods' outcome."""
    outcome = market.spec.outcomes[0]
    market = with_common_demand(market, outcome)
    design = build_design(market, outcome, held_out)
    return design, build_priors(market, outcome, design)


def media_of(posterior: Posterior, draws: ResponseDraws, spend: FloatArray) -> FloatArray:
    """What each channel brings under a spend, (T, C), zero before its first period. Shape (S, T, C)."""
    design = posterior.design
    return np.stack(
        [
            medium_contribution(
                design.media[place].adstock,
                design.media[place].saturation,
                design.carryover_periods,
                spend[:, index],
                draws.retention[:, index],
                draws.peak_delay[:, index],
                draws.half_saturation[:, index],
                draws.slope[:, index],
                draws.ceiling[:, index],
            )
            for index, place in enumerate(design.paid)
        ],
        axis=2,
    )


def forecast(posterior: Posterior, question: Question, rng: np.random.Generator, is_fitted: bool) -> FloatArray:
    """Draws of the periods kept out; what is not fitted does not know the last shocks either. Shape (S, H)."""
    return forecast_held_out(posterior, rng).draws if is_fitted else posterior.noisy(rng)[:, -question.holdout :]


if __name__ == "__main__":
    main()
