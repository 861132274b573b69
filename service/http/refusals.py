"""Refusals that HTTP makes itself: a problem and the headers that go with it."""

from service.problems import Problem


class RequestRefused(Exception):
    """A request is answered with this problem."""

    def __init__(self, problem: Problem, headers: dict[str, str] | None = None) -> None:
        self.problem = problem
        self.headers = headers or {}
        super().__init__(problem.kind.slug)
