"""The places that the portal may work in."""

import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from coe_portal.core import audit, outbox
from coe_portal.core.errors import InvalidInput, NotFound
from coe_portal.core.models import User
from deployments import permissions
from deployments.models import Access, Environment, EnvironmentKind
from deployments.services import awsnames
from projects.models import Project
from projects.services.places import Place

FIELDS = (
    "name",
    "kind",
    "account_id",
    "region",
    "role_arn",
    "execution_role_arn",
    "bucket",
    "event_queue_url",
    "images",
    "access",
    "providers",
    "currency",
)
_CONNECTION = {"account_id", "region", "role_arn", "execution_role_arn", "bucket", "event_queue_url", "images"}


def new_external_id() -> str:
    """A random ExternalId: 32 characters that STS accepts, 192 bits."""
    return secrets.token_urlsafe(24)


@transaction.atomic
def create_environment(
    *, values: Mapping[str, Any], projects: list[str] | None = None, actor: User | None
) -> Environment:
    """Add an environment; the portal makes its ExternalId. ``actor=None`` is the portal at its start.

    Raises:
        NotAllowed: only a CoE lead may.
        InvalidInput: a field is not what AWS accepts, or the name is taken.
    """
    if actor is not None:
        permissions.require_lead(actor, "add environments")
    environment = Environment(external_id=new_external_id(), **_known(values))
    errors = problems(environment)
    listed = _projects(projects or [], errors)
    if errors:
        raise InvalidInput(errors)
    _save(environment)
    environment.projects.set(listed)
    audit.record(actor=actor, action="environment.created", subject=environment, after=_told(environment))
    return environment


@transaction.atomic
def update_environment(
    *, environment_id: str, values: Mapping[str, Any], projects: list[str] | None = None, actor: User | None
) -> Environment:
    """Change fields of an environment and, if given, the list of projects. A changed connection must be checked again.

    Raises:
        NotFound, NotAllowed, InvalidInput: as for ``create_environment``.
    """
    environment = _locked(environment_id)
    if actor is not None:
        permissions.require_lead(actor, "change environments")
    before = _told(environment)
    changes = _known(values)
    changed = {name for name, value in changes.items() if getattr(environment, name) != value}
    for name in changed:
        setattr(environment, name, changes[name])
    errors = problems(environment)
    listed = _projects(projects or [], errors)
    if errors:
        raise InvalidInput(errors)
    if changed & _CONNECTION:
        environment.check_result = {}
    environment.version += 1
    _save(environment)
    if projects is not None:
        environment.projects.set(listed)
    after = _told(environment)
    if after != before:
        audit.record(actor=actor, action="environment.changed", subject=environment, before=before, after=after)
    return environment


@transaction.atomic
def renew_external_id(*, environment_id: str, actor: User) -> Environment:
    """Make a new ExternalId, for when the old one was not noted. The role's trust policy must be changed with it."""
    environment = _locked(environment_id)
    permissions.require_lead(actor, "renew the ExternalId")
    environment.external_id, environment.check_result = new_external_id(), {}
    environment.version += 1
    environment.save(update_fields=["external_id", "check_result", "version"])
    audit.record(actor=actor, action="environment.external_id_renewed", subject=environment)
    return environment


@transaction.atomic
def request_check(*, environment_id: str, actor: User) -> Environment:
    """Have a worker try out identity, bucket, queue and SageMaker. Asking twice at once is one check.

    Raises:
        NotFound: there is no such environment.
        NotAllowed: only CoE leads and DevOps engineers may.
    """
    environment = _locked(environment_id)
    permissions.require_operator(actor)
    if environment.check_requested_at is None:
        environment.check_requested_at = timezone.now()
        environment.version += 1
        environment.save(update_fields=["check_requested_at", "version"])
        audit.record(actor=actor, action="environment.check_requested", subject=environment)
    outbox.wake("deployments.check_environments")
    return environment


def problems(environment: Environment) -> dict[str, list[str]]:
    """What AWS would not accept: field → sentences."""
    rules: dict[str, tuple[Callable[[str], str], bool]] = {
        "account_id": (awsnames.account_problem, True),
        "region": (awsnames.region_problem, True),
        "role_arn": (awsnames.role_problem, False),
        "execution_role_arn": (awsnames.role_problem, True),
        "bucket": (awsnames.bucket_problem, True),
        "event_queue_url": (awsnames.queue_problem, False),
        "name": (_name_problem, True),
        "currency": (_currency_problem, True),
    }
    errors: dict[str, list[str]] = {}
    for name, (rule, required) in rules.items():
        value = getattr(environment, name)
        if (value or required) and (sentence := rule(str(value))):
            errors[name] = [sentence]
    if environment.kind not in EnvironmentKind.values:
        errors["kind"] = [f"Choose one of: {', '.join(EnvironmentKind.values)}."]
    if environment.access not in Access.values:
        errors["access"] = [f"Choose one of: {', '.join(Access.values)}."]
    if sentence := _images_problem(environment.images):
        errors["images"] = [sentence]
    if not isinstance(environment.providers, dict):
        errors["providers"] = ["Give an object."]
    return errors


def _name_problem(value: str) -> str:
    good = re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", value)
    return "" if good else "Use 1 to 40 lower-case letters, digits and hyphens, such as ml-dev."


def _currency_problem(value: str) -> str:
    return "" if re.fullmatch(r"[A-Z]{3}", value) else "Give three capital letters, such as USD."


def _images_problem(images: Any) -> str:
    if not isinstance(images, dict):
        return 'Give an object that maps a key to an image URI, such as {"sklearn": "…/sagemaker-scikit-learn:1.4-2"}.'
    for key, uri in images.items():
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,59}", str(key)):
            return f"“{key}” is no key: use lower-case letters, digits, _ and -."
        if not isinstance(uri, str) or awsnames.image_problem(uri):
            return f"{key}: {awsnames.image_problem(str(uri)) or 'Give text.'}"
    return ""


def _projects(keys: list[str], errors: dict[str, list[str]]) -> list[Project]:
    wanted = {int(key[4:]): key for key in keys if re.fullmatch(r"PRJ-\d{1,14}", key)}
    found = {project.pk: project for project in Project.objects.filter(pk__in=wanted)}
    unknown = [key for key in keys if key not in {wanted[pk] for pk in found}]
    if unknown:
        errors["projects"] = [f"There is no project {', '.join(map(str, unknown))}. Give keys such as PRJ-12."]
    return list(found.values())


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    stripped = {name: value.strip() if isinstance(value, str) else value for name, value in values.items()}
    return {name: value for name, value in stripped.items() if name in FIELDS}


def _save(environment: Environment) -> None:
    try:
        with transaction.atomic():
            environment.save()
    except IntegrityError:
        sentence = f"There is already an environment named {environment.name}. Choose another name."
        raise InvalidInput({"name": [sentence]}) from None


def _locked(environment_id: str) -> Environment:
    environment = Environment.objects.select_for_update().filter(pk=environment_id).first()
    if environment is None:
        raise NotFound("There is no such environment.")
    return environment


def _told(environment: Environment) -> dict[str, Any]:
    return {name: getattr(environment, name) for name in FIELDS} | {
        "projects": sorted(project.key for project in environment.projects.all())
    }


def ensure_environment(*, name: str, values: Mapping[str, Any]) -> Environment:
    """Make the environment or bring it to these values, on behalf of the portal itself. Raises InvalidInput."""
    environment = Environment.objects.filter(name=name).first()
    if environment is None:
        return create_environment(values={"name": name, **values}, actor=None)
    if any(getattr(environment, key) != value for key, value in values.items()):
        return update_environment(environment_id=environment.pk, values=values, actor=None)
    return environment


def data_places(project_id: int | None) -> list[Place]:
    """Environments as the register of data sees them: those open to the project, or all of them for None."""
    rows = Environment.objects.all() if project_id is None else Environment.objects.open_to(project_id)
    return [Place(row.name, row.kind, row.region, row.bucket) for row in rows]
