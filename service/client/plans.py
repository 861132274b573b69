"""Saved plans: where they stand, what happened since, and the rest planned anew."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.client.calls import Calls, path_of
from service.client.plan_answers import PlanHead, Replanned, Rescore, SavedPlan, Tracking


@dataclass(frozen=True, slots=True)
class Plans:
    """Calls about saved plans; each raises as `Calls.send` does."""

    calls: Calls

    def saved(self, market: str | None = None) -> Iterator[PlanHead]:
        """Every plan that was kept, the newest first."""
        return self.calls.pages(PlanHead, "/v1/plans", "plans", {"market": market})

    def get(self, plan_id: str) -> SavedPlan:
        """A plan, its state, and the models that it came from."""
        return self.calls.get(SavedPlan, path_of("/v1/plans/{id}", id=plan_id))

    def change(self, plan_id: str, state: str, revision: int | None = None) -> SavedPlan:
        """Approve (`approved`), start (`running`) or close (`closed`) a plan, or make it a `draft` again.

        With the `revision` that was seen it is refused when the plan was changed since.
        """
        body: dict[str, Any] = {"state": state} if revision is None else {"state": state, "revision": revision}
        return self.calls.post(SavedPlan, path_of("/v1/plans/{id}/state", id=plan_id), body)

    def rescore(self, plan_id: str, version: int | None = None) -> Rescore:
        """What a plan brings by the model in use, or by another version, beside what it promised."""
        body = {} if version is None else {"version": version}
        return self.calls.post(Rescore, path_of("/v1/plans/{id}/rescore", id=plan_id), body)

    def report(self, market: str, rows: Sequence[Mapping[str, Any]] | Path, plan_id: str | None = None) -> Tracking:
        """Hand in actuals of the running plan, or of the one named, and see where it stands.

        Rows have `date`, `spend` by channel and `outcomes` by KPI; a file has a column for each of them.
        """
        path, query = path_of("/v1/markets/{market}/actuals", market=market), {"plan": plan_id}
        if not isinstance(rows, Path):
            return self.calls.post(Tracking, path, {"rows": list(rows)}, query)
        files = {"data": (rows.name, rows.read_bytes(), "application/octet-stream")}
        return Tracking.model_validate(self.calls.send("POST", path, query=query, files=files).json())

    def tracking(self, market: str, plan_id: str | None = None) -> Tracking:
        """The running plan of a market, or the one named, against what happened."""
        return self.calls.get(Tracking, path_of("/v1/markets/{market}/tracking", market=market), {"plan": plan_id})

    def replan(self, plan_id: str, remaining_budget: float | None = None) -> Replanned:
        """The rest of a running plan planned anew, what has passed locked; kept as a draft that continues it."""
        body = {} if remaining_budget is None else {"remaining_budget": remaining_budget}
        return self.calls.post(Replanned, path_of("/v1/plans/{id}/replan", id=plan_id), body)
