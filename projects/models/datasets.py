"""The register of data sets: what data there is, who answers for it, how strict its class is, where it lies."""

from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Lower, Upper
from django.utils import timezone

from coe_portal.core.fields import UlidField
from projects.models.project import BusinessUnit, DataClassification


class Readiness(models.TextChoices):
    """How far a data set is on its way into use."""

    REGISTERED = "registered", "Registered"
    PREPARING = "preparing", "Being prepared"
    READY = "ready", "Ready"
    RETIRED = "retired", "Retired"


class DatasetQuerySet(models.QuerySet["Dataset"]):
    """Names for the sets of data sets that people speak of."""

    def for_list(self) -> Self:
        return self.select_related("owner", "business_unit")

    def in_use(self) -> Self:
        """Those that may be asked for."""
        return self.exclude(readiness=Readiness.RETIRED)

    def found_by(self, words: str) -> Self:
        """Those whose name, description or location contain every word. Trigram indexes serve all three."""
        rows = self
        for word in words.split()[:8]:
            fits = Q(name__icontains=word) | Q(description__icontains=word) | Q(location__icontains=word)
            rows = rows.filter(fits)
        return rows

    def named_in(self, text: str) -> Self:
        """Those whose name stands somewhere in the text."""
        said = Value(text.lower(), output_field=models.TextField())
        return self.alias(said=said).filter(said__contains=Lower("name"))


class Dataset(models.Model):
    """One data set: its owner decides who gets access. ``columns`` are ``{name, classification, description}``.

    The class of the whole is at least as strict as that of its strictest column.
    """

    id = UlidField()
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True, max_length=4000)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="owned_datasets")
    business_unit = models.ForeignKey(BusinessUnit, on_delete=models.PROTECT, related_name="datasets")
    classification = models.CharField(max_length=15, choices=DataClassification.choices)
    labelled_share = models.DecimalField(
        max_digits=5, decimal_places=2, null=True, blank=True, help_text="Percent; empty while nobody knows."
    )
    location = models.CharField(max_length=1024, unique=True, help_text="s3://bucket/prefix/, always with the slash.")
    environment = models.CharField(max_length=40, blank=True, help_text="Name of the environment that can read it.")
    readiness = models.CharField(max_length=12, choices=Readiness.choices, default=Readiness.REGISTERED)
    columns = models.JSONField(default=list, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = DatasetQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="dataset_name_once"),
            models.CheckConstraint(
                condition=Q(labelled_share=None) | Q(labelled_share__gte=0, labelled_share__lte=100),
                name="dataset_share_is_percent",
            ),
            models.CheckConstraint(condition=Q(location__regex=r"^s3://[^/]+/.+/$"), name="dataset_location_is_prefix"),
            models.CheckConstraint(
                condition=Q(classification__in=DataClassification.values), name="dataset_classification_known"
            ),
        ]
        indexes = [
            models.Index(fields=["name", "id"], name="dataset_name"),
            models.Index(fields=["updated_at", "id"], name="dataset_updated"),
            models.Index(fields=["classification", "name", "id"], name="dataset_class"),
            models.Index(fields=["readiness", "name", "id"], name="dataset_readiness"),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="dataset_name_trigram"),
            GinIndex(OpClass(Upper("description"), name="gin_trgm_ops"), name="dataset_words_trigram"),
            GinIndex(OpClass(Upper("location"), name="gin_trgm_ops"), name="dataset_place_trigram"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        return f"dataset:{self.pk}"

    @property
    def column_names(self) -> list[str]:
        columns: list[dict[str, Any]] = self.columns
        return [str(column["name"]) for column in columns]
