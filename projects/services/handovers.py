"""Orphaned duties: what somebody who left answered for, until others do."""

from collections.abc import Collection
from dataclasses import replace

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from coe_portal.core import audit, outbox
from coe_portal.core.inbox import Task
from coe_portal.core.models import User
from projects import duties
from projects.events import AccountableChanged
from projects.models import HANDOVER_LIFECYCLE, Handover, HandoverReason, HandoverState, Project
from projects.models.project import ENDED
from projects.services.gaps import facts_of

SHOWN_TASKS = 20


def orphaned_by(project: Project, person: User) -> list[str]:
    """The duties that nobody would hold if this person went now, or holds because their account is switched off."""
    team = [replace(facts, is_active=True) if facts.person == person.pk else facts for facts in facts_of(project)]
    return duties.orphaned(duties.holders(team, _places(project, counting=person)), person.pk)


def _places(project: Project, counting: User | None = None) -> dict[str, int]:
    named = {place: getattr(project, place) for place in duties.PLACES}
    return {place: who.pk for place, who in named.items() if who and (who.is_active or who == counting)}


def open_for(
    project: Project, person: User, reason: HandoverReason, orphans: Collection[str], *, actor: User | None
) -> Handover | None:
    """Keep what nobody answers for any more, as a task of the owner and the CoE leads.

    Call inside the transaction in which the person went, with the project's row locked. Nothing orphaned, no task.
    """
    if not orphans:
        return None
    row = Handover.objects.filter(project=project, person=person, state=HandoverState.OPEN).first()
    if row is None:
        row = Handover.objects.create(project=project, person=person, reason=reason, duties=list(orphans))
    else:
        row.duties = list(dict.fromkeys([*row.duties, *orphans]))
        row.save(update_fields=["duties"])
    audit.record(actor=actor, action="team.duties_orphaned", subject=row, after={"duties": in_words(row)})
    return row


def settle(project: Project, *, actor: User | None) -> None:
    """Take away from open handovers what somebody holds now; one without anything left is done.

    Call after every change of the team, in its transaction.
    """
    rows = list(Handover.objects.filter(project=project, state=HandoverState.OPEN))
    now = duties.holders(facts_of(project), _places(project)) if rows else {}
    for row in rows:
        left, before = duties.remaining(row.duties, now), in_words(row)
        if not left:
            HANDOVER_LIFECYCLE.move(
                row, HandoverState.DONE, actor=actor, action="team.handed_over", duties=[], done_at=timezone.now()
            )
        elif left != row.duties:
            row.duties = left
            row.save(update_fields=["duties"])
            after = {"duties": in_words(row)}
            audit.record(actor=actor, action="team.duties_taken", subject=row, before={"duties": before}, after=after)


def in_words(row: Handover) -> list[str]:
    """The duties that are left, each as words such as “is accountable for model monitoring”."""
    return [duties.words(duty) for duty in row.duties]


def follow_activity(person: User) -> None:
    """An account was switched off or on: open or settle what it means for every open project of the person."""
    mine = Project.objects.filter(Q(pk__in=Project.keys_of(person)) | Q(handovers__person=person))
    rows = Project.objects.filter(pk__in=mine.values("pk")).exclude(stage__in=ENDED).order_by("pk")
    for project in rows.with_people().select_for_update(of=("self",)):
        if person.is_active:
            settle(project, actor=None)
        else:
            orphans = orphaned_by(project, person)
            open_for(project, person, HandoverReason.DEACTIVATED, orphans, actor=None)
        tell_accountable(project, _areas(project, person))


def _areas(project: Project, person: User) -> list[str]:
    held = next((facts for facts in facts_of(project) if facts.person == person.pk), None)
    return [area for area, kind in held.responsibilities.items() if kind == "accountable"] if held else []


def tell_accountable(project: Project, areas: Collection[str]) -> None:
    """Tell the apps above that other people, or nobody, are accountable for these areas now."""
    now = timezone.now().isoformat()
    for area in areas:
        outbox.publish(AccountableChanged(project.key, area, now))


def tasks(keys: list[int]) -> list[Task]:
    """One task for everybody who left something over, for the owner and the CoE leads."""
    return [_task(row) for row in Handover.objects.filter(pk__in=keys).for_list()[:SHOWN_TASKS]]


def _task(row: Handover) -> Task:
    number = len(row.duties)
    return Task(
        title=f"Reassign {number} {'duty' if number == 1 else 'duties'} of {row.person} in {row.project.name}",
        why=f"{row.person} {row.get_reason_display()}. Nobody else {_joined(in_words(row))}.",
        url=reverse("projects:team", args=[row.project.key]) + "#handovers",
        button="Open the team",
        place=row.project.key,
        kind="Orphaned duties",
        icon="user-exclamation",
    )


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} or {parts[-1]}"
