"""R-hat and effective draws are ArviZ's numbers, and a fit imports none of what it does not need."""

import subprocess
import sys

import numpy as np
import pytest
from arviz_stats.base import array_stats

from mmm.checks.chains import agreement, bulk_draws, tail_draws

TAILS = (0.05, 0.95)


def walked(chains: int, draws: int, memory: float) -> np.ndarray:
    """Chains that remember so much of the draw before, stay where they are now and then, and differ a little."""
    rng = np.random.default_rng(draws)
    values = rng.standard_normal((chains, draws, 6))
    for draw in range(1, draws):
        values[:, draw] += memory * values[:, draw - 1]
    values[:, 1::5] = values[:, 0:-1:5][:, : len(range(1, draws, 5))]
    return values + 0.1 * rng.standard_normal((chains, 1, 6))


@pytest.mark.parametrize("memory", [-0.7, 0.0, 0.95])
@pytest.mark.parametrize(("chains", "draws"), [(4, 300), (2, 101), (3, 12)])
def test_agreement_and_effective_draws_are_those_of_arviz(chains: int, draws: int, memory: float) -> None:
    values, axes = walked(chains, draws, memory), {"chain_axis": 0, "draw_axis": 1}
    assert agreement(values) == pytest.approx(array_stats.rhat(values, **axes), rel=1e-10)
    assert bulk_draws(values) == pytest.approx(array_stats.ess(values, method="bulk", **axes), rel=1e-10)
    tails = array_stats.ess(values, method="tail", prob=TAILS, **axes)
    assert tail_draws(values, TAILS) == pytest.approx(tails, rel=1e-10)


def test_a_fit_imports_the_sampler_alone_and_nutpie_still_finds_its_own() -> None:
    code = (
        "import sys, mmm.fit, mmm.nuts; library = mmm.nuts._library(); "
        "heavy = {'nutpie', 'arviz', 'arviz_stats', 'xarray', 'pandas', 'pymc', 'scipy.stats'}; "
        "print(sorted(heavy & set(sys.modules))); "
        "import nutpie; print(nutpie._lib is library, nutpie.sample.__name__)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert found.stdout.splitlines() == ["[]", "True sample"]
