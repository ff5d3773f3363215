"""What others have learnt about something similar."""

from dataclasses import dataclass

from django.contrib.postgres.search import SearchQuery, SearchRank, SearchVector
from django.db.models import Exists, OuterRef, Prefetch, Q, prefetch_related_objects

from coe_portal.core.models import User
from projects.models import Lesson, Project
from projects.models.lessons import LESSON_WORDS, LessonQuerySet
from projects.models.project import WORDS
from projects.similar import Candidate, sharing_words

MOST, CANDIDATES, OF_ONE = 4, 50, 3
SIMILAR, SAME_THING = "From a similar project", "About the same thing"
WORDS_OF_PROJECT = SearchVector("project__name", "project__summary", config="english")


@dataclass(frozen=True)
class Known:
    """A lesson and why it is shown.

    Attributes:
        may_open: the reader may see the lesson's project, too; the lesson itself is for everybody.
    """

    lesson: Lesson
    reason: str
    may_open: bool


def lessons_alike(reader: User, text: str, *, besides: int | None = None) -> list[Known]:
    """At most four lessons that help whoever begins what ``text`` describes, the best first, in one query.

    A lesson fits when it shares words with the text, or when its project's name and summary do. Lessons are written for
    everybody, so the reader only makes a difference for what becomes a link.
    """
    query = sharing_words(" ".join(text.split())[:400])
    if not query:
        return []
    words = SearchQuery(query, search_type="raw", config="english")
    openable = Project.objects.visible_to(reader).filter(pk=OuterRef("project"))
    rows = (
        _candidates(words, [] if besides is None else [besides])
        .annotate(is_similar=Q(about=words), may_open=Exists(openable))
        .annotate(rank=SearchRank(LESSON_WORDS, words), fit=SearchRank(WORDS_OF_PROJECT, words))
    )
    best = sorted(rows, key=lambda row: (row.fit * row.is_similar + row.rank, row.pk), reverse=True)[:MOST]
    return [Known(row, SIMILAR if row.is_similar else SAME_THING, row.may_open) for row in best]


def _candidates(words: SearchQuery, own: list[int]) -> LessonQuerySet:
    """The newest lessons that say it, and the newest of the newest projects that do.

    They are found apart and put together, because each has an index and PostgreSQL uses neither for both at once.
    """
    others = Lesson.objects.exclude(project__in=own)
    alike = Project.objects.alias(words=WORDS).filter(words=words).exclude(pk__in=own).order_by("-id")
    saying = others.alias(said=LESSON_WORDS).filter(said=words).order_by("-id")
    of_alike = others.filter(project__in=alike.values("pk")[:CANDIDATES]).order_by("-id")
    found = saying.values("pk")[:CANDIDATES].union(of_alike.values("pk")[:CANDIDATES])
    return Lesson.objects.for_list().alias(about=WORDS_OF_PROJECT).filter(pk__in=found)


def with_lessons(found: list[Candidate]) -> list[Candidate]:
    """The same projects, each with its newest lessons as ``project.newest_lessons``."""
    newest = Prefetch("lessons", Lesson.objects.order_by("-id")[:OF_ONE], to_attr="newest_lessons")
    prefetch_related_objects([item.project for item in found], newest)
    return found
