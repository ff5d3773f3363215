"""What is sent to each command, and to which row, so that only the right of the sender decides."""

from typing import Any

from governance.services import policies
from tests.factories import ANSWERS

DEV = {
    "name": "dev", "kind": "dev", "account_id": "123456789012", "region": "eu-west-1", "bucket": "coe-dev",
    "execution_role_arn": "arn:aws:iam::123456789012:role/train",
}  # fmt: skip
DEV_FORM = DEV | {"images": "{}", "access": "all_projects", "currency": "USD"}
WISH = {"project": "{key}", "environment": "local", "template": "tabular-classifier"}
WISH_FORM = WISH | {
    "instance_type": "ml.m5.large", "instance_count": 1, "max_minutes": 10, "request_key": "once",
}  # fmt: skip
VERDICT = {"verdict": "approve", "comment": "Read and agreed."}
NOTE = {"kind": "note", "title": "A note", "note": "Two assessors agreed."}
DUTY = {"member": "{member}", "work_area": "model_training", "kind": "informed"}
CHALLENGE = {f"challenge-{name}": value + " Every day." for name, value in ANSWERS["challenge"].items()} | {
    "challenge-ml_needed": "yes"
}
LESSON = {
    "kind": "failed", "title": "Too few night photos",
    "text": "Only one photo in forty was taken at night; ask for them early.",
}  # fmt: skip
TODAY = {"starts_on": "{today}", "ends_on": "{today}"}
ASIDE = {"to": "devops", "scope": "all", **TODAY}
GLASS = {
    "action": "start_run",
    "environment": "",
    "hours": 2,
    "reason": "The line stands still until it is trained again.",
}
WAIVER = {"ends_on": "{today}", "reason": "The laboratory answers only in March; nothing is released until then."}
GO = {"decision": "go", "reason": "The target is reached on fresh data."}
WRONG = {"reason": "It is of another year."}
DATA = {
    "name": "weather", "business_unit": "{unit}", "classification": "public", "location": "s3://data/weather/",
    "owner": "security", "readiness": "ready",
}  # fmt: skip
ASKED = {"dataset": "{unused}", "purpose": "To train the third classifier.", "pattern": "platform_read", "days": 30}
SCORES = {"value": 4, "feasibility": 3, "data_readiness": 3, "risk": 4}
FUND = {"outcome": "fund", "reason": "Worth a proof of concept."}
HANDED = {"owner": "scientist", "reason": "It is about her labels."}
WEIGHTS = {"value": 25, "feasibility": 25, "data_readiness": 25, "risk": 25}
WHY = "Data decides more of our projects than we thought."
APART = {"other": "{asked_project}", "reason": "That one reads scans, this one reads photos of cars."}
SHORT = {"name": "Route planning", "summary": "Plans the routes of assessors for a whole week."}
HARMLESS = {"harm": "nothing", "autonomy": "person", "personal_data": "none", "reach": "hundreds"}

# What is sent where; everything else gets an empty body.
BODIES: dict[str, Any] = {
    "post api/v1/tokens/": {"name": "ci", "scopes": ["read"]},
    "post api/v1/estimates/": WISH,
    "post api/v1/runs/": WISH,
    "post api/v1/environments/": DEV,
    "patch api/v1/environments/{environment}/": {"region": "eu-central-1"},
    "post api/v1/approvals/{approval}/decide/": VERDICT,
    "post api/v1/approvals/{approval}/ask/": {"text": "Who labels it?"},
    "post api/v1/approvals/{approval}/answer/": {"question": "{question}", "text": "Two assessors do."},
    "post api/v1/findings/": {"project": "{key}", "title": "Labels drift", "severity": "medium"},
    "projects/{key}/findings/new/": {"title": "Labels drift", "severity": "medium"},
    "post api/v1/findings/{finding}/resolve/": {"resolution": "Looked at it together."},
    "post api/v1/findings/{finding}/assign/": HANDED,
    "post api/v1/datasets/": DATA,
    "patch api/v1/datasets/{dataset}/": {"readiness": "ready"},
    "post api/v1/data-access/": ASKED | {"project": "{key}"},
    "post api/v1/data-access/{access}/revoke/": {"reason": "Not needed any more."},
    "post api/v1/data-access/{access}/attest-destroyed/": {"statement": "The prefix was emptied by hand."},
    "post api/v1/delegations/": ASIDE,
    "post api/v1/projects/{key}/break-glass/": GLASS,
    "post api/v1/projects/{key}/stop/": {"reason": WHY},
    "post api/v1/projects/{key}/similar/": APART,
    "post api/v1/projects/{key}/join/": {"message": "We label too."},
    "post api/v1/join-requests/{join_id}/decide/": {"accept": True, "roles": ["data_engineer"]},
    "post api/v1/projects/{key}/decide-intake/": FUND,
    "post api/v1/projects/{key}/end-deferral/": {"reason": WHY},
    "post api/v1/projects/{key}/reviews/": {"scores": SCORES},
    "post api/v1/projects/{key}/reviewers/": {"user": "stranger"},
    "post api/v1/projects/{key}/review-questions/{asked_id}/answer/": {"text": "Finance did."},
    "post api/v1/scoring/": {"weights": WEIGHTS, "reason": WHY},
    "post api/v1/lessons/": LESSON | {"project": "{key}"},
    "patch api/v1/lessons/{lesson}/": {"title": "Labels before anything else"},
    "projects/{key}/lessons/": LESSON,
    "post api/v1/policies/": {"source": policies.DEFAULT.read_text()},
    "patch api/v1/policies/{policy}/": {"source": policies.DEFAULT.read_text()},
    "post api/v1/policies/{policy}/migrate/": {"projects": ["{key}"]},
    "post api/v1/projects/{key}/migrate-policy/": {"to": "{other}"},
    "post api/v1/projects/{key}/risk/": {"answers": HARMLESS},
    "policies/new/": {"source": policies.DEFAULT.read_text(), "do": "save"},
    "policies/{policy}/edit/": {"source": policies.DEFAULT.read_text(), "do": "save"},
    "policies/{policy}/projects/": {"project": "{key}"},
    "projects/{key}/migrate-policy/": {"to": "{other}"},
    "projects/{key}/risk/": HARMLESS,
    "post api/v1/projects/": {"name": "Claims triage", "business_unit": "{unit}"},
    "patch api/v1/projects/{key}/": {"summary": "Another summary."},
    "patch api/v1/projects/{key}/checklist/{code}/": {"answer": ANSWERS["value"] | {"low": 1}},
    "post api/v1/projects/{key}/checklist/{code}/evidence/": NOTE,
    "post api/v1/projects/{key}/checklist/{code}/verdict/": {"verdict": "accept"},
    "post api/v1/projects/{key}/checklist/{code}/waive/": WAIVER,
    "post api/v1/projects/{key}/evidence/{evidence}/withdraw/": WRONG,
    "projects/{key}/checklist/{code}/plan/": {"owner": "scientist", "due_on": "{today}"},
    "projects/{key}/checklist/{code}/waivers/": WAIVER,
    "projects/{key}/evidence/{evidence}/withdraw/": WRONG,
    "post api/v1/projects/{key}/poc-decision/": GO,
    "projects/{key}/poc-decision/": GO,
    "post api/v1/projects/{key}/members/": {"user": "devops", "roles": ["devops_engineer"]},
    "patch api/v1/projects/{key}/members/{member}/": {"roles": ["data_engineer"]},
    "post api/v1/projects/{key}/responsibilities/": DUTY,
    "patch api/v1/projects/{key}/responsibilities/{duty}/": {"kind": "informed"},
    "post api/v1/users/{username}/skills/": {"subject": "model_monitoring", "level": 2},
    "post api/v1/saved-views/": {"name": "At risk", "query": "health=at_risk"},
    "patch api/v1/saved-views/{view}/": {"is_shared": True},
    "views/": {"name": "At risk", "query": "health=at_risk"},
    "views/{view}/": {"name": "Mine", "is_shared": "on"},
    "me/skills/": {"data_quality-level": "2"},
    "me/preferences/": {"theme": "dark"},
    "me/theme/": {"theme": "dark"},
    "me/tokens/": {"name": "ci", "scopes": ["read"], "days": 3},
    "approvals/{approval}/decide/": VERDICT,
    "approvals/{approval}/ask/": {"text": "Who labels it?"},
    "approvals/{approval}/answer/{question}/": {"text": "Two assessors do."},
    "conditions/{condition}/meet/": {"note": "It is in the report of March."},
    "findings/{finding}/resolve/": {"resolution": "Looked at it together."},
    "findings/{finding}/assign/": HANDED,
    "datasets/new/": DATA,
    "datasets/{dataset}/edit/": DATA | {"classification": "internal", "location": "s3://data/claims/"},
    "projects/{key}/data/ask/": ASKED,
    "data-access/{access}/revoke/": {"reason": "Not needed any more."},
    "data-access/{access}/attest-destroyed/": {"statement": "The prefix was emptied by hand."},
    "me/delegations/": ASIDE,
    "projects/{key}/break-glass/": GLASS,
    "projects/{key}/stop/": {"reason": WHY},
    "environments/new/": DEV_FORM,
    "environments/{environment}/edit/": DEV_FORM,
    "intake/new/": {"name": "Claims triage", "business_unit": "{unit}"},
    "intake/ranking/": WEIGHTS | {"reason": WHY},
    "intake/{key}/concept/": SHORT,
    "intake/{key}/similar/": APART,
    "intake/{key}/questions/{asked_id}/": {"text": "Finance did."},
    "projects/{key}/join/": {"message": "We label too."},
    "join-requests/{join_id}/decide/": {"verdict": "accept", "roles": "data_engineer"},
    "projects/{key}/qualification/review/": SCORES,
    "projects/{key}/qualification/decide-intake/": FUND,
    "projects/{key}/qualification/end-deferral/": {"reason": WHY},
    "projects/{key}/qualification/reviewers/": {"user": "stranger"},
    "intake/{key}/{slug}/": CHALLENGE,
    "intake/{key}/{slug}/autosave/": CHALLENGE,
    "projects/{key}/checklist/{code}/evidence/": NOTE,
    "projects/{key}/checklist/{code}/verdict/": {"verdict": "accept"},
    "projects/{key}/team/": {"user": "devops", "roles": ["devops_engineer"]},
    "projects/{key}/team/responsibilities/": {"duty-{member}-model_training": "informed"},
    "projects/{key}/runs/new/": WISH_FORM,
    "projects/{key}/runs/estimate/": WISH_FORM,
}

# Commands that need another row than the project in its proof of concept: the end of the address → which.
OTHER_ROWS = {
    "/concept/": {"key": "ready"},
    "/take-back/": {"key": "idea"},
    "/decide-intake/": {"key": "asked_project"},
    "/review/": {"key": "asked_project"},
    "/reviews/": {"key": "asked_project"},
    "/reviewers/": {"key": "asked_project"},
    "/reviewers/{reviewer}/": {"key": "asked_project"},
    "/release/": {"key": "asked_project"},
    "/submit/": {"key": "ready"},
    "projects/{key}/stop/": {"key": "ready"},
    "/verdict/": {"key": "asked_project"},
    "/decide/": {"approval": "asked"},
    "/withdraw/": {"approval": "asked"},
    "/ask/": {"approval": "asked"},
    "/answer/": {"approval": "asked"},
    "/answer/{question}/": {"approval": "asked"},
    "/confirm/": {"key": "expired"},
    "/waive/": {"key": "expired"},
    "/waivers/": {"key": "expired"},
    "/publish/": {"policy": "draft"},
    "/discard/": {"policy": "draft"},
    "/end-deferral/": {"key": "deferred"},
    "/grant/": {"access": "approved"},
    "datasets/{dataset}/remove/": {"dataset": "unused"},
    "policies/{policy}/edit/": {"policy": "draft"},
    "api/v1/policies/{policy}/": {"policy": "draft"},
    "/migrate/": {"policy": "other"},
    "policies/{policy}/projects/": {"policy": "other"},
    "/retry/": {"run": "failed", "number": "failed_number"},
}
