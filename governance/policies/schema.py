"""The shape of a policy document, as a JSON Schema that clients may use too."""

from typing import Any

from coe_portal.core.models import ApproverGroup, SiteRole
from projects.models import DataClassification, ProjectRole, RiskTier, Stage

ACTIONS = ("start_run", "register_model", "deploy", "change_traffic", "apply_stack", "grant_data")
ENVIRONMENT_KINDS = ("local", "sandbox", "dev", "staging", "prod")
_CODE = {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$"}
_STAGES = {"type": "array", "items": {"enum": list(Stage.values)}, "minItems": 1}
_HOLDER = {
    "site_role": {"enum": list(SiteRole.values)},
    "group": {"enum": list(ApproverGroup.values)},
    "person": {"enum": ["sponsor", "owner", "deploy_authority"]},
}
_CONDITION = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "data_classification": {"type": "array", "items": {"enum": list(DataClassification.values)}},
        "risk_tier": {"type": "array", "items": {"enum": list(RiskTier.values)}},
    },
}


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": required}


_CRITERION = _object(
    {
        "code": _CODE,
        "step": {"type": "integer", "minimum": 1, "maximum": 7},
        "short": {"type": "string", "minLength": 2, "maxLength": 60},
        "question": {"type": "string", "minLength": 5, "maxLength": 200},
        "hint": {"type": "string", "maxLength": 1000},
        "weight": {"type": "integer", "minimum": 1, "maximum": 100},
        "answer_schema": {"type": "object", "required": ["type", "properties"]},
    },
    ["code", "step", "short", "question", "weight", "answer_schema"],
)
_APPROVAL = {
    **_object(
        {
            "name": {"type": "string", "minLength": 2, "maxLength": 60},
            **_HOLDER,
            "needed": {"type": "integer", "minimum": 1, "maximum": 9},
            "days": {"type": "integer", "minimum": 1, "maximum": 90},
            "when": _CONDITION,
        },
        ["name", "needed", "days"],
    ),
    "oneOf": [{"required": [name]} for name in _HOLDER],
}
_GATE = _object(
    {
        "name": _CODE,
        "title": {"type": "string", "maxLength": 120},
        "from": {"enum": list(Stage.values)},
        "to": {"enum": list(Stage.values)},
        "criteria": {"type": "array", "items": _CODE, "uniqueItems": True},
        "approvals": {"type": "array", "items": _APPROVAL, "minItems": 1},
    },
    ["name", "title", "from", "to", "criteria", "approvals"],
)
_ACTION = _object(
    {
        "stages": _STAGES,
        "stages_by_environment": {
            "type": "object",
            "additionalProperties": False,
            "properties": dict.fromkeys(ENVIRONMENT_KINDS, _STAGES),
        },
        "roles": {"type": "array", "items": {"enum": list(ProjectRole.values)}, "minItems": 1},
        "within_poc_dates": {"type": "boolean"},
    },
    ["stages", "roles"],
)
POLICY_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "CoE Portal policy",
    **_object(
        {
            "name": _CODE,
            "title": {"type": "string", "minLength": 3, "maxLength": 120},
            "separation_of_duties": {
                "type": "array",
                "items": {"enum": ["requester", "author"]},
                "contains": {"const": "requester"},
            },
            "fallback_approver": {
                **_object({name: _HOLDER[name] for name in ("site_role", "group")}, []),
                "minProperties": 1,
                "maxProperties": 1,
            },
            "criteria": {"type": "array", "items": _CRITERION, "minItems": 1},
            "gates": {"type": "array", "items": _GATE, "minItems": 1},
            "actions": _object(dict.fromkeys(ACTIONS, _ACTION), ["start_run"]),
        },
        ["name", "title", "separation_of_duties", "criteria", "gates", "actions"],
    ),
}
