"""The checklist of a project: every question with its answer in words, its evidence and its verdict."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from coe_portal.core.errors import DomainError
from coe_portal.core.models import User
from projects import checklists as rules
from projects import permissions
from projects.forms import VerdictForm
from projects.models import Criterion, CriterionStatus, EvidenceKind, Project, ProjectRole
from projects.services import checklists, expiry, live_objects, named_data
from projects.views import wizard, words
from projects.views.head import head_context
from projects.views.project import project_of

ROLES = dict(ProjectRole.choices)
PAGES = {code: step.slug for step in wizard.STEPS for code in step.codes}


@require_GET
def checklist_page(request: HttpRequest, key: str) -> HttpResponse:
    """Every question with its answer in words, its evidence and verdict."""
    user, project = project_of(request, key)
    criteria = list(project.criteria.for_list())
    context = head_context(project, "checklist", criteria) | {
        "rows": rows_of(project, criteria, user),
        "answer_refusal": answer_refusal(user, project),
        "verdict_refusal": permissions.refusal(user, "give_verdict", project),
    }
    return render(request, "projects/checklist.html", context)


def rows_of(project: Project, criteria: list[Criterion], user: User) -> list[dict[str, Any]]:
    """What the pages show of each question, read with the same few queries for one as for all."""
    people, demands = words.names_in(criteria), checklists.demands(project.policy_version)
    live = live_objects.current(project, [piece for item in criteria for piece in item.evidence.all()])
    named = named_data.named_by(item.answer for item in criteria if item.code == named_data.CODE)
    rows = [_row(item, demands.get(item.code, rules.NO_DEMANDS), live, user) for item in criteria]
    newer = _newer_policy(project, criteria)
    return [
        row
        | {
            "answers": words.answer_rows(row["item"], people, named),
            "newer_policy": newer if row["item"].code == named_data.CODE else "",
        }
        for row in rows
    ]


def _newer_policy(project: Project, criteria: list[Criterion]) -> str:
    """The policy under which the question about data would take data sets of the register, if its own does not."""
    asked = next((item for item in criteria if item.code == named_data.CODE), None)
    if asked is None or not project.is_open or named_data.takes_data_sets(asked.answer_schema):
        return ""
    return named_data.version_that_takes_them(project)


def _row(item: Criterion, demands: rules.Demands, live: Mapping[str, Any], user: User) -> dict[str, Any]:
    return {
        "item": item,
        "chip": words.STATUS_CHIPS[CriterionStatus(item.status)],
        "pieces": [(piece, live.get(piece.pk)) for piece in item.evidence.all()],
        "needs": list(_needs(item, demands)),
        "slug": PAGES.get(item.code, "plan"),
        "can_confirm": _can_confirm(item),
        "own": user.pk in (item.answered_by_id, item.owner_id),
        "verdict": VerdictForm.of(item.code),
    }


def _can_confirm(item: Criterion) -> bool:
    """Whether there is a whole answer that somebody could say still holds."""
    whole = rules.is_complete(item.code, item.answer_schema, item.answer or {})
    return item.status in expiry.CONFIRMABLE and whole


def _needs(item: Criterion, demands: rules.Demands) -> Iterable[str]:
    """What the policy asks besides the answer, in words."""
    if demands.evidence:
        yield f"Needs evidence: {' or '.join(EvidenceKind(kind).label.lower() for kind in demands.evidence)}."
    if demands.needs_verdict:
        yield "Needs a reviewer's verdict."
    if demands.expires_after_days and item.status != CriterionStatus.ACCEPTED:
        yield f"Holds for {demands.expires_after_days} days once it is accepted."
    if demands.owner_role and item.owner is None:
        yield f"Usually answered by the {ROLES[demands.owner_role].lower()}."


def answer_refusal(user: User, project: Project) -> str:
    """Why the person may not change answers and evidence now; empty when they may."""
    if reason := permissions.refusal(user, "answer", project):
        return reason
    try:
        permissions.require_open_checklist(project)
    except DomainError as error:
        return error.message
    return ""
