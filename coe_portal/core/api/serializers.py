"""How the kernel's rows look in the API."""

from typing import Any

from rest_framework import serializers

from coe_portal.core.chain import ANCHOR, CHANGED, INSERTED, MISSING, REORDERED
from coe_portal.core.errors import InvalidInput
from coe_portal.core.models import ApiToken, AuditCheck, AuditEntry, Scope, User


class StrictInput(serializers.Serializer[dict[str, Any]]):
    """Refuses fields that it does not know, so that a misspelt one is not silently ignored."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = [str(name) for name in data if name not in self.fields]
            if unknown:
                sentence = f"There is no such field. Known: {', '.join(self.fields)}."
                raise InvalidInput({name[:80]: [sentence] for name in unknown})
        return super().to_internal_value(data)


class UserSerializer(serializers.ModelSerializer[User]):
    """What a colleague may see of a person."""

    roles = serializers.SerializerMethodField(help_text="Site roles and approver groups.")

    class Meta:
        model = User
        fields = ["username", "display_name", "kind", "roles"]
        read_only_fields = fields

    def get_roles(self, user: User) -> list[str]:
        return [*user.site_roles, *user.approver_groups]


class MeSerializer(serializers.Serializer[dict[str, object]]):
    """The caller."""

    user = UserSerializer()
    roles = serializers.ListField(child=serializers.CharField())
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices))
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="What waits for the caller.")


class AuditEntrySerializer(serializers.ModelSerializer[AuditEntry]):
    """One thing that happened."""

    id = serializers.CharField(read_only=True)
    actor = serializers.SerializerMethodField(help_text="Username; empty when the portal itself acted.")
    on_behalf_of = serializers.SerializerMethodField(help_text="Username, or empty.")
    before = serializers.DictField(allow_null=True, read_only=True)
    after = serializers.DictField(allow_null=True, read_only=True)

    class Meta:
        model = AuditEntry
        fields = [
            "id",
            "at",
            "actor",
            "on_behalf_of",
            "action",
            "subject",
            "subject_label",
            "project",
            "before",
            "after",
            "comment",
            "request_id",
        ]
        read_only_fields = fields

    def get_actor(self, entry: AuditEntry) -> str:
        return entry.actor.username if entry.actor else ""

    def get_on_behalf_of(self, entry: AuditEntry) -> str:
        return entry.on_behalf_of.username if entry.on_behalf_of else ""


class AuditBreakSerializer(serializers.Serializer[dict[str, Any]]):
    """The first place where the trail is not what was sealed."""

    kind = serializers.ChoiceField(choices=[CHANGED, MISSING, INSERTED, REORDERED, ANCHOR])
    number = serializers.IntegerField(help_text="Number of the seal.")
    entry = serializers.IntegerField(allow_null=True, help_text="Id of the audit entry, if there is one.")
    message = serializers.CharField()


class AuditCheckSerializer(serializers.ModelSerializer[AuditCheck]):
    """One walk along the whole chain."""

    asked_by = serializers.SerializerMethodField(help_text="Username; empty when the schedule asked.")
    is_intact = serializers.BooleanField(read_only=True)
    broken = AuditBreakSerializer(allow_null=True, read_only=True)

    class Meta:
        model = AuditCheck
        fields = ["id", "asked_at", "asked_by", "position", "finished_at", "is_intact", "unsealed", "head", "broken"]
        read_only_fields = fields

    def get_asked_by(self, check: AuditCheck) -> str:
        return check.asked_by.username if check.asked_by else ""


class AuditStateSerializer(serializers.Serializer[Any]):
    """How far the audit trail is sealed, and what the last check found."""

    sealed = serializers.IntegerField(help_text="Entries in the chain.")
    unsealed = serializers.IntegerField(help_text="Entries written since the last sealing.")
    head = serializers.CharField(
        help_text="NUMBER:HASH of the last seal; keep it elsewhere, and send it as ?expect= later."
    )
    expected = serializers.BooleanField(allow_null=True, help_text="Whether the head sent as ?expect= is in the chain.")
    check = AuditCheckSerializer(allow_null=True, help_text="The last finished check.")
    running = AuditCheckSerializer(allow_null=True, help_text="The check that is under way.")


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    """A token without its secret."""

    class Meta:
        model = ApiToken
        fields = ["id", "name", "hint", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at"]
        read_only_fields = fields


class TokenInput(StrictInput):
    """What a new token is for."""

    name = serializers.CharField(max_length=80)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=Scope.choices), allow_empty=False, max_length=4
    )
    days = serializers.IntegerField(min_value=1, max_value=365, default=90)


class CreatedTokenSerializer(TokenSerializer):
    """The answer to making a token: the only time that ``token`` is shown."""

    token = serializers.CharField(read_only=True)

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "token"]
        read_only_fields = fields
