"""Published policies never change and decisions are only ever added: the database refuses the rest."""

from django.db import migrations

GUARD = """
CREATE FUNCTION governance_published_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.status = 'draft' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND (OLD.status = 'draft' OR (
        (OLD.name, OLD.number, OLD.source, OLD.document, OLD.digest)
        IS NOT DISTINCT FROM (NEW.name, NEW.number, NEW.source, NEW.document, NEW.digest))) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'A published policy never changes: % is refused.', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER policy_published_stays BEFORE UPDATE OR DELETE ON governance_policyversion
    FOR EACH ROW EXECUTE FUNCTION governance_published_stays();

CREATE FUNCTION governance_decision_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A decision is final: % is refused.', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER decision_stays BEFORE UPDATE OR DELETE ON governance_decision
    FOR EACH ROW EXECUTE FUNCTION governance_decision_stays();
"""
UNDO = """
DROP TRIGGER decision_stays ON governance_decision;
DROP FUNCTION governance_decision_stays();
DROP TRIGGER policy_published_stays ON governance_policyversion;
DROP FUNCTION governance_published_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("governance", "0001_policies_and_approvals")]
    operations = [migrations.RunSQL(GUARD, UNDO)]
