"""Exceptions of the optimiser.

OptimizerError
├── ScenarioRefused   a scenario that does not fit its market, with every fault that was found
└── SolverError       the solver ended in a state that is no answer
"""

from collections.abc import Sequence

from mmm.errors import Fault


class OptimizerError(Exception):
    """Root of everything that this package raises on purpose."""


class ScenarioRefused(OptimizerError):
    """A scenario that does not fit its market; `faults` lists everything that was found."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class SolverError(OptimizerError):
    """The solver ended in a state that is no answer."""


class CheckFailed(SolverError):
    """A plan that does not keep its word when it is counted anew."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__(f"the plan did not stand its own check ({'; '.join(self.faults)})")
