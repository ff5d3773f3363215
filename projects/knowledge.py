"""What others have learnt about something similar."""

from dataclasses import dataclass

from django.contrib.postgres.search import SearchQuery
from django.db.models import Case, IntegerField, Q, Value, When

from projects.models import Lesson, Project
from projects.models.lessons import LESSON_WORDS
from projects.models.project import WORDS
from projects.similar import sharing_words

MOST, ALIKE = 4, 50


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
    projects = Project.objects.alias(words=WORDS).filter(words=words).exclude(pk__in=own).order_by("-id")
    alike = list(projects.values_list("pk", flat=True)[:ALIKE])
    says = Q(said=words)
    rows = (
        Lesson.objects.for_list()
        .alias(said=LESSON_WORDS)
        .filter(says | Q(project__in=alike))
        .exclude(project__in=own)
        .annotate(fits=Case(When(project__in=alike, then=Value(1)), default=Value(0), output_field=IntegerField()))
        .order_by("-fits", "-id")[:MOST]
    )
    return [Known(row, "From a similar project" if row.fits else "About the same thing") for row in rows]
