from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    name = "governance"

    def ready(self) -> None:
        from coe_portal.core import inbox, menu, search
        from governance.models import ApprovalRequest
        from governance.palette import find_approvals
        from governance.services import inboxes

        inbox.register("approvals", inboxes.count)
        menu.register("approvals", ApprovalRequest.objects.awaiting, calls=True)
        search.register("approvals", find_approvals)
