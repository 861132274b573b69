"""Whether a control is rather an outcome of media: holding it fixed would take their effect away."""

import re

import numpy as np

from mmm.least_squares import unexplained
from mmm.prefit.evidence import Evidence
from mmm.prefit.warning import DataWarning
from mmm.sentence import Share, Word, sentence

MOVED_BY_MEDIA = 0.8
"""Share of a control's variance, beyond calendar and other causes, from which media seem to make it. Promotions that
budgets follow reach 0.7, and must stay in a model."""

_OUTCOME_WORDS = re.compile(
    r"brand(?:ed)?[\W_]*(?:search|quer|term|traffic|interest)|bgqv|sessions?\b|visits?\b|site[\W_]*traffic|"
    r"web[\W_]*traffic|page[\W_]*views?|leads?\b|sign[\W_]*ups?\b|add[\W_]*to[\W_]*cart|awareness|"
    r"品牌(?:搜索|词|指数|热度|认知)|访问|访客|流量|线索|注册|加购",
    re.IGNORECASE,
)
"""Words of things that media bring about on the way to a sale."""


def mediators(evidence: Evidence) -> list[DataWarning]:
    """Warnings of controls that are called like a step on the way to the outcome, or that media explain."""
    warnings = []
    for place, name in enumerate(evidence.design.baseline.controls):
        series = evidence.controls[:, place]
        others = np.hstack([evidence.calendar, np.delete(evidence.controls, place, axis=1)])
        alone = unexplained(series, others)
        explained = 1.0 - unexplained(series, np.hstack([others, evidence.exposure])) / max(alone, 1e-9)
        if explained < MOVED_BY_MEDIA and not _OUTCOME_WORDS.search(name.replace("_", " ")):
            continue
        warnings.append(
            DataWarning(
                name="mediator",
                subject=name,
                text=sentence(
                    "The control '{control}' looks like something that media bring about (they explain {share} of it).",
                    control=Word(text=name),
                    share=Share(fraction=max(explained, 0.0), digits=0),
                ),
                action=sentence(
                    "If it is a step on the way to the outcome, it takes the effect of media away: make it an outcome "
                    "or an indicator. If it is what budgets follow, keep it."
                ),
            )
        )
    return warnings
