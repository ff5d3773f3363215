"""Does somebody answer for every area of work, and does nobody answer for too much? Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from projects.models.team import ProjectRole, ResponsibilityKind, WorkArea

# How many areas one person may be accountable for where the policy does not say.
MOST_AREAS = 5


@dataclass(frozen=True)
class MemberFacts:
    """A member as the rules see one: roles, and kind by work area. Who is not active any more fills no place."""

    member_id: str
    name: str
    roles: tuple[str, ...]
    responsibilities: dict[str, str]
    person: int = 0
    is_active: bool = True


@dataclass(frozen=True)
class Gap:
    """Something the team lacks, with the sentence for people. ``blocks`` are titles of gates that wait for it."""

    code: str
    message: str
    how_to_fix: str
    work_area: str = ""
    blocks: tuple[str, ...] = ()


@dataclass(frozen=True)
class TeamRules:
    """What a policy says about teams: the most areas of one person, and the gates that wait for each code of gap."""

    most_areas: int = MOST_AREAS
    blocks: Mapping[str, tuple[str, ...]] | None = None

    def of(self, gap: Gap) -> Gap:
        """The gap with the gates that wait for it."""
        return replace(gap, blocks=tuple((self.blocks or {}).get(gap.code, ())))


def gaps(members: Iterable[MemberFacts], most_areas: int = MOST_AREAS) -> list[Gap]:
    """Missing domain expert, areas nobody is accountable for, areas with two accountable people, too much on one."""
    everybody = list(members)
    team = [member for member in everybody if member.is_active]
    found = []
    if not any(ProjectRole.DOMAIN_EXPERT in member.roles for member in team):
        found.append(
            Gap("no_domain_expert", "No domain expert is in the team.", "Add the person who knows the process.")
        )
    accountable = {area: _accountable(team, area) for area in WorkArea.values}
    found += [gap for area, people in accountable.items() if (gap := _of_area(area, people))]
    found += _too_much([name for people in accountable.values() for name in people], accountable, most_areas)
    found += [_left(member) for member in everybody if not member.is_active]
    return found


def _accountable(team: list[MemberFacts], area: str) -> list[str]:
    return [m.name for m in team if m.responsibilities.get(area) == ResponsibilityKind.ACCOUNTABLE]


def _of_area(area: str, people: list[str]) -> Gap | None:
    label = str(WorkArea(area).label).lower()
    if not people:
        sentence = f"Nobody is accountable for {label}."
        return Gap("nobody_accountable", sentence, "Name one accountable person.", area)
    if len(people) > 1:
        sentence = f"{' and '.join(people)} are both accountable for {label}."
        return Gap("two_accountable", sentence, "Keep one of them accountable.", area)
    return None


def _too_much(names: list[str], accountable: Mapping[str, list[str]], most_areas: int) -> Iterator[Gap]:
    if len(set(names)) == 1 and all(accountable.values()):
        yield Gap("one_for_all", f"{names[0]} is accountable for everything.", "Share the areas with colleagues.")
        return
    for name, areas in Counter(names).items():
        if areas > most_areas:
            sentence = f"{name} is accountable for {areas} of the {len(WorkArea.values)} areas."
            yield Gap("overloaded", sentence, f"Share them: one person answers for {most_areas} at most.")


def _left(member: MemberFacts) -> Gap:
    sentence = f"{member.name} is in the team but has no active account any more."
    return Gap("inactive_member", sentence, "Give what they answered for to colleagues, then remove them.")


def summarised(found: Iterable[Gap]) -> list[Gap]:
    """One gap a code: the areas that nobody is accountable for become one sentence."""
    by_code: dict[str, list[Gap]] = {}
    for gap in found:
        by_code.setdefault(gap.code, []).append(gap)
    return [_together(group) for group in by_code.values()]


def _together(group: list[Gap]) -> Gap:
    if len(group) == 1:
        return group[0]
    if group[0].code == "nobody_accountable":
        areas = [str(WorkArea(gap.work_area).label).lower() for gap in group]
        sentence = f"Nobody is accountable for {', '.join(areas[:-1])} and {areas[-1]}."
        return replace(group[0], message=sentence, how_to_fix="Name one accountable person for each.", work_area="")
    return replace(group[0], message=" ".join(gap.message for gap in group), work_area="")
