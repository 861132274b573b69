"""How far a fit is, and sampling until the chains agree."""

from collections.abc import Callable
from dataclasses import dataclass

from mmm.checks.sampler import convergence_of
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
    """Samples of the first effort after which the chains agree, or of the last one."""
    *earlier, last = efforts
    for effort in earlier:
        samples = sample(data, effort, seed, _listener(stage, effort, progress))
        if convergence_of(samples).is_reached:
            return samples
    return sample(data, last, seed, _listener(stage, last, progress))


def _listener(stage: str, effort: Effort, progress: Listener | None) -> Callable[[int, int], None]:
    def listen(done: int, divergences: int) -> None:
        if progress is not None:
            progress(Progress(stage, min(done, effort.total), effort.total, divergences))

    return listen
