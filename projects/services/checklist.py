"""Answers and verdicts."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from coe_portal.core import audit, outbox
from coe_portal.core.errors import DomainError, InvalidInput, NotAllowed, NotFound
from coe_portal.core.models import User
from projects import checklists, permissions
from projects.events import ChecklistAnswered
from projects.keepable import unkeepable
from projects.models import (
    CRITERION_LIFECYCLE,
    Criterion,
    CriterionStatus,
    Dataset,
    Evidence,
    Project,
    Stage,
    SuccessMetric,
)
from projects.models.checklist import MET
from projects.services import handovers, named_data
from projects.services.checklists import demands

MAX_ANSWER = 50_000


@transaction.atomic
def answer(
    *, project_key: str, code: str, answer: Mapping[str, Any], actor: User, expected_version: int | None = None
) -> Criterion:
    """Save an answer, however incomplete; what cannot be used is refused by field.

    Args:
        answer: the fields of the criterion's ``answer_schema``; empty ones are dropped.
        expected_version: the version that was read before editing; refuses to overwrite a colleague's newer answer.

    Raises:
        NotFound, NotAllowed, StaleState: the person may not, or the answers are with the approvers.
        InvalidInput: a field is wrong.
        DomainError: ``edited_meanwhile`` (409), somebody saved in between.
    """
    criterion = locked(project_key, code, actor, "answer")
    project = criterion.project
    kept = checklists.without_blanks(answer)
    named = named_data.held(kept) if code == named_data.CODE else {}
    kept = named_data.with_class(kept, named)
    if kept == criterion.answer:
        return criterion
    _refuse_overwriting(criterion, expected_version)
    _refuse_wrong_fields(criterion, kept, named)
    _refuse_moving_the_clock(project, criterion, kept)
    before, now = criterion.answer, timezone.now()
    complete = checklists.is_complete(code, criterion.answer_schema, kept)
    target = CriterionStatus.ANSWERED if complete else CriterionStatus.OPEN
    values: dict[str, Any] = {"answer": kept, "answered_by": actor, "answered_at": now}
    values |= {"version": criterion.version + 1, "expires_on": None}
    Criterion.objects.filter(pk=criterion.pk).update(**values)
    for name, value in values.items():
        setattr(criterion, name, value)
    if criterion.status not in (target, CriterionStatus.WAIVED):
        CRITERION_LIFECYCLE.change(criterion, target)
    audit.record(actor=actor, action="checklist.answered", subject=criterion, before=before, after=kept)
    carry_over(project, code, kept)
    handovers.settle(project, actor=actor)
    refresh_readiness(project)
    if project.risk_assessed_at:  # the answer may change what the project is, and so its risk
        outbox.publish(ChecklistAnswered(project.key, code, criterion.version))
    return criterion


def locked(project_key: str, code: str, actor: User, action: str) -> Criterion:
    """The criterion, with its project's row and its own locked, if the person may do this to it now."""
    project = permissions.visible_project(actor, project_key, lock=True)
    permissions.require(actor, action, project)
    if action != "give_verdict":
        permissions.require_open_checklist(project)
    criterion = Criterion.objects.select_for_update().filter(project=project, code=code).first()
    if criterion is None:
        raise NotFound(f"{project.key} has no question “{code[:40]}”.")
    criterion.project = project
    return criterion


def _refuse_overwriting(criterion: Criterion, expected_version: int | None) -> None:
    if expected_version is not None and expected_version != criterion.version:
        who, when = criterion.answered_by, criterion.answered_at
        at = timezone.localtime(when).strftime("%H:%M") if when else ""
        raise DomainError(
            "edited_meanwhile",
            f"{who or 'Somebody'} changed this answer at {at}. Load it again to see their change, then save yours.",
        )


def _refuse_wrong_fields(criterion: Criterion, kept: Mapping[str, Any], named: Mapping[str, Dataset]) -> None:
    if errors := unkeepable(kept):
        raise InvalidInput(errors)
    if len(json.dumps(kept)) > MAX_ANSWER:
        raise InvalidInput({"answer": [f"The answer is too long: at most {MAX_ANSWER} characters."]})
    errors = checklists.problems(criterion.code, criterion.answer_schema, kept)
    for name, schema in criterion.answer_schema.get("properties", {}).items():
        username = kept.get(name) if schema.get("format") == "username" else None
        if username and name not in errors and not User.objects.people().filter(username=username).exists():
            errors[name] = [f"There is no colleague with the username “{username}”."]
    errors = errors or named_data.problems(kept, criterion.answer, named)
    if errors:
        raise InvalidInput(errors)


def _refuse_moving_the_clock(project: Project, criterion: Criterion, kept: Mapping[str, Any]) -> None:
    """The end and the budget of a proof of concept are fixed once it runs; only an approved extension moves them."""
    if criterion.code != "feasible" or project.stage in (Stage.INTAKE, Stage.QUALIFICATION, Stage.DEFERRED):
        return
    moved = [name for name in ("starts_on", "ends_on", "budget") if kept.get(name) != criterion.answer.get(name)]
    if moved:
        sentence = "This is fixed once the proof of concept runs. Ask for an extension: it needs an approval."
        raise InvalidInput({name: [sentence] for name in moved})


def carry_over(project: Project, code: str, kept: Mapping[str, Any]) -> None:
    """Keep the columns that lists, gates and runs use in step with the answer they come from."""
    columns: dict[str, Any] = {}
    if code == "data":
        columns["data_classification"] = kept.get("classification", "")
    elif code == "feasible":
        budget = kept.get("budget")
        columns["poc_starts_on"] = _day(kept.get("starts_on"))
        columns["poc_ends_on"] = _day(kept.get("ends_on"))
        columns["poc_budget"] = Decimal(str(budget)) if budget is not None else None
    elif code == "value":
        likely = kept.get("likely")
        columns["value_per_year"] = Decimal(str(likely)) if likely is not None else None
    elif code == "team":
        columns["deploy_authority"] = User.objects.filter(username=kept.get("deploy_authority", "")).first()
    elif code == "metric":
        _keep_metric(project, kept)
    for name, value in columns.items():
        setattr(project, name, value)
    if columns:
        project.save(update_fields=list(columns))


def _day(text: Any) -> date | None:
    return date.fromisoformat(text) if text else None


def _keep_metric(project: Project, kept: Mapping[str, Any]) -> None:
    needed = ("name", "direction", "baseline", "target")
    if any(name not in kept for name in needed):
        SuccessMetric.objects.filter(project=project).delete()
        return
    guardrail = (
        {"name": kept["guardrail_name"], "limit": kept.get("guardrail_limit")} if kept.get("guardrail_name") else {}
    )
    values = {name: kept[name] for name in needed} | {"unit": kept.get("unit", ""), "guardrail": guardrail}
    SuccessMetric.objects.update_or_create(project=project, defaults=values)


def refresh_readiness(project: Project) -> checklists.Readiness:
    """Compute the readiness score anew and keep it on the project."""
    ready = checklists.readiness(project.criteria.all())
    project.readiness = ready.as_json()
    project.version += 1
    project.updated_at = timezone.now()
    project.save(update_fields=["readiness", "version", "updated_at"])
    return ready


@transaction.atomic
def plan_criterion(*, project_key: str, code: str, owner: str | None, due_on: date | None, actor: User) -> Criterion:
    """Say who answers a question and until when. ``owner`` is a username, empty for nobody."""
    criterion = locked(project_key, code, actor, "answer")
    person = None
    if owner:
        person = User.objects.people().filter(username=owner).first()
        if person is None:
            raise InvalidInput({"owner": [f"There is no colleague with the username “{owner[:64]}”."]})
    if due_on is not None and due_on != criterion.due_on and due_on < timezone.localdate():
        raise InvalidInput({"due_on": ["Choose today or a later day."]})
    before = {"owner": criterion.owner, "due_on": criterion.due_on}
    criterion.owner, criterion.due_on, criterion.version = person, due_on, criterion.version + 1
    criterion.save(update_fields=["owner", "due_on", "version"])
    after = {"owner": person, "due_on": due_on}
    audit.record(actor=actor, action="checklist.planned", subject=criterion, before=before, after=after)
    return criterion


@transaction.atomic
def give_verdict(*, project_key: str, code: str, verdict: str, comment: str, actor: User) -> Criterion:
    """Accept an answer or send it back with a comment. What is accepted holds as long as policy and evidence say.

    Raises:
        NotAllowed: the person takes part in the project, gave the answer or answers for it, or is no reviewer.
        InvalidInput: unknown verdict, or a rejection without a comment.
        StaleState: there is no complete answer to judge.
    """
    criterion = locked(project_key, code, actor, "give_verdict")
    if actor.pk in (criterion.answered_by_id, criterion.owner_id):
        raise NotAllowed("You gave this answer or answer for it, so somebody else reviews it.")
    targets = {"accept": CriterionStatus.ACCEPTED, "reject": CriterionStatus.REJECTED}
    if verdict not in targets:
        raise InvalidInput({"verdict": [f"Choose one of {', '.join(targets)}."]})
    if verdict == "reject" and not comment.strip():
        raise InvalidInput({"comment": ["Say what is missing, so that the team can mend it."]})
    CRITERION_LIFECYCLE.move(
        criterion,
        targets[verdict],
        actor=actor,
        action="checklist.verdict",
        comment=comment,
        verdict_comment=comment,
        verdict_by=actor,
        verdict_at=timezone.now(),
        version=criterion.version + 1,
        expires_on=_holds_until(criterion) if verdict == "accept" else None,
    )
    return criterion


def _holds_until(criterion: Criterion, demanded: Mapping[str, checklists.Demands] | None = None) -> date | None:
    """The last day of an acceptance that is given today."""
    known = demands(criterion.project.policy_version) if demanded is None else demanded
    wanted = known.get(criterion.code, checklists.NO_DEMANDS)
    pieces = Evidence.objects.holding().filter(criterion=criterion)  # what is over already was not accepted with it
    valid = pieces.values_list("valid_until", flat=True)
    return wanted.holds_until(timezone.localdate(), valid)


def accept_all(project: Project, codes: list[str], *, actor: User) -> None:
    """Accept the answers that an approved gate rests on. Only governance calls this, inside its transaction."""
    demanded = demands(project.policy_version)
    for criterion in project.criteria.filter(code__in=codes).exclude(status__in=MET):
        criterion.project = project
        CRITERION_LIFECYCLE.move(
            criterion,
            CriterionStatus.ACCEPTED,
            actor=actor,
            action="checklist.verdict",
            comment="Accepted with the gate's last approval.",
            verdict_by=actor,
            verdict_at=timezone.now(),
            version=criterion.version + 1,
            expires_on=_holds_until(criterion, demanded),
        )
