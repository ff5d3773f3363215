"""The time and the money of a proof of concept, changed by an approved extension."""

from datetime import date
from decimal import Decimal

from coe_portal.core import audit
from coe_portal.core.models import User
from projects.models import Project
from projects.services import projects

CODE = "feasible"


def extend(project: Project, *, ends_on: date | None, budget: Decimal | None, actor: User, comment: str) -> None:
    """Set a later end or a larger budget, in the plan and in the answer that it came from.

    Only governance calls this, with the project locked.
    """
    before = {"ends_on": project.poc_ends_on, "budget": project.poc_budget}
    project.poc_ends_on = ends_on or project.poc_ends_on
    project.poc_budget = project.poc_budget if budget is None else budget
    projects.touch(project, "poc_ends_on", "poc_budget")
    _keep_in_answer(project, ends_on, budget)
    after = {"ends_on": project.poc_ends_on, "budget": project.poc_budget}
    audit.record(
        actor=actor, action="project.poc_extended", subject=project, before=before, after=after, comment=comment
    )


def _keep_in_answer(project: Project, ends_on: date | None, budget: Decimal | None) -> None:
    criterion = project.criteria.select_for_update().filter(code=CODE).first()
    if criterion is None:
        return
    answer = dict(criterion.answer or {})
    if ends_on:
        answer["ends_on"] = ends_on.isoformat()
    if budget is not None:
        answer["budget"] = float(budget)
    criterion.answer, criterion.version = answer, criterion.version + 1
    criterion.save(update_fields=["answer", "version"])
