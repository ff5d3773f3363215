"""What somebody answers for in a project, as short codes, and what is left over when they go. Pure.

A duty is ``accountable:<work area>``, ``responsible:<work area>``, ``role:domain_expert``, or a place in the project:
``owner``, ``sponsor``, ``deploy_authority``.
"""

from collections.abc import Collection, Iterable, Mapping

from projects.coverage import MemberFacts
from projects.models.team import ProjectRole, ResponsibilityKind, WorkArea

PLACES = {"owner": "owns the project", "sponsor": "is its sponsor", "deploy_authority": "may deploy"}
Holders = Mapping[str, set[int]]
_ANSWERING = (ResponsibilityKind.ACCOUNTABLE, ResponsibilityKind.RESPONSIBLE)


def holders(team: Iterable[MemberFacts], places: Mapping[str, int]) -> dict[str, set[int]]:
    """Who holds each duty now; nobody who is not active. ``places`` name active people only.

    Whoever is accountable for an area also looks after its work, so the area is not left when nobody else is.
    """
    found: dict[str, set[int]] = {place: {person} for place, person in places.items()}
    for member in team:
        for duty in _of(member) if member.is_active else ():
            found.setdefault(duty, set()).add(member.person)
    return found


def _of(member: MemberFacts) -> list[str]:
    found = [f"role:{ProjectRole.DOMAIN_EXPERT.value}"] if ProjectRole.DOMAIN_EXPERT in member.roles else []
    for area, kind in member.responsibilities.items():
        found += [f"accountable:{area}"] if kind == ResponsibilityKind.ACCOUNTABLE else []
        found += [f"responsible:{area}"] if kind in _ANSWERING else []
    return found


def orphaned(now: Holders, person: int) -> list[str]:
    """The duties that nobody holds when this person goes, the accountable ones first.

    Where nobody is accountable any more, that somebody was also responsible says nothing new.
    """
    alone = {duty for duty, people in now.items() if people == {person}}
    implied = {duty for duty in alone if duty.replace("responsible:", "accountable:", 1) in alone - {duty}}
    return sorted(alone - implied, key=lambda duty: (_rank(duty), duty))


def remaining(duties: Collection[str], now: Holders) -> list[str]:
    """Those of the duties that nobody holds yet, in their order."""
    return [duty for duty in duties if not now.get(duty)]


def _rank(duty: str) -> int:
    kinds = (*PLACES, "accountable", "role", "responsible")
    return kinds.index(duty.partition(":")[0])


def words(duty: str) -> str:
    """A duty for people, such as “accountable for model monitoring”."""
    kind, _, what = duty.partition(":")
    if kind == "role":
        return f"is the only {str(ProjectRole(what).label).lower()}"
    if what:
        return f"is {kind} for {str(WorkArea(what).label).lower()}"
    return PLACES[kind]
