"""What people can do: said by themselves, corrected by CoE leads, and who could help where a team has a gap."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from coe_portal.core import audit
from coe_portal.core.errors import InvalidInput, NotAllowed, NotFound
from coe_portal.core.models import User
from projects.coverage import Gap
from projects.models import Member, Skill, SkillLevel
from projects.models.skills import DOMAIN_KNOWLEDGE, SUBJECTS

SHOWN_HELPERS = 3
MAX_NOTE = 120


@dataclass(frozen=True)
class Helper:
    """Somebody who could fill a gap, with how well they know the work."""

    person: User
    level: int
    note: str
    in_team: bool

    @property
    def level_name(self) -> str:
        """The level in one word."""
        return str(SkillLevel(self.level).label).partition(":")[0].lower()


@transaction.atomic
def set_skill(*, username: str, subject: str, level: int, note: str = "", actor: User) -> Skill | None:
    """Say how well a person knows an area of work; level 0 takes it away.

    Raises NotFound, NotAllowed (only the person and CoE leads), InvalidInput.
    """
    person = User.objects.people().filter(username=username).select_for_update().first()
    if person is None:
        raise NotFound("There is no such colleague.")
    if actor.pk != person.pk and not actor.is_lead:
        raise NotAllowed(f"Only {person} and CoE leads say what {person} can do.")
    words = " ".join(note.split())
    _check(subject, level, words)
    known = Skill.objects.filter(person=person, subject=subject).first()
    before = {"level": known.level, "note": known.note} if known else None
    after = {"level": level, "note": words} if level else None
    if before == after:
        return known
    if after is None:
        _forget(known, before, actor)
        return None
    values = after | {"said_by": actor, "said_at": timezone.now()}
    skill, _ = Skill.objects.update_or_create(person=person, subject=subject, defaults=values)
    audit.record(actor=actor, action="skill.set", subject=skill, before=before, after=after)
    return skill


def _forget(known: Skill | None, before: Mapping[str, object] | None, actor: User) -> None:
    if known is not None:
        audit.record(actor=actor, action="skill.removed", subject=known, before=before)
        known.delete()


def _check(subject: str, level: int, note: str) -> None:
    errors: dict[str, list[str]] = {}
    if subject not in dict(SUBJECTS):
        errors["subject"] = [f"Choose one of {', '.join(code for code, _ in SUBJECTS)}."]
    if level not in (0, *SkillLevel.values):
        errors["level"] = ["Choose 1 (basic), 2 (practised) or 3 (expert); 0 takes it away."]
    if len(note) > MAX_NOTE:
        errors["note"] = [f"Shorten this to at most {MAX_NOTE} characters."]
    if errors:
        raise InvalidInput(errors)


@transaction.atomic
def save_all(*, username: str, wanted: Mapping[str, tuple[int, str]], actor: User) -> None:
    """Save every subject of a form, all or nothing; ``wanted`` holds level and note by subject."""
    for subject, (level, note) in wanted.items():
        set_skill(username=username, subject=subject, level=level, note=note, actor=actor)


def subject_of(gap: Gap) -> str:
    """The skill that fills the gap; empty when none does."""
    return DOMAIN_KNOWLEDGE if gap.code == "no_domain_expert" else gap.work_area


def who_could_help(gaps: Iterable[Gap], members: Iterable[Member]) -> dict[str, list[Helper]]:
    """By subject, the colleagues who know most about it; members of the team are marked. One query."""
    subjects, team = {subject_of(gap) for gap in gaps} - {""}, {member.user_id for member in members}
    if not subjects:
        return {}
    best = Window(RowNumber(), partition_by=F("subject"), order_by=[F("level").desc(), F("id").asc()])
    rows = Skill.objects.of_colleagues().filter(subject__in=subjects).annotate(place=best)
    found: dict[str, list[Helper]] = {}
    for row in rows.filter(place__lte=SHOWN_HELPERS).select_related("person").order_by("subject", "place"):
        helper = Helper(row.person, row.level, row.note, row.person_id in team)
        found.setdefault(row.subject, []).append(helper)
    return found
