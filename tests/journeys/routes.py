"""Every address of the portal in one spelling, read from the URL resolver."""

from collections.abc import Iterator
from typing import Any

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from coe_portal.core.models import User

WHO = ("anonymous", "stranger", "scientist", "security", "lead", "auditor")


def _walk(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        text = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, text)
        elif isinstance(pattern, URLPattern):
            yield text, pattern.callback


def plain(route: str) -> str:
    """``api/v1/^runs/(?P<pk>[^/]+)/$`` and ``runs/<str:key>/`` in one spelling."""
    names = {"pk": "", "username": "username", "project": "key"}
    kinds = {"users": "username", "audit": "audit", "tokens": "token", "environments": "environment", "runs": "run"}
    kinds |= {"templates": "template", "approvals": "approval", "policies": "policy", "business-units": "unit"}
    kinds |= {"datasets": "dataset", "data-access": "access"}
    kinds |= {"delegations": "delegation", "conditions": "condition", "findings": "finding"}
    kinds |= {"handovers": "handover", "skills": "skill", "saved-views": "view"}
    kinds |= {"lessons": "lesson"}
    kinds |= {"evidence": "evidence"}
    kinds |= {"handovers": "handover", "skills": "skill"}
    kinds |= {"members": "member", "responsibilities": "duty", "projects": "key"}
    parts: list[str] = []
    for part in route.replace("[^/]+", "*").replace("^", "").replace("$", "").split("/"):
        before = parts[-1] if parts else ""
        if part.startswith("(?P<"):
            name = part[4 : part.index(">")]
            part = "{" + (kinds.get(before) or name if names.get(name) == "" else name) + "}"
        elif part.startswith("<"):
            name = part.strip("<>").split(":")[1]
            renamed = {"token_id": "token", "label": "policy", "name": "environment", "member_id": "member"}
            renamed |= {"delegation_id": "delegation", "question_id": "question"}
            renamed |= {"dataset_id": "dataset", "access_id": "access"}
            renamed |= {"condition_id": "condition", "finding_id": "finding", "view_id": "view"}
            renamed |= {"lesson_id": "lesson"}
            renamed |= {"condition_id": "condition", "finding_id": "finding"}
            renamed |= {"evidence_id": "evidence"}
            part = "{" + ("approval" if before == "approvals" else renamed.get(name, name)) + "}"
        parts.append(part)
    return "/".join(parts)


def everything() -> list[tuple[str, Any]]:
    """Address and view of every route."""
    return list(_walk(get_resolver().url_patterns))


def ours() -> dict[str, Any]:
    """Address (in one spelling) → view, without the admin console and the sign-in pages of allauth."""
    return {plain(route): view for route, view in everything() if not route.startswith(("admin/", "accounts/"))}


def api_methods(view: Any) -> list[str]:
    """The methods of an API view that change something."""
    actions = getattr(view, "actions", None)
    names = actions or [name for name in ("post", "put", "patch", "delete") if hasattr(view.cls, name)]
    return [name for name in names if name in ("post", "put", "patch", "delete")]


def signed_in(who: str, people: dict[str, User]) -> Client:
    """A client of this person; nobody signs in as "anonymous"."""
    client = Client()
    if who != "anonymous":
        client.force_login(people[who])
    return client
