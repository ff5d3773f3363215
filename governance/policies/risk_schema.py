"""The shape of a policy's risk questionnaire: questions, points, and from how many points a tier begins."""

from governance.policies.shapes import CODE, object_of
from projects.models import RiskTier

GATED = (
    "advance:poc", "advance:production_ready", "advance:production",
    "start_run", "register_model", "deploy", "change_traffic", "apply_stack", "grant_data",
)  # fmt: skip
_POINTS = {"type": "integer", "minimum": 0, "maximum": 1000}
_TIER = {"enum": list(RiskTier.values)}
_TEXT = {"type": "string", "minLength": 2, "maxLength": 300}
_REFERENCES = {"type": "array", "items": object_of({"to": CODE, "at": _TEXT}, ["to", "at"])}
_OPTION = object_of(
    {
        "value": CODE,
        "label": _TEXT,
        "points": _POINTS,
        "tier": {**_TIER, "description": "Whoever chooses this is at least in that tier, whatever the points."},
        "alone": {"type": "boolean", "description": "Cannot be chosen together with another, such as “none of these”."},
        "references": _REFERENCES,
    },
    ["value", "label", "points"],
)
_QUESTION = object_of(
    {
        "code": CODE,
        "question": {"type": "string", "minLength": 5, "maxLength": 300},
        "hint": {"type": "string", "maxLength": 1000},
        "several": {"type": "boolean", "description": "Whether more than one may be chosen; the points are added."},
        "options": {"type": "array", "items": _OPTION, "minItems": 2, "maxItems": 30},
        "references": _REFERENCES,
    },
    ["code", "question", "options"],
)
_TIERS = object_of(
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
    **object_of(
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
