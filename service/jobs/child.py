"""The process that computes for a worker: requests come in as lines of JSON, progress and answers go out.

It ends when its standard input ends, so it never outlives the worker that started it, however that went.
What a library prints goes to standard error: standard output belongs to the answers.
"""

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from queue import SimpleQueue
from typing import Any, TextIO

from sqlalchemy.exc import DBAPIError

from mmm.sentence import Word, sentence
from service.errors import StoreRefused
from service.home import Home, open_home
from service.jobs.patience import is_silence, patiently
from service.jobs.points import pass_point
from service.jobs.records import JobProgress
from service.jobs.troubles import failure, kept_error
from service.jobs.work import perform
from service.problems import EXPECTED
from service.settings import Settings, settings_from


def main() -> None:
    """Answer requests until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    requests: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=_receive, args=(requests,), daemon=True).start()
    home = _opened(settings_from(None, os.environ))
    pass_point("child.started")
    while True:
        request = json.loads(requests.get())
        pass_point("child.asked")
        answer = _answer(home.of(request["tenant"]), request, _reporter(answers))
        pass_point("child.answered")
        _send(answers, answer)


def _opened(settings: Settings) -> Home:
    """The home, once its database answers: a child that ended for that would count against the job."""
    while True:
        try:
            return open_home(settings)
        except StoreRefused as refused:
            if not (isinstance(refused.__cause__, DBAPIError) and is_silence(refused.__cause__)):
                raise
            time.sleep(1)


def _answer(home: Home, request: Mapping[str, Any], report: Callable[[JobProgress], None]) -> dict[str, Any]:
    """The answer to one request; whatever goes wrong is an answer too."""
    try:
        return {"status": "succeeded", "result": patiently(perform, home, request, report)}
    except EXPECTED as error:
        return {"status": "failed", "problem": kept_error(error)}
    except Exception as error:  # the one broad catch of a worker: the job fails, the log has the rest
        sys.excepthook(type(error), error, error.__traceback__)
        said = sentence(
            "Something broke on our side ({reason}); it was written to the worker's log.",
            reason=Word(text=type(error).__name__),
        )
        return {"status": "failed", "problem": failure(said)}


def _receive(requests: "SimpleQueue[str]") -> None:
    for line in _lines(sys.stdin):
        requests.put(line)
    os._exit(0)


def _lines(stream: TextIO) -> Iterator[str]:
    while line := stream.readline():
        yield line


def _reporter(answers: TextIO) -> Callable[[JobProgress], None]:
    """A listener that passes progress on, at most twice a second within a stage, with the time that is left."""
    began, told = time.monotonic(), 0.0
    stage = ""

    def report(progress: JobProgress) -> None:
        nonlocal began, told, stage
        now = time.monotonic()
        if progress.stage != stage:
            began, told, stage = now, 0.0, progress.stage
        if now - told < 0.5 and progress.done < progress.total:
            return
        told = now
        left = (now - began) / progress.done * (progress.total - progress.done) if progress.done else None
        _send(answers, {"progress": {"stage": stage, "done": progress.done, "total": progress.total, "left": left}})

    return report


def _send(answers: TextIO, message: Mapping[str, Any]) -> None:
    answers.write(json.dumps(message, ensure_ascii=False) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
