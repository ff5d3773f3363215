"""How evidence looks in the API."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from coe_portal.core.api.serializers import StrictInput
from projects.checklists import NO_DEMANDS
from projects.models import Criterion, Evidence, EvidenceKind
from projects.services import checklists
from projects.services.evidence import Piece


class NeedsSerializer(serializers.Serializer[Any]):
    """What the policy asks besides the answer."""

    evidence = serializers.ListField(child=serializers.CharField(), help_text="Kinds; one piece of one of them.")
    verdict = serializers.ChoiceField(choices=["required", "optional"])
    expires_after_days = serializers.IntegerField(allow_null=True)
    owner_role = serializers.CharField(help_text="A role in the project, or empty.")


def needs_of(criterion: Criterion, known: dict[str, Any]) -> dict[str, Any]:
    """What the project's policy asks of the criterion; ``known`` keeps each policy for the rows that follow."""
    version = criterion.project.policy_version
    if version not in known:
        known[version] = checklists.demands(version)
    demands = known[version].get(criterion.code, NO_DEMANDS)
    return {
        "evidence": list(demands.evidence),
        "verdict": "required" if demands.needs_verdict else "optional",
        "expires_after_days": demands.expires_after_days,
        "owner_role": demands.owner_role,
    }


class FileSerializer(serializers.Serializer[Any]):
    """A kept file; ``url`` sends its content as an attachment."""

    name = serializers.CharField()
    media_type = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes.")
    sha256 = serializers.CharField()
    url = serializers.CharField()


class EvidenceSerializer(serializers.ModelSerializer[Evidence]):
    """A piece of evidence. What is withdrawn stays readable, and so does its file."""

    criterion = serializers.CharField(source="criterion.code")
    url = serializers.CharField(help_text="A web address; empty for what has none.")
    said = serializers.CharField(help_text="What a live object said when it was added.")
    file = serializers.SerializerMethodField(help_text="Only for the kind “file”.")
    added_by = serializers.CharField(source="added_by.username")
    replaces = serializers.SerializerMethodField(help_text="Id of the piece that it took the place of, or empty.")
    withdrawn_by = serializers.SerializerMethodField(help_text="Username, or empty.")

    class Meta:
        model = Evidence
        fields = [
            "id", "criterion", "kind", "title", "url", "note", "reference", "said", "file", "valid_until", "added_by",
            "added_at", "replaces", "withdrawn_at", "withdrawn_by", "withdrawn_because",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(FileSerializer(allow_null=True))
    def get_file(self, evidence: Evidence) -> dict[str, Any] | None:
        if evidence.kind != EvidenceKind.FILE:
            return None
        return {
            "name": evidence.file_name,
            "media_type": evidence.media_type,
            "size": evidence.size,
            "sha256": evidence.sha256,
            "url": reverse("evidence-file", args=[evidence.criterion.project.key, evidence.pk]),
        }

    def get_replaces(self, evidence: Evidence) -> str:
        return evidence.replaces_id or ""

    def get_withdrawn_by(self, evidence: Evidence) -> str:
        return evidence.withdrawn_by.username if evidence.withdrawn_by else ""


class EvidenceInput(StrictInput):
    """Evidence as JSON, or as multipart/form-data with a file."""

    kind = serializers.ChoiceField(choices=EvidenceKind.choices, required=False, help_text="A file is a file.")
    title = serializers.CharField(max_length=120, allow_blank=True, default="")
    url = serializers.CharField(max_length=500, allow_blank=True, default="")
    note = serializers.CharField(max_length=4000, allow_blank=True, default="")
    reference = serializers.CharField(
        max_length=120, allow_blank=True, default="", help_text="Such as 4/validation:accuracy, or APR-7."
    )
    valid_until = serializers.DateField(allow_null=True, default=None)
    replaces = serializers.CharField(max_length=26, allow_blank=True, default="", help_text="Id of another piece.")
    file = serializers.FileField(required=False, max_length=1000)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "kind" not in attrs and "file" not in attrs:
            raise serializers.ValidationError({"kind": [f"Choose one of {', '.join(EvidenceKind.values)}."]})
        return attrs

    def piece(self) -> Piece:
        """What was sent, for the service."""
        values = dict(self.validated_data)
        file = values.pop("file", None)
        named = {"file_name": file.name or "", "content": file.file} if file else {}
        return Piece(**({"kind": EvidenceKind.FILE} | values | named))


class WithdrawInput(StrictInput):
    """Why it supports the answer no longer."""

    reason = serializers.CharField(min_length=3, max_length=500)
