"""Events on their way; the parked ones can be given another round."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from coe_portal.core import outbox
from coe_portal.core.adminsite import ReadOnlyAdmin
from coe_portal.core.errors import DomainError
from coe_portal.core.models import OutboxEvent, User


@admin.register(OutboxEvent)
class OutboxEventAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "name", "key", "state", "attempts", "next_attempt_at", "error"]
    list_filter = ["state", "name"]
    search_fields = ["=key", "error"]
    show_full_result_count = False
    actions = ["retry"]

    @admin.action(description="Retry the selected parked events", permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[OutboxEvent]) -> None:
        retried = 0
        for event in queryset:
            try:
                outbox.retry_parked(event_id=event.pk, actor=request.user)
                retried += 1
            except DomainError as error:
                self.message_user(request, error.message, level="WARNING")
        self.message_user(request, f"{retried} events get another round.")

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and request.user.is_lead
