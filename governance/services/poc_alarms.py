"""The clocks of all proofs of concept: looked at by a task, heard by owner and sponsor, each limit once."""

from itertools import batched

from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from coe_portal.core import audit, inbox, outbox
from coe_portal.core.models import User
from governance.events import PocClockRang
from governance.models import ClockAlarm
from governance.policies.poc_clock import OVER, RUNNING, TIME, Hand
from governance.services import notifications, poc_clock, spending
from projects.models import Project, Stage

BATCH, SHOWN = 500, 20


def attend_due() -> int:
    """Let every clock ring that has something new to say. Returns how many did."""
    running = Project.objects.filter(stage=Stage.POC).filter(Q(poc_ends_on__isnull=False) | Q(poc_budget__isnull=False))
    return sum(_attend(list(group)) for group in batched(running.order_by("pk").iterator(BATCH), BATCH))


def _attend(projects: list[Project]) -> int:
    keys = [project.pk for project in projects]
    spent, rung = spending.spent_by(keys), _rung(keys)
    due = [
        (project, hand)
        for project in projects
        for hand in poc_clock.reading_of(project, spent[project.pk].total).hands
        if hand.level != RUNNING and (project.pk, hand.kind, hand.level, _limit(project, hand)) not in rung
    ]
    return sum(_ring(project.pk, hand) for project, hand in due)


def _rung(keys: list[int]) -> set[tuple[int, str, str, str]]:
    return set(ClockAlarm.objects.filter(project__in=keys).values_list("project_id", "kind", "level", "limit"))


def _limit(project: Project, hand: Hand) -> str:
    if hand.kind == TIME:
        return project.poc_ends_on.isoformat() if project.poc_ends_on else ""
    return f"{project.poc_budget:f}" if project.poc_budget is not None else ""


@transaction.atomic
def _ring(project_id: int, hand: Hand) -> bool:
    """Keep that the clock rang; nothing when somebody was faster, or a decision holds it open."""
    project = Project.objects.select_for_update().get(pk=project_id)
    if project.stage != Stage.POC or poc_clock.known_of(project).holds:
        return False
    values = {"percent": hand.percent or 0}
    alarm, is_new = ClockAlarm.objects.get_or_create(
        project=project, kind=hand.kind, level=hand.level, limit=_limit(project, hand), defaults=values
    )
    if is_new:
        audit.record(
            actor=None,
            action=f"poc_clock.{hand.level}",
            subject=project,
            after={"kind": hand.kind, "limit": alarm.limit, "percent": alarm.percent},
            comment=str(alarm),
        )
        outbox.publish(PocClockRang(alarm.pk, project.key))
    return is_new


def silence(project: Project) -> None:
    """Close what rang: somebody decided. Call inside the decision's transaction."""
    ClockAlarm.objects.filter(project=project, closed_at=None).update(closed_at=timezone.now())


def tell(alarm_id: int) -> None:
    """Write to owner and sponsor."""
    alarm = ClockAlarm.objects.select_related("project__owner", "project__sponsor").get(pk=alarm_id)
    project = alarm.project
    notice = notifications.Notice(
        f"{project.key}: {words_of(alarm)}", _why(alarm), reverse("governance:poc_decision", args=[project.key])
    )
    people = {person for person in (project.owner, project.sponsor) if person}
    notifications.tell_of(f"governance.poc_clock:{alarm.pk}", notice, people)


def words_of(alarm: ClockAlarm) -> str:
    """What rang, for people."""
    what = "time" if alarm.kind == TIME else "budget"
    if alarm.level == OVER:
        return f"the {what} of the proof of concept is used up"
    return f"{alarm.percent}% of the {what} of the proof of concept is used"


def _why(alarm: ClockAlarm) -> str:
    if alarm.level == OVER:
        return "New runs are refused until go, no go, pivot or an extension is decided."
    return "At 100% new runs are refused. Decide how it goes on, or ask for more time or money in good time."


def calling(user: User) -> "QuerySet[ClockAlarm]":
    """The worst open alarm of each project that calls this person."""
    rows = ClockAlarm.objects.calling(user).order_by("project_id", "level", "kind").distinct("project_id")
    return ClockAlarm.objects.filter(pk__in=rows.values("pk"))


def tasks(keys: list[int]) -> list[inbox.Task]:
    """What the clocks ask of somebody, for their inbox."""
    rows = ClockAlarm.objects.filter(pk__in=keys).select_related("project")[:SHOWN]
    return [
        inbox.Task(
            title=f"Decide how {alarm.project.name} goes on",
            why=f"{words_of(alarm).capitalize()}. {_why(alarm)}",
            url=reverse("governance:poc_decision", args=[alarm.project.key]),
            button="Decide",
            place=alarm.project.key,
            kind="POC clock",
            icon="hourglass",
            due_on=alarm.project.poc_ends_on,
        )
        for alarm in rows
    ]
