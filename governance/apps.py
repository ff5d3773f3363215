from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    name = "governance"

    def ready(self) -> None:
        from coe_portal.core import inbox, menu, search
        from governance import handlers
        from governance.palette import find_approvals
        from governance.services import approval_evidence, break_glass, inboxes, waivers  # most register themselves

        del approval_evidence, break_glass, handlers, waivers
        inbox.register("approvals", inboxes.count)
        menu.register("approvals", inboxes.needing, calls=True)
        search.register("approvals", find_approvals)
