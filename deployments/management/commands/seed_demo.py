"""The demo organisation, made through the services that people use, so that approvals and audit are real."""

from collections.abc import Mapping
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from coe_portal.core import audit
from coe_portal.core.models import SavedView, User
from coe_portal.core.services import saved_views
from coe_portal.demo_people import DEMO_PEOPLE
from deployments.management import seed_data
from deployments.management.demo_reviews import seed_reviews
from deployments.models import Environment, EnvironmentKind
from deployments.services import environments, runs
from deployments.services.specification import Wish
from governance.models import ApprovalRequest
from governance.services import approvals, findings, intakes, risk
from projects.models import BusinessUnit, Project, Skill
from projects.services import checklist, evidence, lessons, projects, skills, team

SCRIPT = Path(__file__).resolve().parent.parent / "demo.yaml"
OWNER, SCIENTIST = "domain", "scientist"


class Command(BaseCommand):
    help = "Make the demo people, business units and projects. Only with DEMO_PASSWORD; safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        password = settings.ENV.DEMO_PASSWORD
        if not password:
            self.stdout.write("No demo organisation: DEMO_PASSWORD is not set.")
            return
        script = yaml.safe_load(SCRIPT.read_text())
        people = seed_people(password)
        seed_units(script["business_units"])
        for described in script["projects"]:
            if not Project.objects.filter(name=described["name"]).exists():
                project = seed_project(described, people)
                self.stdout.write(f"{project} is in {project.get_stage_display().lower()}.")
        seed_skills_and_views(script, people)
        seed_data.seed(people)
        for described in script["reviews"]:
            seed_reviews(described, people)
        _have_checked(people["lead"])
        self.stdout.write(f"The demo organisation has {len(people)} people.")


@transaction.atomic
def seed_people(password: str) -> dict[str, User]:
    """Everybody of the demo organisation; all passwords are set again when the password has changed."""
    found = {user.username: user for user in User.objects.filter(username__in=[each.username for each in DEMO_PEOPLE])}
    renew = bool(found) and not next(iter(found.values())).check_password(password)
    for described in DEMO_PEOPLE:
        user = found.get(described.username)
        if user is None:
            roles, groups = list(described.site_roles), list(described.approver_groups)
            user = User.objects.create_user(
                described.username,
                password,
                display_name=described.display_name,
                email=f"{described.username}@demo.example",
                site_roles=roles,
                approver_groups=groups,
            )
            audit.record(actor=None, action="user.created", subject=user, after={"roles": [*roles, *groups]})
        elif renew:
            user.set_password(password)
            user.save(update_fields=["password"])
        found[described.username] = user
    return found


@transaction.atomic
def seed_units(described: list[dict[str, str]]) -> None:
    """Business units that do not exist yet."""
    for each in described:
        unit, created = BusinessUnit.objects.get_or_create(
            name=each["name"], defaults={"cost_center": each["cost_center"]}
        )
        if created:
            audit.record(actor=None, action="business_unit.created", subject=unit, after=each)


@transaction.atomic
def seed_skills_and_views(script: Mapping[str, Any], people: Mapping[str, User]) -> None:
    """What people can do, for those who have said nothing yet, and shared views that do not exist yet."""
    silent = set(script["skills"]) - set(Skill.objects.values_list("person__username", flat=True))
    for username in sorted(silent):
        for subject, level in script["skills"][username].items():
            skills.set_skill(username=username, subject=subject, level=level, actor=people[username])
    known = set(SavedView.objects.values_list("name", flat=True))
    for described in script["views"]:
        if described["name"] not in known:
            saved_views.save_view(**described, is_shared=True, actor=people["lead"])


@transaction.atomic
def seed_project(described: Mapping[str, Any], people: Mapping[str, User]) -> Project:
    """One project, walked as far as ``reach`` says: draft, complete, qualification, declined, poc, production_ready."""
    owner = people[described.get("owner", OWNER)]
    project = projects.create_project(
        name=described["name"],
        summary=described["summary"],
        business_unit_id=BusinessUnit.objects.get(name=described["business_unit"]).pk,
        sponsor="sponsor" if described["reach"] != "draft" else "",
        risk_tier=described["risk_tier"],
        actor=owner,
    )
    _form_team(project.key, described, owner)
    for code, answer in described["answers"].items():
        checklist.answer(project_key=project.key, code=code, answer=_with_dates(answer), actor=owner)
    for piece in described.get("evidence", []):
        evidence.add(project_key=project.key, code=piece["code"], piece=_piece(piece), actor=owner)
    if "risk" in described:
        risk.answer(project_key=project.key, answers=described["risk"], actor=owner)
    if described["reach"] not in ("draft", "complete"):
        _decide(project.key, described, people, owner)
    _launch(project.key, described, people)
    _learn(project.key, described, people, owner)
    return Project.objects.get(pk=project.pk)


def _piece(described: Mapping[str, Any]) -> evidence.Piece:
    """A piece of evidence; ``content`` is what stands in its file."""
    values = {name: value for name, value in described.items() if name not in ("code", "content")}
    content = BytesIO(described["content"].encode()) if "content" in described else None
    return evidence.Piece(**values, content=content)


def _form_team(key: str, described: Mapping[str, Any], owner: User) -> None:
    for username, roles in described.get("team", {}).items():
        team.add_member(project_key=key, username=username, roles=roles, actor=owner)
    members = {member.user.username: member.pk for member in Project.objects.by_key(key).get().members.for_list()}
    for username, duties in described.get("responsibilities", {}).items():
        for area, kind in duties.items():
            team.set_responsibility(
                project_key=key, member_id=members[username], work_area=area, kind=kind, actor=owner
            )


def _with_dates(answer: Mapping[str, Any]) -> dict[str, Any]:
    today, dated = timezone.localdate(), dict(answer)
    for name in ("starts", "ends"):
        if f"{name}_in_days" in dated:
            dated[f"{name}_on"] = (today + timedelta(days=dated.pop(f"{name}_in_days"))).isoformat()
    return dated


def _decide(key: str, described: Mapping[str, Any], people: Mapping[str, User], owner: User) -> None:
    asked = intakes.submit(project_key=key, actor=owner).approval
    if described["reach"] == "declined":
        approvals.decide(request_id=asked.pk, verdict="reject", comment=described["reason"], actor=people["lead"])
    if described["reach"] in ("poc", "production_ready"):
        _approve(asked, people, {"lead": "Worth a proof of concept.", "sponsor": "Budget agreed."})
    if described["reach"] == "production_ready":
        reasons = {"lead": "The target is within reach.", "security": "Read access only, logged.", "sponsor": "Go on."}
        _approve(intakes.advance(project_key=key, actor=owner).approval, people, reasons)


def _approve(asked: ApprovalRequest, people: Mapping[str, User], reasons: Mapping[str, str]) -> None:
    """Everybody in turn approves with their reason."""
    for approver, reason in reasons.items():
        approvals.decide(request_id=asked.pk, verdict="approve", comment=reason, actor=people[approver])


def _learn(key: str, described: Mapping[str, Any], people: Mapping[str, User], owner: User) -> None:
    """What reviews found and what the team learnt."""
    for found in described.get("findings", []):
        said = {name: value for name, value in found.items() if name != "by"}
        findings.report(project_key=key, due_on=None, actor=people[found["by"]], **said)
    for lesson in described.get("lessons", []):
        lessons.give_lesson(project_key=key, actor=owner, **lesson)


def _have_checked(lead: User) -> None:
    """Ask for the first check of the laptop's environment; a worker does it."""
    place = Environment.objects.filter(name="local", kind=EnvironmentKind.LOCAL).first()
    if place is not None and place.check_state == "unchecked":
        environments.request_check(environment_id=place.pk, actor=lead)


def _launch(key: str, described: Mapping[str, Any], people: Mapping[str, User]) -> None:
    """Queue the project's runs on the laptop's own AWS. On any other AWS the demo spends nobody's money."""
    if not Environment.objects.filter(name="local", kind=EnvironmentKind.LOCAL).exists():
        return
    for wanted in described.get("runs", []):
        actor = people[wanted.get("by", SCIENTIST)]
        wish = Wish(
            project=key,
            environment="local",
            template=wanted.get("template", "tabular-classifier"),
            parameters=wanted.get("parameters", {}),
            spot=wanted.get("spot"),
            note=wanted["note"],
        )
        run = runs.launch_run(wish=wish, actor=actor)
        if wanted.get("stop"):
            runs.stop_run(run_id=run.pk, actor=actor)
