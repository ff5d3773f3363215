"""What others have learnt about something similar."""

from dataclasses import dataclass

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db.models import Q

from projects.models import Lesson, Project
from projects.models.lessons import LESSON_WORDS
from projects.models.project import WORDS
from projects.similar import sharing_words

MOST, CANDIDATES = 4, 50
SIMILAR = "From a similar project"


@dataclass(frozen=True)
class Known:
    """A lesson and why it is shown."""

    lesson: Lesson
    reason: str


def lessons_alike(text: str, *, besides: int | None = None) -> list[Known]:
    """At most four lessons that help whoever begins what ``text`` describes, the best first.

    A lesson fits when it shares words with the text, or when its project's name and summary do. Lessons are written for
    everybody, so it makes no difference who asks.
    """
    query = sharing_words(" ".join(text.split())[:400])
    if not query:
        return []
    words = SearchQuery(query, search_type="raw", config="english")
    own = [] if besides is None else [besides]
    alike = _similar(words, own)
    fits = Q(said=words) | Q(project__in=alike)
    rows = Lesson.objects.for_list().alias(said=LESSON_WORDS).filter(fits).exclude(project__in=own)
    newest = rows.annotate(rank=SearchRank(LESSON_WORDS, words)).order_by("-id")[:CANDIDATES]
    best = sorted(newest, key=lambda row: (alike.get(row.project_id, 0.0) + row.rank, row.pk), reverse=True)[:MOST]
    return [Known(row, SIMILAR if row.project_id in alike else "About the same thing") for row in best]


def _similar(words: SearchQuery, besides: list[int]) -> dict[int, float]:
    """How well the newest projects that share words with the text fit it, by primary key."""
    found = Project.objects.alias(words=WORDS).filter(words=words).exclude(pk__in=besides)
    ranked = found.annotate(rank=SearchRank(WORDS, words)).order_by("-id")
    return dict(ranked.values_list("pk", "rank")[:CANDIDATES])
