"""How far a fit is, and sampling until the chains agree."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from mmm.checks.sampler import DIVERGENCE_LIMITS, convergence_of, diverged_share
from mmm.kernel.data import KernelData
from mmm.kernel.panel_data import PanelData
from mmm.sampling import Effort, Samples, sample


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a fit is: `done` of `total` draws of one stage, and the divergences so far."""

    stage: str
    done: int
    total: int
    divergences: int


type Listener = Callable[[Progress], None]


def sample_until_agreed(
    data: KernelData | PanelData, efforts: tuple[Effort, ...], seed: int, stage: str, progress: Listener | None
) -> Samples:
    """Samples of the first effort after which the chains agree, or of the last one.

    Where more draws diverged than the gate lets pass, the steps are too long for some corner of the posterior, and more
    of them would not get there: the same effort is made again with short steps, and so are those after it.
    """
    effort, *longer = efforts
    samples = sample(data, effort, seed, _listener(stage, effort, progress))
    if not effort.has_short_steps and diverged_share(samples) > DIVERGENCE_LIMITS[0]:
        with_short_steps = tuple(replace(each, has_short_steps=True) for each in efforts)
        return sample_until_agreed(data, with_short_steps, seed, stage, progress)
    if not longer or convergence_of(samples).is_reached:
        return samples
    return sample_until_agreed(data, tuple(longer), seed, stage, progress)


def _listener(stage: str, effort: Effort, progress: Listener | None) -> Callable[[int, int], None]:
    def listen(done: int, divergences: int) -> None:
        if progress is not None:
            progress(Progress(stage, min(done, effort.total), effort.total, divergences))

    return listen
