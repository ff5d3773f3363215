"""Writing policies: a draft from a version or a file, checked beside the text, tried, published, exported."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from coe_portal.core.errors import DomainError, InvalidInput, NotAllowed, NotFound, StaleState
from coe_portal.core.htmx import is_fragment_request, redirect
from coe_portal.core.models import User
from coe_portal.core.sessions import signed_in
from governance.models import PolicyStatus, PolicyVersion
from governance.services import dry_runs, policies

TYPES = {"yaml": "application/yaml", "json": "application/json"}


def _lead(request: HttpRequest) -> User:
    user = signed_in(request)
    if not user.is_lead:
        raise NotAllowed("Only CoE leads write policies.")
    return user


def _version(label: str, user: User) -> PolicyVersion:
    row = PolicyVersion.objects.visible_to(user).labelled(label).first()
    if row is None:
        raise NotFound(f"There is no policy {label[:60]} that you may see.")
    return row


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A new draft: from the version in ``?from=``, from the one in force, or from a file. Looking writes nothing."""
    user = _lead(request)
    if request.method == "POST":
        return _written(request, user, None)
    label = request.GET.get("from", "")
    base = _version(label, user) if label else PolicyVersion.objects.for_new_projects().first()
    return _editor(request, None, base.source if base else policies.DEFAULT.read_text(), base=base)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, label: str) -> HttpResponse:
    """Change a draft. What is typed is never lost: every refusal shows it again."""
    user = _lead(request)
    draft = _version(label, user)
    if request.method == "POST":
        return _written(request, user, draft)
    if draft.status != PolicyStatus.DRAFT:
        raise StaleState(f"{policies.fixed(draft)} Make a new draft from it.")
    return _editor(request, draft, draft.source, base=draft)


def _written(request: HttpRequest, user: User, draft: PolicyVersion | None) -> HttpResponse:
    source = request.POST.get("source", "").replace("\r\n", "\n")  # browsers send other line ends than people write
    try:
        source = _uploaded(request) or source
        if request.POST.get("do") == "save":
            return _saved(request, user, draft, source)
    except DomainError as error:
        return _editor(request, draft, source, error=error)
    return _editor(request, draft, source, base=draft, is_checked=True)


def _uploaded(request: HttpRequest) -> str:
    """The text of an imported file, or nothing."""
    upload = request.FILES.get("file")
    return policies.imported(upload.read(policies.MAX_UPLOAD + 1)) if upload else ""


def _saved(request: HttpRequest, user: User, draft: PolicyVersion | None, source: str) -> HttpResponse:
    if draft is None:
        row = policies.create_draft(source=source, actor=user)
    else:
        expected = request.POST.get("digest", "")
        row = policies.change_draft(policy_id=draft.pk, source=source, expected=expected, actor=user)
    messages.success(request, f"{row} is kept as a draft. Try it on the live projects before you publish it.")
    return redirect(request, reverse("governance:policy", args=[row.label]))


def _editor(
    request: HttpRequest,
    draft: PolicyVersion | None,
    source: str,
    *,
    base: PolicyVersion | None = None,
    error: DomainError | None = None,
    is_checked: bool = False,
) -> HttpResponse:
    is_checked = is_checked or (error is not None and "source" in error.errors)
    problems = policies.problems(source) if is_checked else []
    lines = source.splitlines()
    context: dict[str, Any] = {
        "draft": draft,
        "base": base,
        "source": source,
        "digest": request.POST.get("digest") or (draft.digest if draft else ""),
        "problems": [(item, lines[item.line - 1].strip() if 0 < item.line <= len(lines) else "") for item in problems],
        "refusal": " ".join(error.errors.get("file", [error.message])) if error and not problems else "",
        "is_checked": is_checked,
        "changes": policies.changes_of_text(source) if is_checked and not problems and not error else None,
    }
    template = "governance/policy_editor.html" + ("#problems" if is_fragment_request(request) else "")
    return render(request, template, context, status=_status(error, bool(problems)))


def _status(error: DomainError | None, has_problems: bool) -> int:
    if isinstance(error, StaleState):
        return error.status
    return 422 if error or has_problems else 200


@require_POST
def publish(request: HttpRequest, label: str) -> HttpResponse:
    """Publish a draft, for new projects too when that is ticked."""
    user = _lead(request)
    draft = _version(label, user)
    row = policies.publish(policy_id=draft.pk, new_projects="new_projects" in request.POST, actor=user)
    begins = "New projects begin with it." if row.starts_projects else "Projects can be moved to it."
    messages.success(request, f"{row} is published and never changes again. {begins}")
    return redirect(request, reverse("governance:policy", args=[row.label]))


@require_POST
def discard(request: HttpRequest, label: str) -> HttpResponse:
    """Throw a draft away; its page stays, and a new draft can be made from it."""
    user = _lead(request)
    draft = _version(label, user)
    row = policies.discard(policy_id=draft.pk, expected=request.POST.get("digest", ""), actor=user)
    messages.success(request, f"{row} is discarded. A new draft can be made from it on its page.")
    return redirect(request, reverse("governance:policies"))


@require_GET
def export(request: HttpRequest, label: str) -> HttpResponse:
    """The policy as a file: YAML as it was written, with its comments, or the checked document as JSON."""
    row = _version(label, signed_in(request))
    kind = request.GET.get("format", "yaml")
    if kind not in TYPES:
        raise InvalidInput({"format": [f"Choose one of {', '.join(TYPES)}."]})
    text = row.source if kind == "yaml" else json.dumps(row.document, indent=2, ensure_ascii=False) + "\n"
    response = HttpResponse(text, content_type=f"{TYPES[kind]}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{row.name}-{row.number}.{kind}"'
    return response


@require_GET
def try_out(request: HttpRequest, label: str) -> HttpResponse:
    """What the version would change for every project that is under way. Nothing is written."""
    user = _lead(request)
    found = dry_runs.dry_run(_version(label, user))
    return render(request, "governance/policy_dry_run.html", {"row": found.version, "run": found, "at": timezone.now()})
