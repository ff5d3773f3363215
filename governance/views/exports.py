"""A tab of the inbox as CSV."""

from collections.abc import Iterator
from datetime import datetime

from django.http import HttpRequest, StreamingHttpResponse
from django.views.decorators.http import require_GET

from coe_portal.core.csv_export import as_of, csv_response, filters_in_words
from coe_portal.core.narrowing import address_of
from coe_portal.core.sessions import signed_in
from governance.models import ApprovalRequest
from governance.services import inboxes
from governance.views.inbox import TABS, narrowing_of

HEADER = ["request", "what", "action", "project", "business unit", "asked by", "asked (UTC)", "due (UTC)", "state"]
HEADER += ["closed (UTC)", "policy", "SHA-256 of what is asked for"]


@require_GET
def inbox_export(request: HttpRequest) -> StreamingHttpResponse:
    """The requests of one tab, all of them."""
    user = signed_in(request)
    address = address_of(request.GET, user)
    wanted = address.effective.get("tab", "")
    tab = wanted if wanted in dict(TABS) else inboxes.NEEDS_YOU
    filters, narrowed = narrowing_of(address)
    found = filters.filter_queryset(inboxes.requests_of(user, tab)) if narrowed else inboxes.requests_of(user, tab)
    said = filters_in_words(filters.form, address.effective) if narrowed else []
    about = as_of("Approval requests", "times in UTC, due by the end of the last step")
    rows = found.select_related("project__business_unit", "requester").defer("specification")
    shown = [dict(TABS)[tab], *(word for word in said if not word.startswith("Tab:"))]
    return csv_response("inbox", about, HEADER, _rows(rows.iterator(chunk_size=2000)), filters=shown)


def _rows(found: Iterator[ApprovalRequest]) -> Iterator[list[object]]:
    for row in found:
        what = [row.key, row.title, row.action, row.project.key, row.project.business_unit.name, str(row.requester)]
        times = [_utc(row.created_at), _utc(row.due_at), row.state, _utc(row.closed_at)]
        yield [*what, *times, row.policy_version, row.digest]


def _utc(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
