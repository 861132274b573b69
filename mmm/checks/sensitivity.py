"""How much each channel's return leans on what was assumed: the same fit under wider priors, and with learnt shapes."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from mmm.design import SLOPED
from mmm.market import Market
from mmm.media_history import media_history
from mmm.parsing import StrictModel
from mmm.posterior import Posterior
from mmm.sentence import Sentence, Share, listed, sentence
from mmm.spec import ChannelSpec, OrganicSpec
from mmm.vocabulary import FloatArray

WIDENINGS = (1.5, 2.0)
"""Factors of the priors' spreads: half as wide again, and twice."""

LEANING_FROM = 0.25
"""Shift, in widths of the 90 % interval, from which on a return leans on its prior: nearly a standard deviation."""

INHERITED_FROM = 0.4
"""Part of a prior's widening that an interval takes over, from which on it is more the prior's than the data's: where
data teach nothing the mean may stay where it was, and the interval alone tells. Never all of it, since the channels'
sum is known better than each."""

TAILS = (0.05, 0.95)


WIDER_FROM = 1.4
"""From so many times the width on an interval was narrow because a shape was given, not because data had told it."""


class OtherReturn(StrictModel):
    """A channel's return in a fit that assumes less.

    `moved` is how far its mean is from that of the fit as it is, in widths of the 90 % interval there, and `stretched`
    how many times as wide the interval is.
    """

    mean: float
    p05: float
    p95: float
    moved: float
    stretched: float


class WidenedReturn(OtherReturn):
    """A channel's return under priors `widening` times as wide."""

    widening: float

    @property
    def leans(self) -> bool:
        """Whether the return, or how well it is known, is the prior's."""
        return abs(self.moved) >= LEANING_FROM or self.stretched - 1.0 >= INHERITED_FROM * (self.widening - 1.0)


class LearntShapeReturn(OtherReturn):
    """A channel's return where the shape of its saturation is learnt (Hill) and not given by market.toml."""

    @property
    def leans(self) -> bool:
        """Whether the return, or how well it is known, comes from the shape that was given."""
        return abs(self.moved) >= LEANING_FROM or self.stretched >= WIDER_FROM


class ChannelSensitivity(StrictModel):
    """A channel's return over the window as it was fitted, and under weaker assumptions.

    `learnt_shape` is None where the shape is learnt anyway.
    """

    channel: str
    mean: float
    p05: float
    p95: float
    widened: tuple[WidenedReturn, ...]
    learnt_shape: LearntShapeReturn | None = None

    @property
    def leans(self) -> bool:
        """Whether it leans on its prior under any of them."""
        return any(one.leans for one in self.widened)


class PriorSensitivity(StrictModel):
    """Every channel of one outcome.

    Returns are value per money, or outcome units per money where the outcome has no value (`is_valued`).
    """

    market: str
    outcome: str
    is_valued: bool
    channels: tuple[ChannelSensitivity, ...]
    said: Sentence
    said_of_shapes: Sentence | None = None


def with_learnt_shapes(market: Market) -> Market | None:
    """The market with Hill in place of every saturation whose shape is given; None where there is none."""
    spec = market.spec
    media: tuple[ChannelSpec | OrganicSpec, ...] = (*spec.channels, *spec.organic)
    if all(medium.saturation in SLOPED for medium in media):
        return None
    learnt = {
        "channels": tuple(channel.model_copy(update={"saturation": "hill"}) for channel in spec.channels),
        "organic": tuple(medium.model_copy(update={"saturation": "hill"}) for medium in spec.organic),
    }
    return replace(market, spec=spec.model_copy(update=learnt))


def compare_priors(
    market: str,
    outcome: str,
    value_per_unit: float | None,
    as_they_are: Posterior,
    wider: Mapping[float, Posterior],
    learnt: Posterior | None = None,
) -> PriorSensitivity:
    """How far returns move.

    Parameters
    ----------
    market, outcome
        Names.
    value_per_unit
        Money per outcome unit, if it is known.
    as_they_are
        The fit under the market's own priors.
    wider
        Fits under wider ones, by the factor of their spreads.
    learnt
        The fit of the market `with_learnt_shapes` under its own priors, if there is such a market.
    """
    design = as_they_are.design
    other_shapes = None if learnt is None else _returns(learnt, value_per_unit)
    before = _returns(as_they_are, value_per_unit)
    after = {factor: _returns(posterior, value_per_unit) for factor, posterior in wider.items()}
    channels = []
    for place, medium in zip(range(before.shape[1]), design.paid, strict=True):
        low, high = np.quantile(before[:, place], TAILS)
        mean, width = float(before[:, place].mean()), max(float(high - low), np.finfo(float).tiny)
        channels.append(
            ChannelSensitivity(
                channel=design.media[medium].name,
                mean=mean,
                p05=float(low),
                p95=float(high),
                widened=tuple(
                    WidenedReturn(widening=factor, **_against(draws[:, place], mean, width))
                    for factor, draws in after.items()
                ),
                learnt_shape=None
                if other_shapes is None or design.media[medium].saturation in SLOPED
                else LearntShapeReturn(**_against(other_shapes[:, place], mean, width)),
            )
        )
    return PriorSensitivity(
        market=market,
        outcome=outcome,
        is_valued=value_per_unit is not None,
        channels=tuple(channels),
        said=_said(channels),
        said_of_shapes=_said_of_shapes(channels),
    )


def _against(draws: FloatArray, before: float, width: float) -> dict[str, float]:
    low, high = np.quantile(draws, TAILS)
    mean = float(draws.mean())
    return {
        "mean": mean,
        "p05": float(low),
        "p95": float(high),
        "moved": (mean - before) / width,
        "stretched": float(high - low) / width,
    }


def _returns(posterior: Posterior, value_per_unit: float | None) -> FloatArray:
    """Return of each channel over the window, in the order of market.toml; zero without spend. Shape (S, C)."""
    design = posterior.design
    brought = media_history(posterior).total[:, list(design.paid)]
    spend = design.spend.sum(axis=0)
    value = 1.0 if value_per_unit is None else value_per_unit
    return np.divide(value * brought, spend, out=np.zeros_like(brought), where=spend > 0)


def _said(channels: list[ChannelSensitivity]) -> Sentence:
    leaning = [one.channel for one in channels if one.leans]
    if not leaning:
        return sentence(
            "No channel's return moves by {limit} of its interval when priors are widened, and no interval follows its "
            "prior: the data speak.",
            limit=Share(fraction=LEANING_FROM, digits=0),
        )
    return sentence(
        "These returns lean on what was assumed: when priors are widened they move by {limit} of their interval, or "
        "the interval widens with the prior: {channels}. Test them, or state what is known as a prior on the return "
        "(roas).",
        limit=Share(fraction=LEANING_FROM, digits=0),
        channels=listed(leaning, is_quoted=False),
    )


def _said_of_shapes(channels: list[ChannelSensitivity]) -> Sentence | None:
    given = [one for one in channels if one.learnt_shape is not None]
    leaning = [one.channel for one in given if one.learnt_shape is not None and one.learnt_shape.leans]
    if not given:
        return None
    if not leaning:
        return sentence("The saturations whose shape is given say about what a learnt shape (hill) says.")
    return sentence(
        "These returns lean on the shape that market.toml gives their saturation: {channels}. Unless that shape is "
        'known, say saturation = "hill", whose shape is learnt.',
        channels=listed(leaning, is_quoted=False),
    )
