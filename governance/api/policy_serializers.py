"""How policies, their dry runs and the moves of projects look in the API."""

from typing import Any

from rest_framework import serializers

from coe_portal.core.api.serializers import StrictInput
from governance.models import PolicyMove, PolicyVersion
from governance.services.moves import MOST


class PolicySerializer(serializers.ModelSerializer[PolicyVersion]):
    """One version of a policy as lists show it."""

    version = serializers.IntegerField(source="number")
    label = serializers.CharField(  # type: ignore[assignment]  # Field.label is typed, Meta's fields are not
        help_text="Name and version, such as default:1; projects are pinned to it."
    )

    class Meta:
        model = PolicyVersion
        fields = [
            "id", "name", "version", "label", "title", "status", "starts_projects", "digest", "created_at",
            "published_at",
        ]  # fmt: skip
        read_only_fields = fields


class PolicyDetailSerializer(PolicySerializer):
    """One version of a policy with its document and the YAML that it was written as."""

    class Meta(PolicySerializer.Meta):
        fields = [*PolicySerializer.Meta.fields, "document", "source"]
        read_only_fields = fields


class PolicyInput(StrictInput):
    """A policy as YAML text or as a JSON document; one of the two."""

    source = serializers.CharField(  # type: ignore[assignment]
        required=False, max_length=200_000, trim_whitespace=False, help_text="YAML."
    )
    document = serializers.DictField(required=False, help_text="The same as JSON.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("source" in attrs) == ("document" in attrs):
            raise serializers.ValidationError({"source": ["Send the policy as source (YAML) or as document (JSON)."]})
        return attrs


class PublishInput(StrictInput):
    """Whether new projects begin with it; without it the policy is there for projects that are moved to it."""

    new_projects = serializers.BooleanField(default=True)


class EffectSerializer(serializers.Serializer[dict[str, Any]]):
    """One kind of change and whom it meets."""

    kind = serializers.CharField()
    what = serializers.CharField(help_text="The criterion, the approval step or the tier that it is about.")
    sentence = serializers.CharField()
    count = serializers.IntegerField()
    subjects = serializers.ListField(child=serializers.CharField(), help_text="Keys of the first hundred.")
    left_off = serializers.IntegerField(help_text="How many are not listed.")


class DryRunSerializer(serializers.Serializer[dict[str, Any]]):
    """What a policy would change for the projects that are under way."""

    policy = serializers.CharField()
    projects = serializers.IntegerField(help_text="Projects that were compared.")
    effects = EffectSerializer(many=True)


class CriterionNameSerializer(serializers.Serializer[dict[str, Any]]):
    """A criterion by name."""

    code = serializers.CharField()
    short = serializers.CharField()


class CriterionChangeSerializer(CriterionNameSerializer):
    """A criterion that both policies ask, differently."""

    parts = serializers.ListField(child=serializers.CharField(), help_text="Which of its keys differ.")
    lost = serializers.DictField(help_text="Fields of the answer that do not fit, as they were.")
    problems = serializers.DictField(help_text="Why, by field; under an empty name what is missing now.")
    status = serializers.CharField()
    status_after = serializers.CharField()


class GateChangeSerializer(serializers.Serializer[dict[str, Any]]):
    """A gate that is still ahead and asks for something else."""

    gate = serializers.CharField()
    title = serializers.CharField()
    criteria_added = serializers.ListField(child=serializers.CharField())
    criteria_removed = serializers.ListField(child=serializers.CharField())
    steps_added = serializers.ListField(child=serializers.CharField())
    steps_removed = serializers.ListField(child=serializers.CharField())


class MoveReportSerializer(serializers.Serializer[dict[str, Any]]):
    """What a move adds, removes and changes."""

    added = CriterionNameSerializer(many=True)
    removed = CriterionNameSerializer(many=True)
    changed = CriterionChangeSerializer(many=True)
    restored = CriterionChangeSerializer(
        many=True, help_text="Answered under an earlier policy; the answer comes back."
    )
    kept = serializers.IntegerField(help_text="Answers that stay.")
    gates = GateChangeSerializer(many=True)
    approvals_voided = serializers.ListField(child=serializers.CharField())
    risk = serializers.CharField(help_text="What happens to the risk tier; empty for nothing.")


class MovePreviewSerializer(MoveReportSerializer):
    """What moving a project would mean now."""

    project = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    target = serializers.CharField()


class MoveInput(StrictInput):
    """Where to."""

    to = serializers.CharField(max_length=80, help_text="Label of a published version, such as default:2.")


class MoveManyInput(StrictInput):
    """Which projects."""

    projects = serializers.ListField(
        child=serializers.CharField(max_length=20), min_length=1, max_length=MOST, help_text="Keys, such as PRJ-12."
    )


class MoveSerializer(serializers.ModelSerializer[PolicyMove]):
    """A project left one policy version for another."""

    id = serializers.CharField()
    project = serializers.CharField(source="project.key")
    moved_by = serializers.CharField(source="moved_by.username")
    report = MoveReportSerializer()

    class Meta:
        model = PolicyMove
        fields = ["id", "project", "source", "target", "moved_by", "moved_at", "report"]
        read_only_fields = fields


class RefusedMoveSerializer(serializers.Serializer[dict[str, Any]]):
    """A project that did not move, and why."""

    project = serializers.CharField()
    reason = serializers.CharField()


class MovesSerializer(serializers.Serializer[dict[str, Any]]):
    """How it went for each project."""

    moved = MoveSerializer(many=True)
    refused = RefusedMoveSerializer(many=True)
