from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    name = "governance"

    def ready(self) -> None:
        from coe_portal.core import inbox, menu, search
        from governance import handlers, wording
        from governance.models import Finding
        from governance.palette import find_approvals
        from governance.services import break_glass, data_access, data_overview, findings, inboxes
        from projects.models import DataAccess

        # The services of breaking the glass and of data register what their approvals do.
        del break_glass, data_access, handlers, wording  # wording registers how its actions are told
        inbox.register("approvals", inboxes.count)
        inbox.register("findings", findings.count)
        inbox.register_tasks("findings", findings.tasks)
        menu.register("approvals", Finding.objects.waiting_for, calls=True)
        inbox.register("data", data_overview.count)
        inbox.register_tasks("data", data_overview.tasks)
        menu.register("approvals", inboxes.needing, calls=True)
        menu.register("approvals", DataAccess.objects.calling, calls=True)
        search.register("approvals", find_approvals)
