"""Policies: drafted, published once, superseded."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from coe_portal.core import audit, outbox
from coe_portal.core.errors import InvalidInput, NotAllowed, NotFound, StaleState
from coe_portal.core.models import User
from governance.events import PolicyPublished
from governance.models import POLICY_LIFECYCLE, PolicyStatus, PolicyVersion
from governance.policies import loader
from governance.policies.differences import Difference, differences
from governance.policies.document import Policy, digest
from projects.services import checklists

SHIPPED = Path(__file__).resolve().parent.parent / "policies"
MAX_UPLOAD = 400_000
DEFAULT, STRICTER = SHIPPED / "default.yaml", SHIPPED / "eu_ai_act.yaml"


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
def change_draft(*, policy_id: str, source: str, expected: str = "", actor: User) -> PolicyVersion:
    """Replace what a draft says. Its name stays.

    Args:
        expected: the digest that was read before editing; refuses to overwrite a colleague's newer text.

    Raises NotFound, NotAllowed, InvalidInput, and StaleState when it is published already or was changed meanwhile.
    """
    advice = "Save your text as a new draft.", "Compare your text with theirs, then save again."
    draft = _locked_draft(policy_id, expected, actor, advice)
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


def _locked_draft(policy_id: str, expected: str, actor: User, advice: tuple[str, str]) -> PolicyVersion:
    """A draft that a CoE lead may change now.

    Args:
        advice: what to do when it is no draft, and when somebody changed it meanwhile.
    """
    if not actor.is_lead:
        raise NotAllowed("Only CoE leads write and discard policies.")
    draft = PolicyVersion.objects.select_for_update().filter(pk=policy_id[:26]).first()
    if draft is None:
        raise NotFound("There is no such policy version.")
    if draft.status != PolicyStatus.DRAFT:
        raise StaleState(f"{fixed(draft)} {advice[0]}")
    if expected and expected != draft.digest:
        raise StaleState(f"Somebody changed this draft in the meantime. {advice[1]}")
    return draft


def fixed(version: PolicyVersion) -> str:
    """Why a version that is no draft stays as it is."""
    if version.status == PolicyStatus.DISCARDED:
        return f"{version} is discarded and stays as it was."
    return f"{version} is published and never changes."


@transaction.atomic
def discard(*, policy_id: str, expected: str = "", actor: User) -> PolicyVersion:
    """Throw a draft away. It keeps its number and its text, so that the audit trail points to what it was.

    Args:
        expected: the digest that was read before; refuses to throw away a colleague's newer text.

    Raises NotFound, NotAllowed, and StaleState when it is no draft, or was changed meanwhile.
    """
    draft = _locked_draft(policy_id, expected, actor, ("Only drafts are discarded.", "Read it again before you do."))
    POLICY_LIFECYCLE.change(draft, PolicyStatus.DISCARDED)
    thrown_away = {name: getattr(draft, name) for name in ("name", "number", "title", "digest")}
    audit.record(
        actor=actor,
        action="policy.discarded",
        subject=draft,
        before={"status": PolicyStatus.DRAFT, **thrown_away},
        after={"status": PolicyStatus.DISCARDED},
    )
    return draft


@transaction.atomic
def publish(*, policy_id: str, new_projects: bool = True, actor: User | None) -> PolicyVersion:
    """Publish a draft: from now on it never changes. It supersedes the version of the same name that was in force.

    Args:
        new_projects: whether new projects are pinned to it. Without it the policy is there for projects that are moved
            to it, unless it takes the place of the version that new projects began with.

    Raises NotFound, NotAllowed, and StaleState when it is no draft any more.
    """
    if actor is not None and not actor.is_lead:
        raise NotAllowed("Only CoE leads publish policies.")
    draft = PolicyVersion.objects.select_for_update().filter(pk=policy_id[:26]).first()
    if draft is None:
        raise NotFound("There is no such policy version.")
    starts = _make_room(draft, new_projects, actor)
    POLICY_LIFECYCLE.move(
        draft,
        PolicyStatus.PUBLISHED,
        actor=actor,
        action="policy.published",
        published_at=timezone.now(),
        published_by=actor,
        starts_projects=starts,
    )
    policy = Policy(draft.document)
    checklists.publish_version(
        policy_version=draft.label,
        criteria=policy.criteria,
        team=_team_of(policy),
        intake=policy.intake.for_checklists(),
        for_new_projects=starts,
    )
    outbox.publish(PolicyPublished(draft.label))
    return draft


def _make_room(draft: PolicyVersion, new_projects: bool, actor: User | None) -> bool:
    """Supersede the version of the same name. Returns whether new projects begin with the draft."""
    starts = new_projects
    for current in PolicyVersion.objects.select_for_update().filter(status=PolicyStatus.PUBLISHED).order_by("pk"):
        if current.name == draft.name:
            starts = starts or current.starts_projects
            POLICY_LIFECYCLE.move(
                current, PolicyStatus.SUPERSEDED, actor=actor, action="policy.superseded", starts_projects=False
            )
        elif starts and current.starts_projects:
            _stop_starting(current, draft, actor)
    return starts


def _stop_starting(current: PolicyVersion, draft: PolicyVersion, actor: User | None) -> None:
    PolicyVersion.objects.filter(pk=current.pk).update(starts_projects=False)
    audit.record(
        actor=actor,
        action="policy.starts_no_more_projects",
        subject=current,
        before={"starts_projects": True},
        after={"starts_projects": False, "instead": draft.label},
    )


def _team_of(policy: Policy) -> dict[str, Any]:
    """What the pages of a team need to know: the most areas of one person, and the gates that wait for a gap."""
    blocks: dict[str, list[str]] = {}
    for gate in policy.gates:
        for code in policy.team.closing(gate.name):
            blocks.setdefault(code, []).append(gate.title)
    limit = {} if policy.team.most_areas is None else {"most_areas": policy.team.most_areas}
    return limit | {"blocks": blocks}


@transaction.atomic
def load_default() -> PolicyVersion | None:
    """Publish the shipped policy if its content is new. Returns the new version, or None when nothing changed.

    Where a CoE lead has published a policy, the shipped one stays a draft: an update never replaces their rules.
    """
    draft = _draft_of(DEFAULT)
    own = PolicyVersion.objects.filter(status=PolicyStatus.PUBLISHED, published_by__isnull=False).exists()
    return draft if own or draft is None else publish(policy_id=draft.pk, actor=None)


@transaction.atomic
def load_stricter() -> PolicyVersion | None:
    """Keep the stricter shipped policy as a draft if its content is new: a CoE lead reads, tries and publishes it."""
    return _draft_of(STRICTER)


def _draft_of(shipped: Path) -> PolicyVersion | None:
    source = shipped.read_text()
    known = set(PolicyVersion.objects.values_list("digest", flat=True))
    return None if digest(loader.load(source)) in known else create_draft(source=source, actor=None)


def problems(source: str) -> list[loader.PolicyProblem]:
    """Everything that is wrong with a text, with line and reason; empty when it can be kept."""
    try:
        loader.load(source)
    except loader.PolicyError as error:
        return error.problems
    return []


def imported(content: bytes) -> str:
    """A file's content as YAML: YAML stays as it is written, JSON is rewritten. Raises InvalidInput."""
    if len(content) > MAX_UPLOAD:
        raise InvalidInput({"file": [f"The file is larger than {MAX_UPLOAD // 1000:,} kB. A policy is shorter."]})
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
        return as_yaml(json.loads(text)) if text.lstrip().startswith("{") else text
    except UnicodeDecodeError:
        raise InvalidInput({"file": ["The file needs to be text in UTF-8."]}) from None
    except (json.JSONDecodeError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise InvalidInput({"file": [f"The file begins like JSON and is none: line {line}."]}) from None


def changes_of_text(source: str) -> list[Difference]:
    """What a correct text changes against the newest version of its name that is or was in force."""
    document = loader.load(source)
    before = PolicyVersion.objects.filter(name=document["name"]).once_in_force().order_by("-number").first()
    return differences(before.document, document) if before else []


def as_yaml(document: dict[str, Any]) -> str:
    """A document that came as JSON, written as the YAML that is kept."""
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110))


def begins_projects(draft: PolicyVersion) -> bool:
    """Whether new projects begin with another version of the same policy, or with none yet."""
    current = PolicyVersion.objects.for_new_projects().defer("source", "document").first()
    return current is None or current.name == draft.name


def changes_between(old: PolicyVersion, new: PolicyVersion) -> list[Difference]:
    """What changes from one version to another."""
    return differences(old.document, new.document)


@lru_cache(maxsize=64)
def policy_of(label: str) -> Policy:
    """The policy that a project is pinned to; read once, for what is published never changes. Raises NotFound."""
    version = PolicyVersion.objects.labelled(label).once_in_force().first()
    if version is None:
        raise NotFound(f"The policy {label} does not exist.")
    return Policy(version.document)


def published() -> Policy:
    """The policy of new projects. Raises NotFound before the first one is published."""
    version = PolicyVersion.objects.for_new_projects().defer("source", "document").first()
    if version is None:
        raise NotFound("No policy is published yet. A CoE lead publishes one in the admin console.")
    return policy_of(version.label)
