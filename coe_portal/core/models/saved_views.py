"""Lists as people want to see them again: filters, order and columns under a name."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from coe_portal.core.fields import UlidField
from coe_portal.core.models.user import User


class SavedViewPage(models.TextChoices):
    """The pages that can be seen again as they were."""

    PORTFOLIO = "portfolio", "Portfolio, table"
    BOARD = "board", "Portfolio, board"
    MATRIX = "matrix", "Portfolio, matrix"
    PROJECTS = "projects", "Projects"
    INTAKES = "intakes", "Intake"
    RUNS = "runs", "Runs"
    INBOX = "inbox", "Inbox"

    @property
    def url_name(self) -> str:
        return _URL_NAMES[self.value]


_URL_NAMES = {
    "portfolio": "pages:portfolio",
    "board": "pages:portfolio_board",
    "matrix": "pages:portfolio_matrix",
    "projects": "projects:list",
    "intakes": "projects:intake_list",
    "runs": "deployments:runs",
    "inbox": "governance:inbox",
}


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def visible_to(self, user: User) -> Self:
        """One's own and the shared ones. What a view shows is another question: everybody sees their own projects."""
        return self.filter(Q(owner=user) | Q(is_shared=True))

    def for_list(self) -> Self:
        return self.select_related("owner")


class SavedView(models.Model):
    """A page with its query string, under a name; private, or for everybody."""

    id = UlidField()
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=60)
    page = models.CharField(max_length=20, choices=SavedViewPage.choices, default=SavedViewPage.PORTFOLIO)
    query = models.CharField(max_length=1000, blank=True, help_text="Filters, order and columns, as in the address.")
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="saved_view_name_once")]
        indexes = [models.Index(fields=["name", "id"], condition=Q(is_shared=True), name="saved_view_shared")]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        return f"view:{self.pk}"
