"""The verdict on a refit, and the reasons for it in words."""

from typing import Literal

from mmm.parsing import StrictModel
from mmm.sentence import Sentence

type Decision = Literal["promote", "hold"]
"""promote: the challenger becomes champion. hold: a person decides."""

type Bearing = Literal["holds", "told", "supports"]
"""What a reason does: it holds the challenger back, is worth knowing, or speaks for it."""

type RuleName = Literal["first", "gates", "forecast", "coverage", "curves", "columns", "split", "scenario"]


class Reason(StrictModel):
    """What one rule found, and what to do about it; `kpi` is None where it is of the whole market."""

    rule: RuleName
    bearing: Bearing
    text: Sentence
    action: Sentence | None = None
    kpi: str | None = None


class Judgement(StrictModel):
    """Whether a challenger takes the champion's place, those reasons first that hold it back."""

    decision: Decision
    reasons: tuple[Reason, ...]

    @property
    def holding(self) -> tuple[Reason, ...]:
        """The reasons that hold it back."""
        return tuple(reason for reason in self.reasons if reason.bearing == "holds")
