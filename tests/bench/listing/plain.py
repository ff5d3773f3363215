"""The comparison: REST framework's own serializers and view sets on the same tables, with the same columns joined."""

from rest_framework import serializers, viewsets
from rest_framework.routers import SimpleRouter

from deployments.models import Run
from projects.models import Project


class ProjectSerializer(serializers.ModelSerializer):
    owner = serializers.CharField(source="owner.username")
    sponsor = serializers.CharField(source="sponsor.username")
    deploy_authority = serializers.CharField(source="deploy_authority.username")

    class Meta:
        model = Project
        fields = [
            "id", "name", "summary", "business_unit", "stage", "health", "sponsor", "owner", "deploy_authority",
            "risk_tier", "data_classification", "policy_version", "readiness", "poc_starts_on", "poc_ends_on",
            "poc_budget", "currency", "waiting_on", "revision", "created_at", "updated_at",
        ]  # fmt: skip


class RunSerializer(serializers.ModelSerializer):
    environment = serializers.CharField(source="environment.name")
    template = serializers.CharField(source="template_version.template.name")
    template_version = serializers.IntegerField(source="template_version.version")
    requested_by = serializers.CharField(source="requested_by.username")

    class Meta:
        model = Run
        fields = [
            "id", "number", "project", "environment", "kind", "template", "template_version", "state", "aws_name",
            "aws_status", "secondary_status", "arn", "parameters", "instance_type", "instance_count",
            "max_runtime_seconds", "spot", "note", "attempt", "retry_of", "cloned_from", "requested_by", "metrics",
            "failure", "artifact_uri", "billable_seconds", "training_seconds", "cost", "currency", "price_per_hour",
            "price_dated_on", "worst_case", "spec_digest", "stop_requested_at", "created_at", "submitted_at",
            "started_at", "ended_at",
        ]  # fmt: skip


class ProjectViewSet(viewsets.ModelViewSet):
    queryset = Project.objects.select_related("owner", "sponsor", "deploy_authority").order_by("-id")
    serializer_class = ProjectSerializer


class RunViewSet(viewsets.ModelViewSet):
    queryset = Run.objects.select_related("environment", "template_version__template", "requested_by").order_by("-id")
    serializer_class = RunSerializer


router = SimpleRouter()
router.register("projects", ProjectViewSet)
router.register("runs", RunViewSet)
urlpatterns = router.urls
