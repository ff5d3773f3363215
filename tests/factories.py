"""The test organisation, arranged through services."""

from typing import Any

from coe_portal.core.models import User
from governance.services import policies
from projects.models import BusinessUnit, Project
from projects.services import checklist, projects, team
from tests import arranged

PASSWORD = "correct horse battery"
PEOPLE: dict[str, dict[str, Any]] = {
    "lead": {"display_name": "Marta Veiga", "site_roles": ["coe_lead"]},
    "sponsor": {"display_name": "Ingrid Solberg", "site_roles": ["executive"]},
    "domain": {"display_name": "Hanna Berg"},
    "scientist": {"display_name": "Aiko Kimura"},
    "dataengineer": {"display_name": "Luis Ferreira"},
    "devops": {"display_name": "Tomas Lindqvist"},
    "security": {"display_name": "Priya Raman", "approver_groups": ["security"]},
    "auditor": {"display_name": "Otto Kern", "site_roles": ["auditor"]},
    "stranger": {"display_name": "Sam Stranger"},
}
ANSWERS: dict[str, dict[str, Any]] = {
    "challenge": {
        "problem": "Repair estimates take six days because a third of the cars need a second visit.",
        "ml_needed": "yes",
        "alternative": "A rule table by car model; it was right in half of the cases.",
    },
    "baseline": {"metric": "accuracy", "value": 0.71, "how_measured": "1,200 photos judged by two assessors"},
    "value": {"kind": "cost_saving", "low": 400000, "likely": 1100000, "high": 1500000, "months_to_value": 9},
    "users": {
        "user_group": "46 desk assessors",
        "decision": "Whether a second visit is needed",
        "mode": "real_time",
        "volume_per_day": 1600,
    },
    "metric": {"name": "accuracy", "unit": "share", "direction": "increase", "baseline": 0.71, "target": 0.82},
    "team": {"deploy_authority": "devops", "ways_of_working": "Weekly review, shared board, pairing on data."},
    "data": {
        "datasets": "damage_photos, claims_outcomes",
        "classification": "internal",
        "labelled": "yes",
        "labelled_share": 85,
        "access_pattern": "sandbox_copy",
    },
    "feasible": {
        "starts_on": "2026-10-01",
        "ends_on": "2027-06-30",
        "budget": 95000,
        "kill_criteria": "Accuracy below 0.75 after eight weeks",
    },
}


def person(username: str, **fields: Any) -> User:
    """A colleague of the test organisation, made once."""
    known = User.objects.filter(username=username).first()
    values = {"display_name": username.title(), **PEOPLE.get(username, {}), **fields}
    return known or User.objects.create_user(username, PASSWORD, **values)


@arranged.once
def organisation() -> dict[str, User]:
    """Everybody, and the default policy published."""
    people = {username: person(username) for username in PEOPLE}
    policies.load_default()
    return people


def unit(name: str = "Motor claims") -> BusinessUnit:
    return BusinessUnit.objects.get_or_create(name=name, defaults={"cost_center": "CC-100"})[0]


@arranged.once
def intake(name: str = "Vehicle damage estimate", *, owner: str = "domain", sponsor: str = "sponsor") -> Project:
    """An intake with a sponsor and a data scientist, no question answered."""
    project = projects.create_project(
        name=name,
        summary="Estimates repair severity from photos.",
        business_unit_id=unit().pk,
        sponsor=person(sponsor).username if sponsor else "",
        actor=person(owner),
    )
    team.add_member(
        project_key=project.key, username=person("scientist").username, roles=["data_scientist"], actor=person(owner)
    )
    return project


@arranged.once
def complete_intake(name: str = "Vehicle damage estimate", *, owner: str = "domain", **answers: Any) -> Project:
    """An intake with every question answered; ``answers`` replaces fields by question code."""
    person("devops")
    project = intake(name, owner=owner)
    for code, answer in ANSWERS.items():
        checklist.answer(project_key=project.key, code=code, answer=answer | answers.get(code, {}), actor=person(owner))
    project.refresh_from_db()
    return project
