"""Approvals in the command palette."""

from django.urls import reverse

from coe_portal.core.models import User
from coe_portal.core.search import MAX_HITS, Hit
from governance.models import ApprovalRequest


def find_approvals(user: User, words: str) -> list[Hit]:
    """Visible requests by key or title; those that wait for the person when nothing is typed."""
    rows = ApprovalRequest.objects.visible_to(user) if words else ApprovalRequest.objects.awaiting(user)
    by_key = rows.by_key(words) if words else rows
    rows = by_key if words and by_key.exists() else rows.filter(title__icontains=words)
    return [
        Hit(
            "Approvals",
            row.title,
            f"{row.key}, {row.get_state_display().lower()}",
            reverse("governance:approval", args=[row.key]),
            "inbox",
        )
        for row in rows.order_by("-id")[:MAX_HITS]
    ]
