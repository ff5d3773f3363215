"""Golden paths: training code that is published once and used many times."""

from typing import Any, Self

from django.db import models
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from coe_portal.core.fields import UlidField


class TemplateKind(models.TextChoices):
    TRAINING = "training", "Training"
    PROCESSING = "processing", "Processing"
    TUNING = "tuning", "Tuning"
    PIPELINE = "pipeline", "Pipeline"
    STACK = "stack", "Stack"
    ENDPOINT = "endpoint", "Endpoint"


class TrainingTemplate(models.Model):
    """A name under which versions are published."""

    id = UlidField()
    name = models.CharField(max_length=60, unique=True)
    kind = models.CharField(max_length=12, choices=TemplateKind.choices, default=TemplateKind.TRAINING)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def ref(self) -> str:
        return f"template:{self.name}"


class TemplateVersionQuerySet(models.QuerySet["TemplateVersion"]):
    def current(self) -> Self:
        """The newest version of every template."""
        newest = self.model.objects.filter(template=OuterRef("template")).order_by("-version").values("version")
        return self.filter(version=Subquery(newest[:1]))

    def for_list(self) -> Self:
        return self.select_related("template").defer("package").order_by("template__name", "-version")


class TemplateVersion(models.Model):
    """One immutable version of a template, with its code. A database trigger refuses any later change.

    ``parameters`` is a JSON Schema of type object. ``metric_definitions`` is a list of
    ``{"name", "regex", "title", "direction", "unit"}``. ``defaults`` holds ``instance_type``, ``instance_count``,
    ``max_runtime_seconds`` and ``spot``. ``channels`` is a list of ``{"name", "parameter", "content_type"}``: the
    parameter with that name is an S3 location that becomes an input channel and is no hyperparameter. ``package`` is
    the ``sourcedir.tar.gz`` and ``code_digest`` its SHA-256; ``digest`` covers the description and the code together.
    """

    id = UlidField()
    template = models.ForeignKey(TrainingTemplate, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=120)
    description = models.TextField()
    parameters = models.JSONField()
    defaults = models.JSONField()
    instance_types = models.JSONField(help_text="Instance types that this version may run on.")
    max_instance_count = models.PositiveIntegerField(default=1)
    image = models.CharField(max_length=60, help_text="Key in the environment's images.")
    entry_point = models.CharField(max_length=120)
    metric_definitions = models.JSONField()
    objective_metric = models.CharField(max_length=255)
    channels = models.JSONField(default=list)
    data_set = models.CharField(max_length=200, blank=True, help_text="Data used when no location is given.")
    volume_gb = models.PositiveIntegerField(default=10)
    package = models.BinaryField()
    code_digest = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    published_at = models.DateTimeField(default=timezone.now)

    objects = TemplateVersionQuerySet.as_manager()

    class Meta:
        ordering = ["template__name", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["template", "version"], name="template_version_once"),
            models.CheckConstraint(condition=models.Q(version__gte=1), name="template_version_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.template.name} v{self.version}"

    @property
    def ref(self) -> str:
        return f"template:{self.template.name}:{self.version}"

    @property
    def name(self) -> str:
        return self.template.name

    @property
    def kind(self) -> str:
        return self.template.kind

    @property
    def properties(self) -> dict[str, dict[str, Any]]:
        """The schema of each parameter, in the order in which the form shows them."""
        properties: dict[str, dict[str, Any]] = self.parameters.get("properties", {})
        order = [name for name in self.parameters.get("x-order", ()) if name in properties]
        return {name: properties[name] for name in dict.fromkeys([*order, *properties])}

    @property
    def channel_parameters(self) -> dict[str, str]:
        """Parameter name → channel name."""
        return {channel["parameter"]: channel["name"] for channel in self.channels}
