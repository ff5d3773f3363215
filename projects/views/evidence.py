"""One piece of evidence: its file, and taking it back."""

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from coe_portal.core.downloads import attachment
from coe_portal.core.errors import DomainError
from coe_portal.core.htmx import redirect
from coe_portal.core.sessions import signed_in
from projects.forms import WithdrawForm
from projects.services import evidence


@require_GET
def download(request: HttpRequest, key: str, evidence_id: str) -> FileResponse:
    """The file as an attachment, for everybody who may see the project."""
    piece = evidence.visible(project_key=key, evidence_id=evidence_id, actor=signed_in(request))
    path = evidence.path_of(piece)
    return attachment(path, name=piece.file_name, media_type=piece.media_type, sha256=piece.sha256)


@require_POST
def withdraw(request: HttpRequest, key: str, evidence_id: str) -> HttpResponse:
    """Say that a piece supports its answer no longer."""
    user, form = signed_in(request), WithdrawForm(request.POST)
    piece = evidence.visible(project_key=key, evidence_id=evidence_id, actor=user)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        evidence.withdraw(project_key=key, evidence_id=evidence_id, reason=reason, actor=user)
    except DomainError as error:
        if not error.errors:
            raise
        messages.error(request, next(iter(error.errors.values()))[0])
    else:
        messages.success(request, f"“{piece.title}” is withdrawn; it stays in the history.")
    return redirect(request, reverse("projects:checklist", args=[key]) + f"#{piece.criterion.code}")
