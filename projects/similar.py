"""Projects like the one that somebody is typing: first by shared words, then by the similarity of name and summary."""

import re
from dataclasses import dataclass
from itertools import combinations

from django.contrib.postgres.search import SearchQuery, TrigramWordSimilarity
from django.db.models.functions import Greatest

from coe_portal.core.models import User
from projects.models import Project
from projects.models.project import WORDS

THRESHOLD, MOST = 0.35, 5
TELLING, CANDIDATES, SHOWN = 8, 100, 4
COMMON = frozenset(
    (
        "about",
        "also",
        "from",
        "have",
        "into",
        "more",
        "than",
        "that",
        "their",
        "them",
        "these",
        "they",
        "this",
        "those",
        "with",
    )
)


@dataclass(frozen=True)
class Candidate:
    """A similar project, its score from 0 to 1, and why it is shown."""

    project: Project
    score: float
    reason: str


def similar_projects(user: User, text: str, *, besides: int | None = None) -> list[Candidate]:
    """At most five visible projects whose name or summary resemble ``text``, best first.

    Similarity is dear (up to 0.2 ms a project), so it is computed for the newest 100 that share words with the text.
    """
    typed = " ".join(text.split())[:400]
    query = sharing_words(typed)
    if len(typed) < 4 or not query:
        return []
    visible = Project.objects.visible_to(user).exclude(pk__in=[] if besides is None else [besides])
    sharing = visible.alias(words=WORDS).filter(words=SearchQuery(query, search_type="raw", config="english"))
    candidates = list(sharing.order_by("-id").values_list("pk", flat=True)[:CANDIDATES])
    by_name, by_summary = TrigramWordSimilarity(typed, "name"), TrigramWordSimilarity(typed, "summary")
    rows = (
        Project.objects.filter(pk__in=candidates)
        .annotate(by_name=by_name, by_summary=by_summary, score=Greatest(by_name, by_summary))
        .filter(score__gte=THRESHOLD)
        .order_by("-score", "-id")[:MOST]
    )
    return [Candidate(row, round(row.score, 2), reason(typed, row.name, row.summary)) for row in rows]


def sharing_words(text: str) -> str:
    """A query for what shares two words with the text, of its eight longest; one when it has only two or fewer.

    Words match from their beginning, because the last one may still be being typed.
    """
    words = sorted(
        {word for word in re.findall(r"\w+", text.lower()) if len(word) > 2}, key=lambda word: (-len(word), word)
    )
    telling = [f"{word}:*" for word in words[:TELLING]]
    if len(telling) < 3:
        return " | ".join(telling)
    return " | ".join(f"({one} & {other})" for one, other in combinations(telling, 2))


def reason(typed: str, name: str, summary: str) -> str:
    """Why a project is shown: the words that it shares with what is typed, and where they stand."""
    words = _words(typed)
    in_name = [word for word in _words(name) if _is_shared(word, words)]
    in_summary = [word for word in _words(summary) if _is_shared(word, words) and word not in in_name]
    places = [
        f"{', '.join(f'“{word}”' for word in found[:SHOWN])} in its {place}"
        for found, place in ((in_name, "name"), (in_summary, "summary"))
        if found
    ]
    return f"Shares {' and '.join(places)}." if places else "Names or summaries are spelt alike."


def _words(text: str) -> list[str]:
    found = dict.fromkeys(word for word in re.findall(r"\w+", text.lower()) if len(word) > 3)
    return [word for word in found if word not in COMMON]


def _is_shared(word: str, typed: list[str]) -> bool:
    """Whether it was typed, or is the beginning or a longer form of a word that was."""
    return any(word.startswith(other) or other.startswith(word) for other in typed)
