"""How a number becomes a verdict: shared by every check of a fit."""

from mmm.sentence import Sentence
from mmm.vocabulary import Verdict


def below(value: float, limits: tuple[float, float]) -> Verdict:
    """Pass up to the first limit, review up to the second, fail beyond."""
    return "pass" if value <= limits[0] else "review" if value <= limits[1] else "fail"


def above(value: float, limits: tuple[float, float]) -> Verdict:
    """Pass from the first limit up, review from the second, fail under it."""
    return "pass" if value >= limits[0] else "review" if value >= limits[1] else "fail"


def unless_passed(verdict: Verdict, action: Sentence) -> Sentence | None:
    """What to do, where there is something to do."""
    return None if verdict == "pass" else action
