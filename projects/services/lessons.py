"""Lessons: written by who took part, owed when a project ends, read by everybody who begins something similar."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from coe_portal.core import audit, outbox
from coe_portal.core.errors import InvalidInput, Missing, NotAllowed, NotFound, StaleState
from coe_portal.core.inbox import Task
from coe_portal.core.models import User
from projects import permissions
from projects.events import LessonsFellDue
from projects.models import Lesson, LessonKind, LessonsOwed, Project

MIN_TITLE, MAX_TITLE, MIN_TEXT, MAX_TEXT, MAX_TAGS, MAX_TAG = 5, 120, 20, 2000, 8, 30
MAX_TASKS = 20
EDITABLE = ("kind", "title", "text", "tags")


def refusal(user: User, project: Project) -> str:
    """Why the person may not write lessons of this project; empty when they may, also after its end."""
    if user.is_lead or permissions.takes_part(user, project):
        return ""
    if user.is_auditor:
        return "Auditors read everything and change nothing, so you cannot write a lesson."
    return f"Only the team of {project.key} and CoE leads write its lessons. Ask {project.owner} to add you."


@transaction.atomic
def give_lesson(
    *, project_key: str, kind: str, title: str, text: str, tags: Iterable[str] | str = (), actor: User
) -> Lesson:
    """Write a lesson of a project, at any time and also after its end. The last one that is owed closes the project.

    Args:
        tags: words to find it by, as a list or as text with commas.

    Raises:
        NotFound, NotAllowed: only who takes part and CoE leads.
        InvalidInput: unknown kind, or too short or too long.
    """
    project = permissions.visible_project(actor, project_key, lock=True)
    if reason := refusal(actor, project):
        raise NotAllowed(reason)
    values = _checked({"kind": kind, "title": title, "text": text, "tags": tags})
    lesson = Lesson.objects.create(project=project, written_by=actor, **values)
    audit.record(actor=actor, action="lesson.given", subject=lesson, after=values)
    _settle(project, actor)
    return lesson


@transaction.atomic
def change_lesson(*, lesson_id: str, changes: Mapping[str, Any], actor: User) -> Lesson:
    """Write a lesson anew. Raises as ``give_lesson`` does; NotAllowed unless the actor wrote it or leads the CoE."""
    lesson = _mine(lesson_id, actor)
    values = _checked({name: getattr(lesson, name) for name in EDITABLE} | dict(changes))
    changed = {name: value for name, value in values.items() if getattr(lesson, name) != value}
    if not changed:
        return lesson
    before = {name: getattr(lesson, name) for name in changed}
    for name, value in changed.items():
        setattr(lesson, name, value)
    lesson.changed_at = timezone.now()
    lesson.save(update_fields=[*changed, "changed_at"])
    _require_still_settled(lesson.project)
    audit.record(actor=actor, action="lesson.changed", subject=lesson, before=before, after=changed)
    return lesson


@transaction.atomic
def withdraw_lesson(*, lesson_id: str, actor: User) -> None:
    """Take a lesson back; the audit trail keeps it. Raises StaleState for one that its ended project owes."""
    lesson = _mine(lesson_id, actor)
    before = {name: getattr(lesson, name) for name in EDITABLE}
    audit.record(actor=actor, action="lesson.withdrawn", subject=lesson, before=before)
    lesson.delete()
    _require_still_settled(lesson.project)


def change_refusal(user: User, lesson: Lesson) -> str:
    """Why the person may not change this lesson; empty when they may."""
    if user.is_lead or user.pk == lesson.written_by_id:
        return ""
    return f"Only {lesson.written_by}, who wrote this lesson, and CoE leads change it."


def _mine(lesson_id: str, actor: User) -> Lesson:
    rows = Lesson.objects.select_related("project__owner", "written_by").filter(pk=lesson_id[:26])
    lesson = rows.select_for_update(of=("self", "project")).first()
    if lesson is None:
        raise NotFound("There is no such lesson.")
    if reason := change_refusal(actor, lesson):
        raise NotAllowed(reason)
    return lesson


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    errors: dict[str, list[str]] = {}
    title, text = " ".join(str(values["title"]).split()), str(values["text"]).strip()
    tags = clean_tags(values["tags"])
    if values["kind"] not in LessonKind.values:
        errors["kind"] = [f"Choose one of {', '.join(LessonKind.values)}."]
    if not MIN_TITLE <= len(title) <= MAX_TITLE:
        errors["title"] = [f"Say it in one line of {MIN_TITLE} to {MAX_TITLE} characters."]
    if not MIN_TEXT <= len(text) <= MAX_TEXT:
        errors["text"] = [f"Tell it in {MIN_TEXT} to {MAX_TEXT:,} characters, so that a stranger can use it."]
    if len(tags) > MAX_TAGS or any(len(tag) > MAX_TAG for tag in tags):
        errors["tags"] = [f"At most {MAX_TAGS} tags of at most {MAX_TAG} characters."]
    if errors:
        raise InvalidInput(errors)
    return {"kind": str(values["kind"]), "title": title, "text": text, "tags": tags}


def clean_tags(tags: Iterable[str] | str) -> list[str]:
    """Lower-case words without doubles, in order; text is cut at its commas."""
    parts = tags.split(",") if isinstance(tags, str) else tags
    words = (re.sub(r"\s+", " ", str(part)).strip().lower() for part in parts)
    return list(dict.fromkeys(word for word in words if word))


def owe(project: Project, *, kinds: Iterable[str], due_on: date, actor: User | None) -> LessonsOwed | None:
    """Note that an ended project owes lessons of these kinds; None when they are all written already.

    Only governance calls this, inside a transaction: its policy says which ends owe what. Twice is once.
    """
    wanted = [kind for kind in LessonKind.values if kind in set(kinds)]
    if not missing_kinds(project, wanted):
        return None
    owed, created = LessonsOwed.objects.get_or_create(
        project=project, defaults={"kinds": wanted, "owner": project.owner, "due_on": due_on}
    )
    if created:
        after = {"owner": owed.owner, "kinds": wanted, "due_on": due_on}
        audit.record(actor=actor, action="lessons.owed", subject=owed, after=after)
        outbox.publish(LessonsFellDue(project.key))
    return owed


def missing_kinds(project: Project, kinds: Iterable[str]) -> list[str]:
    """The kinds of which the project has no lesson yet."""
    written = set(project.lessons.values_list("kind", flat=True))
    return [kind for kind in kinds if kind not in written]


def missing(project: Project, kinds: Iterable[str]) -> list[Missing]:
    """The same as sentences with the page where they are written, for gates."""
    url = reverse("projects:lessons", args=[project.key])
    return [
        Missing("lesson_owed", f"No lesson says {_words(kind)}.", "Write it for the next team.", url)
        for kind in missing_kinds(project, kinds)
    ]


def _words(kind: str) -> str:
    return LessonKind(kind).label.lower()


def owed_by(project: Project) -> LessonsOwed | None:
    """What an ended project still owes; None when nothing is open."""
    return LessonsOwed.objects.open().filter(project=project).select_related("owner", "project").first()


def _settle(project: Project, actor: User) -> None:
    owed = LessonsOwed.objects.open().select_for_update().filter(project=project).first()
    if owed is None or missing_kinds(project, owed.kinds):
        return
    owed.settled_at = timezone.now()
    owed.save(update_fields=["settled_at"])
    audit.record(actor=actor, action="project.closed", subject=project, after={"lessons": project.lessons.count()})


def _require_still_settled(project: Project) -> None:
    owed = LessonsOwed.objects.filter(project=project).exclude(settled_at=None).first()
    lacking = missing_kinds(project, owed.kinds) if owed else []
    if lacking:
        raise StaleState(
            f"{project.key} has ended and owes a lesson that says {_words(lacking[0])}. Write another one first."
        )


def tasks(keys: list[int]) -> list[Task]:
    """Lessons that somebody owes, for their inbox."""
    rows = LessonsOwed.objects.filter(pk__in=keys).select_related("project__business_unit")[:MAX_TASKS]
    return [
        Task(
            title=f"Write the lessons of {row.project.name}",
            why="It has ended; what you learnt helps the next team. It is closed once they are written.",
            url=reverse("projects:lessons", args=[row.project.key]),
            button="Write them",
            place=f"{row.project.key}, {row.project.business_unit}",
            kind="Lessons owed",
            icon="bulb",
            due_on=row.due_on,
        )
        for row in rows
    ]
