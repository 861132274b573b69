"""The health of a fit: parts that add up, lost by gates that did not pass."""

import pytest

from mmm.checks.health import PARTS, WEIGHTS, health
from mmm.manifest import Gate
from mmm.sentence import sentence
from mmm.vocabulary import Verdict


def gates(**verdicts: Verdict) -> list[Gate]:
    """A gate of every kind that the parts know, all passed but those named."""
    names = dict.fromkeys(PARTS, "pass") | verdicts
    return [
        Gate(name=name, verdict=verdict, value=None, limit=None, text=sentence("Measured."))
        for name, verdict in names.items()
    ]


def test_a_fit_that_passes_everything_has_a_hundred_points() -> None:
    found = health(gates(carryover="pass"))
    assert found is not None
    assert found.score == pytest.approx(100.0)
    assert [part.gates for part in found.parts] == [()] * len(WEIGHTS)


@pytest.mark.parametrize(("verdict", "lost"), [("pass", 0.0), ("review", 10.0), ("fail", 20.0)])
def test_a_forecast_to_look_at_again_costs_half_of_its_points_and_a_failed_one_all(
    verdict: Verdict, lost: float
) -> None:
    found = health(gates(carryover="pass", holdout_error=verdict))
    assert found is not None
    assert 100.0 - found.score == pytest.approx(lost)


def test_the_points_of_the_parts_add_up_to_the_score() -> None:
    found = health(gates(drift="review", alike="review", convergence="fail", unheard_of="review"))
    assert found is not None
    assert sum(part.points for part in found.parts) == pytest.approx(found.score)
    assert sum(part.most for part in found.parts) == pytest.approx(100.0)
    lost = {part.name: part.gates for part in found.parts if part.points < part.most}
    assert lost == {
        "convergence": ("convergence",), "causes": ("drift",), "learned": ("alike",), "data": ("unheard_of",)
    }  # fmt: skip


def test_a_part_is_as_good_as_the_worst_of_its_gates() -> None:
    one = health(gates(convergence="fail"))
    both = health(gates(convergence="fail", energy="review"))
    assert one is not None
    assert both is not None
    assert one.score == pytest.approx(both.score)


def test_parts_that_were_not_measured_leave_their_points_to_the_others() -> None:
    found = health([gate for gate in gates() if gate.name != "holdout_coverage"])
    assert found is not None
    assert found.score == pytest.approx(100.0)
    assert "coverage" not in {part.name for part in found.parts}


def test_no_gates_have_no_health() -> None:
    assert health(()) is None
