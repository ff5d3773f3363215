"""What clients send."""

from rest_framework import serializers

from coe_portal.core.api.serializers import StrictInput
from deployments.models import Access, EnvironmentKind


class MachineInput(StrictInput):
    """Where and how long something runs. What is left out is the template's default."""

    parameters = serializers.DictField(required=False, help_text="As the template's JSON Schema says.")
    instance_type = serializers.CharField(required=False, max_length=40)
    instance_count = serializers.IntegerField(required=False, min_value=1, max_value=1000)
    max_runtime_seconds = serializers.IntegerField(required=False, min_value=1, max_value=2_419_200)
    spot = serializers.BooleanField(required=False)
    note = serializers.CharField(required=False, allow_blank=True, max_length=500)


class RunInput(MachineInput):
    """A run that somebody wants. ``estimates/`` takes the same."""

    project = serializers.CharField(max_length=20, help_text="Key, such as PRJ-12.")
    environment = serializers.CharField(max_length=40, help_text="Name of the environment.")
    template = serializers.CharField(max_length=60, help_text="Name of the template.")
    template_version = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=2_147_483_647, help_text="Default: the newest."
    )


class CloneInput(MachineInput):
    """What the clone does differently."""

    environment = serializers.CharField(required=False, max_length=40, help_text="Name of the environment.")
    template_version = serializers.IntegerField(required=False, min_value=1, max_value=2_147_483_647)


class EnvironmentPatch(StrictInput):
    """Fields of an environment to change."""

    name = serializers.CharField(required=False, max_length=40)
    kind = serializers.ChoiceField(required=False, choices=EnvironmentKind.choices)
    account_id = serializers.CharField(required=False, max_length=12)
    region = serializers.CharField(required=False, max_length=25)
    role_arn = serializers.CharField(required=False, allow_blank=True, max_length=2048)
    execution_role_arn = serializers.CharField(required=False, max_length=2048)
    bucket = serializers.CharField(required=False, max_length=63)
    event_queue_url = serializers.CharField(required=False, allow_blank=True, max_length=500)
    images = serializers.DictField(required=False, child=serializers.CharField(max_length=255))
    access = serializers.ChoiceField(required=False, choices=Access.choices)
    projects = serializers.ListField(required=False, child=serializers.CharField(max_length=20), max_length=1000)
    providers = serializers.DictField(required=False)
    currency = serializers.CharField(required=False, max_length=3)


class EnvironmentInput(EnvironmentPatch):
    """A new environment."""

    name = serializers.CharField(max_length=40)
    kind = serializers.ChoiceField(choices=EnvironmentKind.choices)
    account_id = serializers.CharField(max_length=12)
    region = serializers.CharField(max_length=25)
    execution_role_arn = serializers.CharField(max_length=2048)
    bucket = serializers.CharField(max_length=63)
