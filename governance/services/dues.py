"""Days that come near and days that are over: whoever has to see to something is told of each once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import batched

from django.urls import reverse
from django.utils import timezone

from coe_portal.core.models import User
from governance.models import Condition, Finding, Notification
from governance.models.conditions import NEAR
from governance.services import conditions, notifications
from projects.models import LessonsOwed
from projects.services import answers_due

BATCH = 500
FINDINGS, ANSWERS, LESSONS = timedelta(days=1), timedelta(days=3), timedelta(days=3)  # how long before they are told


@dataclass(frozen=True)
class Due:
    """What is to be done until a day, by whom; another day or another person is told anew."""

    ref: str
    day: date
    person: User
    what: str
    todo: str
    link: str

    def key(self, today: date) -> str:
        return f"governance.{'overdue' if self.day < today else 'due_soon'}:{self.ref}:{self.day}"

    def notice(self, today: date) -> notifications.Notice:
        when = "is overdue since" if self.day < today else "is due on"
        return notifications.Notice(f"{self.what} {when} {notifications.spoken(self.day)}", self.todo, self.link)


def remind() -> int:
    """Tell of every day that is near or over and was not told of yet. Returns of how many."""
    today = timezone.localdate()
    return sum(
        _tell(batch, today)
        for source in (_findings, _conditions, _answers, _lessons)
        for batch in batched((due for due in source(today) if notifications.gets_mail(due.person)), BATCH)
    )


def _tell(dues: Sequence[Due], today: date) -> int:
    keys = [due.key(today) for due in dues]
    told = set(Notification.objects.filter(event_key__in=keys).values_list("event_key", "person_id"))
    fresh = [due for due in dues if (due.key(today), due.person.pk) not in told]
    for due in fresh:
        notifications.tell_of(due.key(today), due.notice(today), [due.person])
    return len(fresh)


def _findings(today: date) -> Iterator[Due]:
    rows = Finding.objects.open().filter(due_on__lte=today + FINDINGS).select_related("project", "owner")
    for row in rows.order_by("pk").iterator(BATCH):
        todo = f"{row.get_severity_display()} severity. Put it right and say how."
        link = reverse("governance:project_findings", args=[row.project.key])
        yield Due(row.ref, row.due_on, row.owner, f"{row.project.key}: “{row.title}”", todo, link)


def _conditions(today: date) -> Iterator[Due]:
    """To who does it and to who set it: one of them acts, the other one says that it is met."""
    rows = Condition.objects.binding().filter(due_on__lte=today + NEAR).for_list()
    for row in rows.order_by("pk").iterator(BATCH):
        what, link = f"{row.project.key}: “{row.text}”", reverse("governance:project_findings", args=[row.project.key])
        for person in {row.owner, row.decision.on_behalf_of or row.decision.actor}:
            yield Due(row.ref, row.due_on, person, what, conditions.what_to_do(row), link)


def _answers(today: date) -> Iterator[Due]:
    for row in answers_due.until(today + ANSWERS).iterator(BATCH):
        if row.due_on:
            person, key = row.owner or row.project.owner, row.project.key
            todo = "Answer it, or change its day on its page."
            link = reverse("projects:criterion", args=[key, row.code])
            yield Due(row.ref, row.due_on, person, f"{key}: “{row.short}”", todo, link)


def _lessons(today: date) -> Iterator[Due]:
    rows = LessonsOwed.objects.open().filter(due_on__lte=today + LESSONS).select_related("project", "owner")
    for row in rows.order_by("pk").iterator(BATCH):
        todo = "It is closed once its lessons are written."
        link = reverse("projects:lessons", args=[row.project.key])
        yield Due(row.ref, row.due_on, row.owner, f"{row.project.key}: what {row.project.name} has learnt", todo, link)
