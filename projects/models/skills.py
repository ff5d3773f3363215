"""What people can do, so that a gap in a team finds who could help."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from coe_portal.core.fields import UlidField
from coe_portal.core.models import UserKind
from projects.models.team import WorkArea


class SkillLevel(models.IntegerChoices):
    """How well, in rising order."""

    BASIC = 1, "Basic: has done it with help"
    PRACTISED = 2, "Practised: does it alone"
    EXPERT = 3, "Expert: teaches others"


DOMAIN_KNOWLEDGE = "domain_knowledge"
SUBJECTS = [*WorkArea.choices, (DOMAIN_KNOWLEDGE, "Knowledge of a business process")]


class SkillQuerySet(models.QuerySet["Skill"]):
    def of_colleagues(self) -> Self:
        """Skills of people who can be asked."""
        return self.filter(person__is_active=True, person__kind=UserKind.PERSON)

    def for_list(self) -> Self:
        return self.select_related("person", "said_by")


class Skill(models.Model):
    """What a person can do, as they say themselves; CoE leads may correct it. ``said_by`` said so last."""

    id = UlidField()
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="skills")
    subject = models.CharField(max_length=30, choices=SUBJECTS)
    level = models.PositiveSmallIntegerField(choices=SkillLevel.choices)
    note = models.CharField(max_length=120, blank=True, help_text="Such as: claims handling since 2015.")
    said_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False)
    said_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = SkillQuerySet.as_manager()

    class Meta:
        ordering = ["subject", "-level", "id"]
        constraints = [
            models.UniqueConstraint(fields=["person", "subject"], name="skill_once_per_subject"),
            models.CheckConstraint(condition=Q(level__in=[1, 2, 3]), name="skill_level_known"),
        ]
        indexes = [models.Index(fields=["subject", "-level"], name="skill_by_subject")]

    def __str__(self) -> str:
        return f"{self.get_subject_display()} of {self.person}"

    @property
    def ref(self) -> str:
        return f"skill:{self.pk}"
