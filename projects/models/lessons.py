"""What projects have learnt, and what an ended project still owes its colleagues."""

from datetime import date
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.utils import timezone

from coe_portal.core.fields import UlidField
from coe_portal.core.models import User
from projects.models.project import Project

LESSON_WORDS = SearchVector("title", "text", config="english")


class LessonKind(models.TextChoices):
    """What a lesson is about."""

    WORKED = "worked", "What worked"
    FAILED = "failed", "What failed"
    DIFFERENT = "different", "What we would do differently"


class LessonQuerySet(models.QuerySet["Lesson"]):
    def for_list(self) -> Self:
        return self.select_related("project__business_unit", "written_by")


class Lesson(models.Model):
    """Something that a project learnt, written for every colleague: whoever signs in may read it."""

    id = UlidField()
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="lessons")
    kind = models.CharField(max_length=10, choices=LessonKind.choices)
    title = models.CharField(max_length=120)
    text = models.TextField(max_length=2000)
    tags = ArrayField(models.CharField(max_length=30), default=list, blank=True)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)

    objects = LessonQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["project", "-id"], name="lesson_of_project"),
            models.Index(fields=["kind", "-id"], name="lesson_kind"),
            GinIndex(fields=["tags"], name="lesson_tags"),
            GinIndex(LESSON_WORDS, name="lesson_words"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def ref(self) -> str:
        return f"lesson:{self.pk}"


class LessonsOwedQuerySet(models.QuerySet["LessonsOwed"]):
    def open(self) -> Self:
        return self.filter(settled_at=None)

    def waiting_for(self, user: User) -> Self:
        """What this person owes."""
        return self.open().filter(owner=user)


class LessonsOwed(models.Model):
    """A project has ended and its lessons are not all written yet; it is closed for good once they are."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="lessons_owed", primary_key=True)
    kinds = ArrayField(models.CharField(max_length=10, choices=LessonKind.choices))
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    owed_since = models.DateTimeField(default=timezone.now)
    due_on = models.DateField()
    settled_at = models.DateTimeField(null=True)

    objects = LessonsOwedQuerySet.as_manager()

    class Meta:
        ordering = ["due_on"]
        verbose_name_plural = "lessons owed"
        indexes = [models.Index(fields=["owner", "due_on"], condition=models.Q(settled_at=None), name="lessons_open")]

    def __str__(self) -> str:
        return f"lessons of {self.project.key}"

    @property
    def ref(self) -> str:
        return f"lessons:{self.project.key}"

    @property
    def is_overdue(self) -> bool:
        today: date = timezone.localdate()
        return self.settled_at is None and self.due_on < today
