"""What the API answers: environments and templates, and the shapes of the rest for the schema."""

from typing import Any

from rest_framework import serializers

from deployments.models import Environment, RunKind, RunState, TemplateVersion


class EnvironmentSerializer(serializers.ModelSerializer[Environment]):
    """A place where things run. ``external_id`` is only filled in the answer that made it."""

    projects = serializers.SerializerMethodField(
        help_text="Keys of the projects that may use it, when access is listed."
    )
    check = serializers.SerializerMethodField(help_text="What a worker found: {at, state, items}.")
    external_id = serializers.SerializerMethodField(help_text="Shown once: when the portal has just made it.")

    class Meta:
        model = Environment
        fields = [
            "id",
            "name",
            "kind",
            "account_id",
            "region",
            "role_arn",
            "external_id",
            "execution_role_arn",
            "bucket",
            "event_queue_url",
            "images",
            "access",
            "projects",
            "providers",
            "currency",
            "check",
            "created_at",
        ]
        read_only_fields = fields

    def get_projects(self, environment: Environment) -> list[str]:
        visible: set[int] | None = self.context.get("visible_projects")
        rows = environment.projects.all()
        return sorted(project.key for project in rows if visible is None or project.pk in visible)

    def get_check(self, environment: Environment) -> dict[str, Any]:
        found = environment.check_result
        return {"at": found.get("at"), "state": environment.check_state, "items": found.get("items", [])}

    def get_external_id(self, environment: Environment) -> str:
        return environment.external_id if self.context.get("show_external_id") else ""


class TemplateSerializer(serializers.ModelSerializer[TemplateVersion]):
    """A version of a golden path; ``parameters`` is the JSON Schema of a run's parameters."""

    name = serializers.CharField(read_only=True)
    kind = serializers.CharField(read_only=True)

    class Meta:
        model = TemplateVersion
        fields = [
            "id",
            "name",
            "version",
            "kind",
            "title",
            "description",
            "parameters",
            "defaults",
            "instance_types",
            "max_instance_count",
            "image",
            "entry_point",
            "metric_definitions",
            "objective_metric",
            "channels",
            "data_set",
            "code_digest",
            "published_at",
        ]
        read_only_fields = fields


class EstimateSerializer(serializers.Serializer[Any]):
    """What a run may cost."""

    worst_case = serializers.DecimalField(max_digits=18, decimal_places=6)
    expected = serializers.DecimalField(max_digits=18, decimal_places=6)
    basis = serializers.CharField()
    currency = serializers.CharField()
    price_per_hour = serializers.DecimalField(max_digits=18, decimal_places=6)
    price_date = serializers.DateField()
    price_source = serializers.CharField()
    budget_left = serializers.DecimalField(max_digits=18, decimal_places=6, allow_null=True)
    verdict = serializers.ChoiceField(choices=["fits", "over_budget", "no_budget"])


class FailureSerializer(serializers.Serializer[Any]):
    """Why a run failed, and what to do."""

    cause = serializers.CharField()
    message = serializers.CharField()
    next_step = serializers.CharField()
    excerpt = serializers.CharField()


class RunSerializer(serializers.Serializer[Any]):
    """A run, as ``representations.run_data`` builds it."""

    id = serializers.CharField()
    number = serializers.IntegerField()
    name = serializers.CharField()
    project = serializers.CharField(help_text="Key.")
    environment = serializers.CharField(help_text="Name.")
    kind = serializers.ChoiceField(choices=RunKind.choices)
    template = serializers.CharField()
    template_version = serializers.IntegerField()
    state = serializers.ChoiceField(choices=RunState.choices)
    aws_name = serializers.CharField()
    aws_status = serializers.CharField()
    secondary_status = serializers.CharField()
    arn = serializers.CharField()
    parameters = serializers.DictField()
    instance_type = serializers.CharField()
    instance_count = serializers.IntegerField()
    max_runtime_seconds = serializers.IntegerField()
    spot = serializers.BooleanField()
    note = serializers.CharField()
    attempt = serializers.IntegerField()
    retry_of = serializers.CharField(allow_null=True)
    cloned_from = serializers.CharField(allow_null=True)
    requested_by = serializers.CharField(help_text="Username.")
    metrics = serializers.DictField(child=serializers.FloatField())
    failure = FailureSerializer(allow_null=True)
    artifact_uri = serializers.CharField()
    billable_seconds = serializers.IntegerField(allow_null=True)
    training_seconds = serializers.IntegerField(allow_null=True)
    cost = serializers.DecimalField(max_digits=18, decimal_places=6, allow_null=True)
    currency = serializers.CharField()
    price_per_hour = serializers.DecimalField(max_digits=18, decimal_places=6)
    price_date = serializers.DateField()
    worst_case = serializers.DecimalField(max_digits=18, decimal_places=6)
    spec_digest = serializers.CharField()
    stop_requested_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    submitted_at = serializers.DateTimeField(allow_null=True)
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


class LogsSerializer(serializers.Serializer[Any]):
    """The log so far."""

    text = serializers.CharField()
    complete = serializers.BooleanField()
    trouble = serializers.CharField(help_text="Why the last try to fetch the log brought nothing, or empty.")
    fetched_at = serializers.DateTimeField(allow_null=True)


class MetricDefinitionSerializer(serializers.Serializer[Any]):
    """What the template says about a metric."""

    name = serializers.CharField()
    title = serializers.CharField()
    direction = serializers.CharField()
    unit = serializers.CharField()


class MetricsSerializer(serializers.Serializer[Any]):
    """Final values and curves; a curve is a list of ``[step, value]``."""

    objective = serializers.CharField()
    definitions = MetricDefinitionSerializer(many=True)
    final = serializers.DictField(child=serializers.FloatField())
    series = serializers.DictField(
        child=serializers.ListField(child=serializers.ListField(child=serializers.FloatField()))
    )
    trouble = serializers.CharField(help_text="Why the log, of which curves are made, could not be read; or empty.")
    fetched_at = serializers.DateTimeField(allow_null=True)


class PhaseSerializer(serializers.Serializer[Any]):
    """One entry of AWS's secondary status."""

    status = serializers.CharField()
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    message = serializers.CharField()


class TimelineSerializer(serializers.Serializer[Any]):
    """What AWS said about the run, oldest first."""

    results = PhaseSerializer(many=True)


class FindingsSerializer(serializers.Serializer[Any]):
    """Findings of the rules that watched the run; ``state`` is ``no_rules`` when none were set."""

    state = serializers.CharField()
    results = serializers.ListField(child=serializers.DictField())


class LineSerializer(serializers.Serializer[Any]):
    """One thing that is compared, a value for each run."""

    name = serializers.CharField()
    title = serializers.CharField()
    values = serializers.ListField(child=serializers.JSONField())
    differs = serializers.BooleanField()
    best = serializers.IntegerField(allow_null=True)


class ComparisonSerializer(serializers.Serializer[Any]):
    """Runs side by side, parameters that differ first."""

    runs = RunSerializer(many=True)
    metrics = LineSerializer(many=True)
    parameters = LineSerializer(many=True)
