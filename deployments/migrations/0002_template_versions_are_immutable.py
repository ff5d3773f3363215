"""A published template version never changes: a trigger refuses every update and delete, whoever asks."""

from django.db import migrations

GUARD = """
CREATE FUNCTION deployments_template_version_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A published template version is immutable: % is refused. Publish a new version.', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER template_version_no_change BEFORE UPDATE OR DELETE ON deployments_templateversion
    FOR EACH ROW EXECUTE FUNCTION deployments_template_version_is_immutable();
"""
UNDO = """
DROP TRIGGER template_version_no_change ON deployments_templateversion;
DROP FUNCTION deployments_template_version_is_immutable();
"""


class Migration(migrations.Migration):
    dependencies = [("deployments", "0001_environments_templates_prices_and_runs")]
    operations = [migrations.RunSQL(GUARD, UNDO)]
