"""The shape of a policy's risk questionnaire: questions, points, and from how many points a tier begins."""

from typing import Any

from projects.models import RiskTier

GATED = (
    "advance:poc", "advance:production_ready", "advance:production",
    "start_run", "register_model", "deploy", "change_traffic", "apply_stack", "grant_data",
)  # fmt: skip
_CODE = {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$"}
_POINTS = {"type": "integer", "minimum": 0, "maximum": 1000}
_TIER = {"enum": list(RiskTier.values)}
_TEXT = {"type": "string", "minLength": 2, "maxLength": 300}


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": required}


_REFERENCES = {"type": "array", "items": _object({"to": _CODE, "at": _TEXT}, ["to", "at"])}
_OPTION = _object(
    {
        "value": _CODE,
        "label": _TEXT,
        "points": _POINTS,
        "tier": {**_TIER, "description": "Whoever chooses this is at least in that tier, whatever the points."},
        "alone": {"type": "boolean", "description": "Cannot be chosen together with another, such as “none of these”."},
        "references": _REFERENCES,
    },
    ["value", "label", "points"],
)
_QUESTION = _object(
    {
        "code": _CODE,
        "question": {"type": "string", "minLength": 5, "maxLength": 300},
        "hint": {"type": "string", "maxLength": 1000},
        "several": {"type": "boolean", "description": "Whether more than one may be chosen; the points are added."},
        "options": {"type": "array", "items": _OPTION, "minItems": 2, "maxItems": 30},
        "references": _REFERENCES,
    },
    ["code", "question", "options"],
)
_TIERS = _object(
    {
        "tier": _TIER,
        "from": {**_POINTS, "description": "The fewest points of this tier."},
        "title": {"type": "string", "minLength": 2, "maxLength": 60},
        "means": {"type": "string", "maxLength": 1000},
        "forbidden": {"type": "boolean", "description": "Nothing may be done in this tier."},
    },
    ["tier", "from", "title"],
)
RISK = {
    **_object(
        {
            "title": {"type": "string", "minLength": 3, "maxLength": 120},
            "questions": {"type": "array", "items": _QUESTION, "minItems": 1, "maxItems": 40},
            "tiers": {"type": "array", "items": _TIERS, "minItems": 1, "description": "From the mildest upwards."},
            "required_for": {
                "type": "array",
                "uniqueItems": True,
                "items": {"enum": list(GATED)},
                "description": "What is closed while the tier is not known; everything when it is left out.",
            },
            "reopened_by": {
                "type": "array",
                "uniqueItems": True,
                "items": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}([.][a-z0-9_]{1,60})?$"},
                "description": "Answers or their fields that change what the project is: the tier is asked again.",
            },
        },
        ["title", "questions", "tiers"],
    ),
    "description": "The questionnaire that gives a project its risk tier, and its scoring.",
}
