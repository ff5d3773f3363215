"""The shape of a policy document, as a JSON Schema that clients may use too."""

from coe_portal.core.models import ApproverGroup, SiteRole
from governance.policies import closing
from governance.policies.intake_schema import INTAKE
from governance.policies.risk_schema import RISK
from governance.policies.shapes import CODE, object_of
from projects.models import DataClassification, LessonKind, ProjectRole, RiskTier, Stage, WorkArea
from projects.models.team import GAP_CODES

ACTIONS = ("start_run", "register_model", "deploy", "change_traffic", "apply_stack", "grant_data")
SEVERITIES = ("low", "medium", "high", "critical")
EVIDENCE_KINDS = ("file", "link", "run_metric", "dataset", "approval")
ENVIRONMENT_KINDS = ("local", "sandbox", "dev", "staging", "prod")
_STAGES = {"type": "array", "items": {"enum": list(Stage.values)}, "minItems": 1}
_HOLDER = {
    "site_role": {"enum": list(SiteRole.values)},
    "group": {"enum": list(ApproverGroup.values)},
    "person": {
        "enum": ["sponsor", "owner", "deploy_authority", "data_owner"],
        "description": "data_owner is who owns the data set that is asked for; only rules for grant_data know one.",
    },
    "project_role": {"enum": list(ProjectRole.values)},
    "accountable": {
        "enum": list(WorkArea.values),
        "description": "Who is accountable for this area of work in the project, named by somebody else.",
    },
}
_CONDITION = {
    "type": "object",
    "additionalProperties": False,
    "description": "Every condition must be met; a fact that is not known meets all of them.",
    "properties": {
        "amount": {
            "type": "object",
            "additionalProperties": False,
            "minProperties": 1,
            "properties": {"min": {"type": "number", "minimum": 0}, "max": {"type": "number", "minimum": 0}},
        },
        "data_classification": {"type": "array", "items": {"enum": list(DataClassification.values)}},
        "risk_tier": {"type": "array", "items": {"enum": list(RiskTier.values)}},
        "environment_kind": {"type": "array", "items": {"enum": list(ENVIRONMENT_KINDS)}},
    },
}

_DAY = {"type": "string", "format": "date"}
_POINTERS = {
    "type": "array",
    "minItems": 1,
    "description": "Where it comes from: a source of the policy's references and the place in it.",
    "items": object_of({"to": CODE, "at": {"type": "string", "minLength": 1, "maxLength": 120}}, ["to", "at"]),
}
_REFERENCE = object_of(
    {
        "code": CODE,
        "title": {"type": "string", "minLength": 3, "maxLength": 200},
        "short": {"type": "string", "minLength": 2, "maxLength": 30, "description": "Its name where space is short."},
        "url": {"type": "string", "pattern": "^https://", "maxLength": 500},
        "as_of": {**_DAY, "description": "The day on which somebody read the source last."},
        "note": {"type": "string", "maxLength": 1000},
        "dates": {
            "type": "array",
            "items": object_of(
                {"day": _DAY, "what": {"type": "string", "minLength": 3, "maxLength": 300}, "at": {"type": "string"}},
                ["day", "what"],
            ),
        },
    },
    ["code", "title", "url", "as_of"],
)
_CRITERION = object_of(
    {
        "code": CODE,
        "step": {"type": "integer", "minimum": 1, "maximum": 7},
        "short": {"type": "string", "minLength": 2, "maxLength": 60},
        "question": {"type": "string", "minLength": 5, "maxLength": 200},
        "hint": {"type": "string", "maxLength": 1000},
        "weight": {"type": "integer", "minimum": 1, "maximum": 100},
        "answer_schema": {"type": "object", "required": ["type", "properties"]},
        "evidence": {
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"enum": list(EVIDENCE_KINDS)},
            "description": "One piece of one of these kinds is needed; none when it is left out.",
        },
        "verdict": {
            "enum": ["required", "optional"],
            "description": "Whether somebody else must accept it before a gate counts it; optional when left out.",
        },
        "expires_after_days": {
            "type": "integer",
            "minimum": 1,
            "maximum": 3650,
            "description": "Days after which an accepted answer has to be given again; never when it is left out.",
        },
        "owner_role": {
            "enum": list(ProjectRole.values),
            "description": "Who of the team answers for it, unless a person is named.",
        },
        "only_for": {
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"enum": list(RiskTier.values)},
            "description": "Gates ask it of these risk tiers, and of an unknown one; of every tier when left out.",
        },
        "references": _POINTERS,
    },
    ["code", "step", "short", "question", "weight", "answer_schema"],
)
_HELD_BY = {**object_of(_HOLDER, []), "minProperties": 1, "maxProperties": 1}
_EXPIRY = {
    "type": "integer",
    "minimum": 1,
    "maximum": 365,
    "description": "Days after which an undecided request expires. It is never approved by time.",
}
_STEP = {
    **object_of(
        {
            "name": {"type": "string", "minLength": 2, "maxLength": 60},
            **_HOLDER,
            "needed": {"type": "integer", "minimum": 1, "maximum": 9},
            "days": {"type": "integer", "minimum": 1, "maximum": 90},
            "order": {
                "type": "integer",
                "minimum": 1,
                "maximum": 20,
                "description": "Steps with the same number run in parallel, numbers in sequence.",
            },
            "remind": {"type": "boolean", "description": "Remind at half time; true when it is left out."},
            "escalate_to": {**_HELD_BY, "description": "Who may decide it too when the days are over."},
            "fallback": {**_HELD_BY, "description": "Who decides when too few of the holders may."},
            "fields": {
                "type": "array",
                "minItems": 1,
                "uniqueItems": True,
                "items": {"type": "string", "pattern": "^[a-z][a-z0-9_]*([.][a-z0-9_]+)*$"},
                "description": "Parts of the specification that this step answers for; all of it when left out.",
            },
            "when": _CONDITION,
        },
        ["name", "needed", "days"],
    ),
    "oneOf": [{"required": [name]} for name in _HOLDER],
}
_STEPS = {"type": "array", "items": _STEP, "minItems": 1}
_RULE = object_of(
    {
        "action": {
            "type": "string",
            "pattern": "^[a-z][a-z_]*(:[a-z_]+)*$",
            "maxLength": 60,
            "description": "Such as advance:poc, extend_poc, break_glass, waive, grant_data.",
        },
        "when": _CONDITION,
        "steps": _STEPS,
        "expires_after_days": _EXPIRY,
    },
    ["action", "steps"],
)
_GATE = object_of(
    {
        "name": CODE,
        "title": {"type": "string", "maxLength": 120},
        "from": {"enum": list(Stage.values)},
        "to": {"enum": list(Stage.values)},
        "criteria": {"type": "array", "items": CODE, "uniqueItems": True},
        "approvals": _STEPS,
        "expires_after_days": _EXPIRY,
    },
    ["name", "title", "from", "to", "criteria", "approvals"],
)
_ACTION = object_of(
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
_POC_CLOCK = object_of(
    {
        "warn_at_percent": {
            "type": "integer",
            "minimum": 1,
            "maximum": 99,
            "description": "Share of time or money at which owner and sponsor are told; 80 when it is left out.",
        },
        "decision_holds_days": {
            "type": "integer",
            "minimum": 1,
            "maximum": 365,
            "description": "Days for which go or pivot lets work go on after the end; 30 when it is left out.",
        },
    },
    [],
)
_TEAM = {
    **object_of(
        {
            "most_areas": {
                "type": "integer",
                "minimum": 1,
                "maximum": len(WorkArea.values),
                "description": "Areas of work that one person may be accountable for; more is named as a gap.",
            },
            "gates": {
                "type": "object",
                "description": "For the name of a gate, the gaps in the team that close it.",
                "additionalProperties": {
                    "type": "array",
                    "uniqueItems": True,
                    "items": {"enum": list(GAP_CODES)},
                },
            },
        },
        [],
    ),
    "description": "What a team must be.",
}
POLICY_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "CoE Portal policy",
    **object_of(
        {
            "name": CODE,
            "title": {"type": "string", "minLength": 3, "maxLength": 120},
            "separation_of_duties": {
                "type": "array",
                "items": {"enum": ["requester", "author"]},
                "contains": {"const": "requester"},
            },
            "fallback_approver": {
                **object_of({name: _HOLDER[name] for name in ("site_role", "group")}, []),
                "minProperties": 1,
                "maxProperties": 1,
            },
            "team": _TEAM,
            "references": {
                "type": "array",
                "items": _REFERENCE,
                "description": "Laws and frameworks, with their dates.",
            },
            "risk": RISK,
            "criteria": {"type": "array", "items": _CRITERION, "minItems": 1},
            "intake": INTAKE,
            "gates": {"type": "array", "items": _GATE, "minItems": 1},
            "approvals": {"type": "array", "items": _RULE},
            "poc_clock": {**_POC_CLOCK, "description": "The clock of a proof of concept."},
            "actions": object_of(dict.fromkeys(ACTIONS, _ACTION), ["start_run"]),
            **closing.schema(Stage.values, LessonKind.values, SEVERITIES, ACTIONS),
        },
        ["name", "title", "separation_of_duties", "criteria", "gates", "actions"],
    ),
}
