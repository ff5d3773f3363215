"""Does somebody answer for every area of work? Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from projects.models.team import ProjectRole, ResponsibilityKind, WorkArea


@dataclass(frozen=True)
class MemberFacts:
    """A member as the rules see one: roles, and kind by work area."""

    member_id: str
    name: str
    roles: tuple[str, ...]
    responsibilities: Mapping[str, str]


@dataclass(frozen=True)
class Gap:
    """Something the team lacks, with the sentence for people."""

    code: str
    message: str
    how_to_fix: str
    work_area: str = ""


def gaps(members: Iterable[MemberFacts]) -> list[Gap]:
    """Missing domain expert, areas nobody is accountable for, areas with two accountable people, one person for all."""
    team = list(members)
    found = []
    if not any(ProjectRole.DOMAIN_EXPERT in member.roles for member in team):
        found.append(
            Gap("no_domain_expert", "No domain expert is in the team.", "Add the person who knows the process.")
        )
    accountable = {area: _accountable(team, area) for area in WorkArea.values}
    for area, people in accountable.items():
        label = str(dict(WorkArea.choices)[area])
        if not people:
            found.append(
                Gap(
                    "nobody_accountable",
                    f"Nobody is accountable for {label.lower()}.",
                    "Name one accountable person.",
                    area,
                )
            )
        elif len(people) > 1:
            sentence = f"{' and '.join(people)} are both accountable for {label.lower()}."
            found.append(Gap("two_accountable", sentence, "Keep one of them accountable.", area))
    holders = {name for people in accountable.values() for name in people}
    if len(holders) == 1 and all(accountable.values()):
        sentence = f"{next(iter(holders))} is accountable for everything."
        found.append(Gap("one_for_all", sentence, "Share the areas with colleagues."))
    return found


def _accountable(team: list[MemberFacts], area: str) -> list[str]:
    return [m.name for m in team if m.responsibilities.get(area) == ResponsibilityKind.ACCOUNTABLE]
