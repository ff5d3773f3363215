"""What people are told of by mail that is about no approval: whom a fact concerns, what happened, what they can do."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator

from governance.models import ApprovalRequest, Finding, IntakeDecision, IntakeOutcome, Notification, PolicyMove
from governance.services.notifications import Notice, spoken, tell_of
from governance.services.qualification import reviewing
from projects.models import AccessStatus, Concept, DataAccess, Project, Reviewer, Stage
from projects.services import lessons

LONGEST_REASON = 280


def finding_assigned(key: str, *, finding_id: str, owner: str, by: str) -> None:
    """To who has to put it right; to nobody when it is resolved or somebody else's meanwhile."""
    row = Finding.objects.open().for_list().filter(pk=finding_id, owner__username=owner).first()
    if row is None:
        return
    title = f"{row.project.key}: “{row.title}” is yours to put right"
    what = f"{row.get_severity_display()} severity, until {spoken(row.due_on)}. {_short(row.detail)}"
    link = reverse("governance:project_findings", args=[row.project.key])
    tell_of(key, Notice(title, what.strip(), link), [row.owner], by=by)


def reviewer_invited(key: str, *, project_key: str, username: str) -> None:
    """To the reviewer; to nobody when the invitation was taken back meanwhile."""
    rows = Reviewer.objects.select_related("project", "user", "invited_by")
    row = rows.filter(project=Project.objects.by_key(project_key).first(), user__username=username).first()
    if row is None:
        return
    link = reverse("governance:qualification", args=[project_key])
    if row.user_id in _told_since(row.invited_at, link, key):
        return
    now = row.project.stage == Stage.QUALIFICATION
    when = "Score it on its page." if now else "You may read it already, and score it once it is submitted."
    title = f"{project_key}: you are asked to review “{row.project.name}”"
    tell_of(key, Notice(title, f"{row.invited_by} asks for your scores. {when}", link), [row.user])


def ready_to_review(key: str, *, project_key: str, submitted_at: datetime) -> None:
    """To everybody who was invited before the intake was submitted, or submitted again, and whose scores it awaits."""
    project = Project.objects.by_key(project_key).get()
    link = reverse("governance:qualification", args=[project_key])
    told = _told_since(submitted_at, link, key)
    early = [row for row in reviewing.awaited(project) if row.invited_at < submitted_at and row.user_id not in told]
    title = f"{project_key}: “{project.name}” is ready for your scores"
    again = "again, so scores are given anew" if project.revision > 1 else "for qualification"
    text = f"It was submitted {again}, and you are asked to review it. Score it on its page."
    tell_of(key, Notice(title, text, link), [row.user for row in early])


def _told_since(moment: datetime, link: str, key: str) -> set[int]:
    """Who was sent to that page by another event since then: invitation and submission may reach us in one go."""
    others = Notification.objects.filter(link=link, created_at__gte=moment).exclude(event_key=key)
    return set(others.values_list("person", flat=True))


_DECIDED = {
    IntakeOutcome.INVITE: ("you are invited to write the full case", "Answer the other questions and submit it."),
    IntakeOutcome.FUND: ("the CoE funds it", ""),
    IntakeOutcome.DEFER: ("deferred until {day}", "It comes back by itself on that day."),
    IntakeOutcome.DECLINE: ("declined", ""),
    IntakeOutcome.REQUEST_CHANGES: ("sent back{asked}", "Change what is asked for, or answer, then send it again."),
}


def intake_decided(key: str, *, decision_id: str) -> None:
    """To the project's owner and to who sent the concept or asked for the gate."""
    rows = IntakeDecision.objects.select_related("project__owner", "request__requester", "decided_by")
    row = rows.get(pk=decision_id)
    project = row.project
    words, next_step = _DECIDED[IntakeOutcome(row.outcome)]
    if row.outcome == IntakeOutcome.FUND and project.waiting_on:
        next_step = f"It waits for {project.waiting_on} now."
    asked = project.field_questions.filter(asked_by=row.decided_by, asked_at__lte=row.decided_at, answered_at=None)
    said = words.format(day=spoken(row.defer_until) if row.defer_until else "", asked=_questions(asked.count()))
    text = f"{next_step} {row.decided_by} says: “{_short(row.reason)}”".strip()
    link = reverse("governance:qualification", args=[project.key])
    sender = row.request.requester if row.request else _sender_of_concept(project)
    people = {person for person in (project.owner, sender) if person}
    tell_of(key, Notice(f"{project.key}: {said}", text, link), people, by=row.decided_by.username)


def _questions(number: int) -> str:
    return f" with {number} question{'' if number == 1 else 's'}" if number else ""


def _sender_of_concept(project: Project) -> Any:
    concept = Concept.objects.select_related("submitted_by").filter(project=project).first()
    return concept.submitted_by if concept else None


def closed_by_intake_decision(request: ApprovalRequest) -> bool:
    """Whether a CoE lead's decision on the intake closed the request: its own mail says so, with the reason."""
    if request.closed_at is None:
        return False
    return IntakeDecision.objects.filter(request=request, decided_at__gte=request.closed_at).exists()


def came_back(key: str, *, project_key: str) -> None:
    """To the owner of a deferred intake that goes on, by its day or because somebody ended the deferral."""
    project = Project.objects.by_key(project_key).select_related("owner").get()
    title = f"{project.key}: back from its deferral"
    text = "Look whether the answers still hold, then submit it again."
    tell_of(key, Notice(title, text, reverse("projects:detail", args=[project.key])), [project.owner])


def lessons_owed(key: str, *, project_key: str) -> None:
    """To who owes the lessons of an ended project."""
    owed = lessons.owed_by(Project.objects.by_key(project_key).get())
    if owed is None:
        return
    title = f"{project_key}: write what {owed.project.name} has learnt"
    text = f"It has ended. Write its lessons until {spoken(owed.due_on)}; it is closed once they are written."
    tell_of(key, Notice(title, text, reverse("projects:lessons", args=[project_key])), [owed.owner])


def moved_to_policy(key: str, *, move_id: str) -> None:
    """To the owner of a project that a CoE lead moved, with what it is asked in addition."""
    row = PolicyMove.objects.select_related("project__owner", "moved_by").get(pk=move_id)
    project = row.project
    text = f"{row.moved_by} moved it from {row.source}. {_changes(row.report)} See the checklist for what is open."
    notice = Notice(f"{project.key} follows the policy {row.target} now", text, _page_of_moves(project))
    tell_of(key, notice, [project.owner], by=row.moved_by.username)


def _page_of_moves(project: Project) -> str:
    return reverse("projects:checklist", args=[project.key])


def _changes(report: Mapping[str, Any]) -> str:
    again = [change["short"] for change in report["changed"] if change["status_after"] != change["status"]]
    steps = [f"{step} ({gate['title']})" for gate in report["gates"] for step in gate["steps_added"]]
    parts = (
        ("Asked in addition", [item["short"] for item in report["added"]]),
        ("To be looked at again", again),
        ("Approvals in addition", steps),
    )
    said = " ".join(f"{name}: {_list(items)}." for name, items in parts if items)
    return said or "Nothing is asked in addition."


def _list(items: Sequence[str]) -> str:
    shown = ", ".join(items[:5])
    return f"{shown} and {len(items) - 5} more" if len(items) > 5 else shown


def access_granted(key: str, *, access_id: str) -> None:
    """To who asked and the project's owner, when what was approved before may be used now."""
    access = DataAccess.objects.for_list().get(pk=access_id)
    if access.status != AccessStatus.GRANTED or access.expires_at is None:
        return
    title = f"{access.project.key}: the data set {access.dataset.name} may be read now"
    text = f"Access is granted until {_moment(access.expires_at)}."
    tell_of(key, Notice(title, text, _page_of(access)), _team_of(access))


def access_ended(key: str, *, access_id: str, by: str) -> None:
    """To who asked, the project's owner and the data's owner."""
    access = DataAccess.objects.for_list().get(pk=access_id)
    title = f"{access.project.key}: access to the data set {access.dataset.name} is over"
    told = f"{access.get_end_reason_display()}. {access.note}".strip()
    if access.status == AccessStatus.AWAITING_DESTRUCTION:
        told += " Destroy the copy and attest it."
    tell_of(key, Notice(title, told, _page_of(access)), _team_of(access) | {access.dataset.owner}, by=by)


def _team_of(access: DataAccess) -> set[Any]:
    return {access.requested_by, access.project.owner}


def _page_of(access: DataAccess) -> str:
    return reverse("governance:data_access", args=[access.pk])


def _moment(at: datetime) -> str:
    local = timezone.localtime(at)
    return f"{spoken(local.date())}, {local:%H:%M}"


def _short(text: str) -> str:
    return Truncator(" ".join(text.split())).chars(LONGEST_REASON)
