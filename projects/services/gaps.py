"""What a team lacks, as the policy of its project sees it."""

from collections.abc import Collection, Iterable
from functools import lru_cache

from coe_portal.core.models import User
from projects.coverage import MOST_AREAS, Gap, MemberFacts, TeamRules, gaps, summarised
from projects.models import ChecklistVersion, Member, Project, Responsibility


def facts_of(project: Project, members: Iterable[Member] | None = None) -> list[MemberFacts]:
    """The team as the coverage rules see it; ``members`` are the project's, if they have been read already."""
    if members is None:
        return _read_facts(project)
    return [
        MemberFacts(
            member.pk,
            str(member.user),
            tuple(member.roles),
            {duty.work_area: duty.kind for duty in member.responsibilities.all()},
            member.user_id,
            member.user.is_active,
        )
        for member in members
    ]


def _read_facts(project: Project) -> list[MemberFacts]:
    """The same in one query."""
    person = ("user_id", "user__display_name", "user__username", "user__is_active")
    duty = ("responsibilities__work_area", "responsibilities__kind")
    rows = project.members.order_by("joined_at", "pk").values_list("pk", "roles", *person, *duty)
    found: dict[str, MemberFacts] = {}
    for pk, roles, user_id, name, username, is_active, area, kind in rows:
        fresh = MemberFacts(pk, name or username, tuple(roles), {}, user_id, is_active)
        held = found.setdefault(pk, fresh).responsibilities
        if area:
            held[area] = kind
    return list(found.values())


def rules_of(project: Project) -> TeamRules:
    """What the project's policy says about teams."""
    return rules_of_version(project.policy_version)


@lru_cache(maxsize=64)
def rules_of_version(policy_version: str) -> TeamRules:
    """The same by the policy's label; read once, for what is published never changes."""
    version = ChecklistVersion.objects.filter(policy_version=policy_version).only("team").first()
    said = version.team if version else {}
    blocks = {code: tuple(titles) for code, titles in said.get("blocks", {}).items()}
    return TeamRules(said.get("most_areas", MOST_AREAS), blocks)


def coverage_gaps(project: Project, members: Iterable[Member] | None = None) -> list[Gap]:
    """What the team lacks, each with the gates that wait for it; ``members`` as in ``facts_of``."""
    rules = rules_of(project)
    return [rules.of(gap) for gap in gaps(facts_of(project, members), rules.most_areas)]


def standing_in_the_way(project: Project, codes: Collection[str], most_areas: int | None) -> list[Gap]:
    """The gaps with these codes, one a code, for a gate that waits for them; without a limit the usual one holds."""
    if not codes:
        return []
    found = gaps(facts_of(project), MOST_AREAS if most_areas is None else most_areas)
    return summarised(gap for gap in found if gap.code in codes)


def accountable_for(project: Project, work_area: str) -> User | None:
    """To whom an approval for the area is routed; nobody while the accountable person named themselves or left."""
    rows = Responsibility.objects.deciding().filter(member__project=project, work_area=work_area)
    found = rows.select_related("member__user").order_by("id").first()
    return found.member.user if found else None
