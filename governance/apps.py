from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    name = "governance"

    def ready(self) -> None:
        from coe_portal.core import inbox, menu, search
        from governance import handlers, wording
        from governance.models import Finding
        from governance.palette import find_approvals
        from governance.services import (
            approval_evidence,
            break_glass,
            data_access,
            data_overview,
            findings,
            inboxes,
            next_actions,
            poc_advice,
            poc_alarms,
            poc_decisions,
            waivers,
        )
        from projects.models import DataAccess

        # These services register what their approvals do or prove; wording registers how its actions are told.
        del approval_evidence, break_glass, data_access, handlers, poc_decisions, waivers, wording
        inbox.register("poc clocks", lambda user: poc_alarms.calling(user).count())
        inbox.register_tasks("poc clocks", poc_alarms.tasks)
        menu.register("approvals", poc_alarms.calling, calls=True)
        next_actions.register_adviser("poc clock", poc_advice.decide_how_it_goes_on)
        inbox.register("approvals", inboxes.count)
        inbox.register("findings", findings.count)
        inbox.register_tasks("findings", findings.tasks)
        menu.register("approvals", Finding.objects.waiting_for, calls=True)
        inbox.register("data", data_overview.count)
        inbox.register_tasks("data", data_overview.tasks)
        menu.register("approvals", inboxes.needing, calls=True)
        menu.register("approvals", DataAccess.objects.calling, calls=True)
        search.register("approvals", find_approvals)
