"""The audit trail is sealed in a hash chain, whose links can only be added; events keep the request they came from."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import coe_portal.core.fields

GUARD = """
CREATE TRIGGER seal_no_change BEFORE UPDATE OR DELETE ON core_auditseal
    FOR EACH ROW EXECUTE FUNCTION core_audit_is_append_only();
CREATE TRIGGER seal_no_truncate BEFORE TRUNCATE ON core_auditseal
    FOR EACH STATEMENT EXECUTE FUNCTION core_audit_is_append_only();
"""
UNDO = """
DROP TRIGGER seal_no_truncate ON core_auditseal;
DROP TRIGGER seal_no_change ON core_auditseal;
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0102_when_people_stand_in")]

    operations = [
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("sealed_at", models.DateTimeField()),
                ("hash", models.CharField(max_length=64)),
                (
                    "entry",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="seal",
                        to="core.auditentry",
                    ),
                ),
            ],
            options={"ordering": ["number"]},
        ),
        migrations.CreateModel(
            name="AuditCheck",
            fields=[
                ("id", coe_portal.core.fields.UlidField(serialize=False)),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "anchor",
                    models.CharField(blank=True, help_text="Head of the check before, NUMBER:HASH.", max_length=100),
                ),
                ("position", models.BigIntegerField(default=0)),
                ("finished_at", models.DateTimeField(null=True)),
                ("unsealed", models.PositiveIntegerField(default=0)),
                (
                    "head",
                    models.CharField(
                        blank=True, help_text="Last seal that was found right, NUMBER:HASH.", max_length=100
                    ),
                ),
                (
                    "broken",
                    models.JSONField(
                        help_text="{kind, number, entry, message} of the first break, or empty.", null=True
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        help_text="Empty: the schedule.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"ordering": ["-id"]},
        ),
        migrations.AddConstraint(
            model_name="auditcheck",
            constraint=models.UniqueConstraint(
                condition=models.Q(("finished_at", None)),
                fields=("finished_at",),
                name="audit_check_one_at_a_time",
                nulls_distinct=False,
            ),
        ),
        migrations.AddField(
            model_name="outboxevent",
            name="request_id",
            field=models.CharField(blank=True, max_length=64),
        ),
        migrations.RunSQL(GUARD, UNDO),
    ]
