"""Policies: drafted, published once, superseded."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from coe_portal.core import audit
from coe_portal.core.errors import InvalidInput, NotAllowed, NotFound, StaleState
from coe_portal.core.models import User
from governance.models import POLICY_LIFECYCLE, PolicyStatus, PolicyVersion
from governance.policies import loader
from governance.policies.differences import Difference, differences
from governance.policies.document import Policy, digest
from projects.services import checklists

DEFAULT = Path(__file__).resolve().parent.parent / "policies" / "default.yaml"


@transaction.atomic
def create_draft(*, source: str, actor: User | None) -> PolicyVersion:
    """Check a policy and keep it as the next numbered draft.

    Raises:
        InvalidInput: the document is wrong; the sentences carry line and reason.
        NotAllowed: only CoE leads write policies.
    """
    if actor is not None and not actor.is_lead:
        raise NotAllowed("Only CoE leads write policies.")
    document = _checked(source)
    draft = _next_version(document, source, actor)
    audit.record(actor=actor, action="policy.drafted", subject=draft, after={"digest": draft.digest})
    return draft


def _checked(source: str) -> dict[str, Any]:
    try:
        return loader.load(source)
    except loader.PolicyError as error:
        raise InvalidInput({"source": [str(problem) for problem in error.problems]}) from None


def _next_version(document: dict[str, Any], source: str, actor: User | None) -> PolicyVersion:
    name = document["name"]
    last = PolicyVersion.objects.filter(name=name).aggregate(last=Max("number"))["last"] or 0
    try:
        with transaction.atomic():
            return PolicyVersion.objects.create(
                name=name,
                number=last + 1,
                title=document["title"],
                source=source,
                document=document,
                digest=digest(document),
                created_by=actor,
            )
    except IntegrityError:
        raise StaleState(f"Somebody saved version {last + 1} of “{name}” at the same moment. Try again.") from None


@transaction.atomic
def change_draft(*, policy_id: str, source: str, actor: User) -> PolicyVersion:
    """Replace what a draft says. Its name stays.

    Raises NotFound, NotAllowed, InvalidInput, and StaleState when it is published already.
    """
    if not actor.is_lead:
        raise NotAllowed("Only CoE leads write policies.")
    draft = PolicyVersion.objects.select_for_update().filter(pk=policy_id[:26]).first()
    if draft is None:
        raise NotFound("There is no such policy version.")
    if draft.status != PolicyStatus.DRAFT:
        raise StaleState(f"{draft} is published and never changes. Save your text as a new draft.")
    document = _checked(source)
    if document["name"] != draft.name:
        raise InvalidInput({"source": [f"The name of this draft is “{draft.name}” and stays so."]})
    before = draft.digest
    draft.source, draft.document, draft.title, draft.digest = source, document, document["title"], digest(document)
    draft.save(update_fields=["source", "document", "title", "digest"])
    audit.record(
        actor=actor,
        action="policy.draft_changed",
        subject=draft,
        before={"digest": before},
        after={"digest": draft.digest},
    )
    return draft


@transaction.atomic
def publish(*, policy_id: str, actor: User | None) -> PolicyVersion:
    """Publish a draft: from now on it never changes, and new projects are pinned to it.

    Raises NotFound, NotAllowed, and StaleState when it is no draft any more.
    """
    if actor is not None and not actor.is_lead:
        raise NotAllowed("Only CoE leads publish policies.")
    draft = PolicyVersion.objects.select_for_update().filter(pk=policy_id[:26]).first()
    if draft is None:
        raise NotFound("There is no such policy version.")
    for current in PolicyVersion.objects.select_for_update().filter(status=PolicyStatus.PUBLISHED):
        POLICY_LIFECYCLE.move(current, PolicyStatus.SUPERSEDED, actor=actor, action="policy.superseded")
    POLICY_LIFECYCLE.move(
        draft,
        PolicyStatus.PUBLISHED,
        actor=actor,
        action="policy.published",
        published_at=timezone.now(),
        published_by=actor,
    )
    rules = Policy(draft.document)
    checklists.publish_version(
        policy_version=draft.label, criteria=rules.criteria, intake=rules.intake.for_checklists()
    )
    return draft


@transaction.atomic
def load_default() -> PolicyVersion | None:
    """Publish the shipped policy if its content is new. Returns the new version, or None when nothing changed.

    Where a CoE lead has published a policy, the shipped one stays a draft: an update never replaces their rules.
    """
    source = DEFAULT.read_text()
    known = set(PolicyVersion.objects.values_list("digest", flat=True))
    if digest(loader.load(source)) in known:
        return None
    draft = create_draft(source=source, actor=None)
    own = PolicyVersion.objects.filter(status=PolicyStatus.PUBLISHED, published_by__isnull=False).exists()
    return draft if own else publish(policy_id=draft.pk, actor=None)


def as_yaml(document: dict[str, Any]) -> str:
    """A document that came as JSON, written as the YAML that is kept."""
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110))


def changes_between(old: PolicyVersion, new: PolicyVersion) -> list[Difference]:
    """What changes from one version to another."""
    return differences(old.document, new.document)


@lru_cache(maxsize=64)
def policy_of(label: str) -> Policy:
    """The policy that a project is pinned to; read once, for what is published never changes. Raises NotFound."""
    version = PolicyVersion.objects.labelled(label).exclude(status=PolicyStatus.DRAFT).first()
    if version is None:
        raise NotFound(f"The policy {label} does not exist.")
    return Policy(version.document)


def published() -> Policy:
    """The policy in force. Raises NotFound before the first one is published."""
    version = PolicyVersion.objects.filter(status=PolicyStatus.PUBLISHED).first()
    if version is None:
        raise NotFound("No policy is published yet. A CoE lead publishes one in the admin console.")
    return policy_of(version.label)
