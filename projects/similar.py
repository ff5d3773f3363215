"""Projects like the one that somebody is typing: trigram similarity of name and summary."""

from dataclasses import dataclass

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db.models.functions import Greatest

from coe_portal.core.models import User
from projects.models import Project

THRESHOLD, MOST = 0.35, 5


@dataclass(frozen=True)
class Candidate:
    """A similar project, its score from 0 to 1, and why it is shown."""

    project: Project
    score: float
    reason: str


def similar_projects(user: User, text: str, *, besides: int | None = None) -> list[Candidate]:
    """At most five visible projects whose name or summary resemble ``text``, best first."""
    words = " ".join(text.split())[:400]
    if len(words) < 4:
        return []
    by_name, by_summary = TrigramWordSimilarity(words, "name"), TrigramWordSimilarity(words, "summary")
    rows = (
        Project.objects.visible_to(user)
        .exclude(pk__in=[] if besides is None else [besides])
        .annotate(by_name=by_name, by_summary=by_summary, score=Greatest(by_name, by_summary))
        .filter(score__gte=THRESHOLD)
        .order_by("-score", "-id")[:MOST]
    )
    return [Candidate(row, round(row.score, 2), _reason(row.by_name, row.by_summary)) for row in rows]


def _reason(by_name: float, by_summary: float) -> str:
    return "The names are alike." if by_name >= by_summary else "The summaries are alike."
