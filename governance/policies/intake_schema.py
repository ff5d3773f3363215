"""The shape of what a policy says of intakes: concepts, and the anchored scales of reviewers."""

from governance.policies.scoring import DIMENSIONS, HIGHEST
from governance.policies.shapes import CODE, object_of

CONCEPT = ("off", "optional", "required")
_SCALE = object_of(
    {
        "code": {"enum": list(DIMENSIONS)},
        "title": {"type": "string", "minLength": 2, "maxLength": 60},
        "question": {"type": "string", "minLength": 5, "maxLength": 200},
        "weight": {"type": "integer", "minimum": 0, "maximum": 100},
        "anchors": {
            "type": "array",
            "minItems": HIGHEST,
            "maxItems": HIGHEST,
            "items": {"type": "string", "minLength": 3, "maxLength": 160},
            "description": "What 1, 2, 3, 4 and 5 mean; more is better on every scale.",
        },
    },
    ["code", "title", "question", "weight", "anchors"],
)
INTAKE = object_of(
    {
        "concept": {
            "enum": list(CONCEPT),
            "description": "Whether an idea is sent as a short concept first: off, optional or required.",
        },
        "concept_questions": {"type": "array", "items": CODE, "uniqueItems": True, "maxItems": 8},
        "explain_similar_from": {
            "type": "number",
            "minimum": 0.35,
            "maximum": 1,
            "description": "From this similarity on the team says why it does not join; nothing when left out.",
        },
        "scales": {"type": "array", "items": _SCALE, "description": "One of each dimension."},
    },
    ["scales"],
)
