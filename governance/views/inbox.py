"""The inbox and the page of one approval."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from coe_portal.core import inbox as waiting
from coe_portal.core.errors import DomainError, NotFound
from coe_portal.core.forms import apply_domain_error
from coe_portal.core.htmx import redirect
from coe_portal.core.models import SavedViewPage, User
from coe_portal.core.narrowing import Address, address_of, chips, saving
from coe_portal.core.services import saved_views
from coe_portal.core.sessions import signed_in
from governance.filters import InboxFilter
from governance.forms import DecisionForm
from governance.models import ApprovalRequest, ApprovalState, Delegation, Verdict
from governance.permissions import open_steps
from governance.services import approvals, dossier, inboxes

saved_views.register_page(SavedViewPage.INBOX, InboxFilter)
NARROWERS = ("search", "business_unit")  # the tab is chosen beside them
Held = list[Delegation] | None
TABS = ((inboxes.NEEDS_YOU, "Needs you"), (inboxes.WAITING, "Waiting on others"), (inboxes.DONE, "Done"))


def _inbox_context(
    user: User,
    tab: str,
    cursor: str,
    held: Held = None,
    narrow: inboxes.Narrow = inboxes.everything,
    address: Address | None = None,
) -> dict[str, Any]:
    box = inboxes.open_inbox(user, tab, cursor, held, narrow)
    counts = {inboxes.NEEDS_YOU: waiting.count(user), inboxes.WAITING: box.waiting}
    address = address or Address(QueryDict())
    tabs = [(name, title, counts.get(name), address.link(tab=name)) for name, title in TABS]
    return {"box": box, "tabs": tabs, "pager": address.link(tab=box.tab)}


def narrowing_of(address: Address) -> tuple[InboxFilter, bool]:
    """The filters of an inbox's address, and whether they narrow a tab; what cannot be used narrows nothing."""
    filters = InboxFilter(address.effective, ApprovalRequest.objects.none())
    named = any(address.effective.get(name) for name in NARROWERS)
    return filters, filters.is_valid() and named


def find_request(user: User, key: str, held: Held = None) -> ApprovalRequest:
    """The request with this key, if the person may see it. Raises NotFound."""
    found = ApprovalRequest.objects.visible_to(user, held).whole(key)
    if found is None:
        raise NotFound(f"There is no approval request {key[:20]} that you may see.")
    return found


@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    """What waits for me, for others, and what is done."""
    user = signed_in(request)
    cursor, address = request.GET.get("cursor", ""), address_of(request.GET, user)
    filters, narrowed = narrowing_of(address)
    narrowers = [filters.form[name] for name in NARROWERS]
    narrow = filters.filter_queryset if narrowed else inboxes.everything
    context = _inbox_context(user, address.effective.get("tab", ""), cursor, narrow=narrow, address=address) | {
        "filter": filters,
        "narrowed": narrowed,
        "narrowers": narrowers,
        "chips": chips(narrowers, address),
        "hidden": address.hidden(*NARROWERS),
        **saving(address, SavedViewPage.INBOX),
    }
    if context["box"].tab == inboxes.NEEDS_YOU and not cursor and not narrowed:
        context["tasks"] = waiting.tasks(user)
    return render(request, "governance/inbox.html", context)


@require_GET
def count(request: HttpRequest) -> HttpResponse:
    """The number on the inbox's badge; empty when nothing waits."""
    return HttpResponse(str(waiting.count(signed_in(request)) or ""), content_type="text/html")


@require_GET
def approval(request: HttpRequest, key: str) -> HttpResponse:
    """One request with everything needed to decide it. Looking never decides."""
    return _approval_page(request, key, DecisionForm())


def _approval_page(request: HttpRequest, key: str, form: DecisionForm, status: int = 200) -> HttpResponse:
    user = signed_in(request)
    held = list(Delegation.objects.held_by(user))
    found = find_request(user, key, held)
    chip_kind, chip_word = dossier.chip_of(found)
    icon, kind = dossier.kind_of(found)
    around = _inbox_context(user, inboxes.tab_of(found, user), "", held)
    context = {
        "request_row": found,
        "dossier": dossier.of(found, user, held),
        "chip_kind": chip_kind,
        "chip_word": chip_word,
        "kind_icon": icon,
        "kind": kind,
        "due_at": min((step.due_at for step in open_steps(found)), default=found.due_at),
        "form": form,
        "may_answer": found.is_open and user.pk in (found.requester_id, found.project.owner_id),
        "may_withdraw": found.is_open and (found.requester_id == user.pk or user.is_lead),
        **around,
        **_neighbours(around["box"], found.key),
    }
    return render(request, "governance/approval.html", context, status=status)


def _neighbours(box: inboxes.Inbox, key: str) -> dict[str, str]:
    """Keys of the requests before and after this one in its tab; empty where there is none."""
    keys = ["", *box.keys, ""]
    at = keys.index(key) if key in keys else 0
    return {"before": keys[at - 1] if at else "", "after": keys[at + 1] if at else ""}


@require_POST
def decide(request: HttpRequest, key: str) -> HttpResponse:
    """Record my verdict."""
    user, form = signed_in(request), DecisionForm(request.POST)
    found = find_request(user, key)
    if not form.is_valid():
        return _approval_page(request, key, form, status=422)
    conditions, verdict = form.cleaned_conditions(), form.cleaned_data["verdict"]
    if conditions and verdict == Verdict.APPROVE:
        verdict = Verdict.APPROVE_WITH_CONDITIONS
    try:
        decided = approvals.decide(
            request_id=found.pk,
            verdict=verdict,
            comment=form.cleaned_data["comment"],
            conditions=conditions,
            conditions_due_on=form.cleaned_data["conditions_due_on"],
            actor=user,
        )
    except DomainError as error:
        apply_domain_error(form, error)
        return _approval_page(request, key, form, status=error.status if error.status in (403, 409) else 422)
    _say(request, decided)
    return redirect(request, reverse("governance:approval", args=[decided.key]))


def _say(request: HttpRequest, decided: ApprovalRequest) -> None:
    if decided.state == ApprovalState.VOID:
        messages.warning(request, f"{decided.key} is void: what was asked for changed after it was asked.")
    elif decided.is_open:
        messages.success(
            request, f"Your decision is recorded. {decided.key} now waits for {decided.project.waiting_on}."
        )
    else:
        messages.success(request, f"Your decision is recorded. {decided.key} is {decided.get_state_display().lower()}.")


@require_POST
def withdraw(request: HttpRequest, key: str) -> HttpResponse:
    """Take my request back."""
    user = signed_in(request)
    taken = approvals.withdraw(request_id=find_request(user, key).pk, actor=user)
    messages.success(request, f"{taken.key} is withdrawn; {taken.project.key} can be changed again.")
    return redirect(request, reverse("projects:detail", args=[taken.project.key]))
