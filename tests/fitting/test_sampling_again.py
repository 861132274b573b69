"""When a fit samples again, and how: the policy alone, on samples that are made up."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from mmm import progress
from mmm.kernel.data import KernelData
from mmm.progress import sample_until_agreed
from mmm.sampling import Effort, Samples

EFFORTS = tuple(Effort(4, times * 500, 100) for times in (1, 2, 4))


@dataclass
class Sampler:
    """Answers in turn with so many divergences and with chains that agree or not; remembers what was asked."""

    answers: Iterator[tuple[int, bool]]
    asked: list[tuple[int, bool]] = field(default_factory=list)

    def sample(self, _data: KernelData, effort: Effort, _seed: int, _listen: object) -> Samples:
        self.asked.append((effort.draws, effort.has_short_steps))
        divergences, agrees = next(self.answers)
        values = np.random.default_rng(1).standard_normal((effort.chains, effort.draws, 2))
        if not agrees:
            values += np.arange(effort.chains)[:, None, None]
        return Samples(values, divergences, values[:, :, 0])


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ([(0, True)], [(500, False)]),
        ([(0, False), (0, True)], [(500, False), (1000, False)]),
        ([(0, False), (0, False), (0, False)], [(500, False), (1000, False), (2000, False)]),
        ([(100, True), (0, True)], [(500, False), (500, True)]),
        ([(100, True), (100, True)], [(500, False), (500, True)]),
        ([(0, False), (100, True), (0, False), (0, True)], [(500, False), (1000, False), (1000, True), (2000, True)]),
        ([(5, True)], [(500, False)]),
    ],
)
def test_short_steps_after_divergences_and_longer_chains_until_they_agree(
    monkeypatch: pytest.MonkeyPatch,
    any_data: KernelData,
    answers: list[tuple[int, bool]],
    asked: list[tuple[int, bool]],
) -> None:
    sampler = Sampler(iter(answers))
    monkeypatch.setattr(progress, "sample", sampler.sample)
    sample_until_agreed(any_data, EFFORTS, 1, "fit", None)
    assert sampler.asked == asked


@pytest.fixture
def any_data() -> KernelData:
    """Data that the made-up sampler never looks at."""
    return KernelData.__new__(KernelData)
