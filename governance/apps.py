from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    name = "governance"

    def ready(self) -> None:
        from coe_portal.core import inbox, search
        from governance import handlers, wording
        from governance.models import ApprovalRequest, Condition, Finding
        from governance.palette import find_approvals
        from governance.services import (
            approval_evidence,
            break_glass,
            conditions,
            data_access,
            data_overview,
            findings,
            next_actions,
            poc_advice,
            poc_alarms,
            poc_decisions,
            waivers,
        )
        from projects.models import DataAccess

        # These services register what their approvals do or prove; wording registers how its actions are told.
        del approval_evidence, break_glass, data_access, handlers, poc_decisions, waivers, wording
        inbox.register("approvals", ApprovalRequest.objects.needing)
        inbox.register("conditions", Condition.objects.waiting_for, conditions.tasks)
        inbox.register("findings", Finding.objects.waiting_for, findings.tasks)
        inbox.register("data", DataAccess.objects.calling, data_overview.tasks)
        inbox.register("poc clocks", poc_alarms.calling, poc_alarms.tasks)
        next_actions.register_adviser("poc clock", poc_advice.decide_how_it_goes_on)
        search.register("approvals", find_approvals)
