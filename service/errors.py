"""Exceptions of the service.

ServiceError
├── NotKnown      a market, model version, scenario or plan that is not there
├── NoChampion    a market that has models, none of which may be used
├── NotAllowed    a change of the registry that its rules forbid
├── StoreRefused  a home folder or database that cannot be worked with
│   └── DatabaseUnreachable  a database of its own server that does not answer
└── Busy          more is asked for at once than is answered at once

Each carries a `Sentence`, so that a planner reads it in their own language.
"""

from collections.abc import Iterable

from mmm.parsing import nearest
from mmm.sentence import Sentence, Term, Word, plain, sentence


class ServiceError(Exception):
    """Root of everything that this package raises on purpose; `said` is for the reader."""

    def __init__(self, said: Sentence) -> None:
        self.said = said
        super().__init__(plain(said))


class NotKnown(ServiceError):
    """Something was asked for by a name that nothing has."""


class NoChampion(ServiceError):
    """A market has models, and none of them may be planned with."""


class NotAllowed(ServiceError):
    """A change of the registry that its rules forbid."""


class StoreRefused(ServiceError):
    """A home folder or database that cannot be worked with."""


class DatabaseUnreachable(StoreRefused):
    """A database of its own server that does not answer, or lets nobody in."""


class Busy(ServiceError):
    """More is asked for at once than is answered at once; later it may be."""


def not_known(kind: str, name: str, known: Iterable[str] = ()) -> NotKnown:
    """The refusal of a name, with the nearest known one where one resembles it.

    `kind` is one of our own words ("market", "scenario", "plan"), which is translated.
    """
    candidates = sorted(known)
    near = nearest(name, candidates)
    if near is not None:
        return NotKnown(
            sentence(
                "No {kind} is called “{name}”. Did you mean “{near}”?",
                kind=Term(text=kind),
                name=Word(text=name),
                near=Word(text=near),
            )
        )
    if candidates:
        return NotKnown(
            sentence(
                "No {kind} is called “{name}”. Known: {known}.",
                kind=Term(text=kind),
                name=Word(text=name),
                known=Word(text=", ".join(candidates)),
            )
        )
    return NotKnown(sentence("No {kind} is called “{name}”.", kind=Term(text=kind), name=Word(text=name)))
