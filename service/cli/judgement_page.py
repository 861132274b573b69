"""The verdict on a refit as a page: what was decided, and why."""

from rich.console import RenderableType
from rich.text import Text

from mmm.sentence import Sentence, sentence
from service.cli.tables import bullet
from service.language import Reader
from service.refits.judgement import Decision, Judgement

DECISIONS: dict[Decision, Sentence] = {
    "promote": sentence("The challenger has earned the champion's place."),
    "hold": sentence("The challenger is held back until a person decides."),
}

STYLES: dict[Decision, str] = {"promote": "green", "hold": "yellow"}


def judgement_page(judgement: Judgement, reader: Reader) -> list[RenderableType]:
    """The decision, then its reasons, those first that hold the challenger back; with what to do about each."""
    title = Text(reader.say(DECISIONS[judgement.decision]), style=f"bold {STYLES[judgement.decision]}")
    points = []
    for reason in judgement.reasons:
        action = "" if reason.action is None else f"\n→ {reader.say(reason.action)}"
        points.append(bullet(reader.say(reason.text) + action))
    return [title, *points]
