from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    name = "governance"

    def ready(self) -> None:
        from coe_portal.core import inbox, menu, search
        from governance import handlers, wording
        from governance.palette import find_approvals
        from governance.services import (  # these register
            approval_evidence,
            break_glass,
            inboxes,
            next_actions,
            poc_advice,
            poc_alarms,
            poc_decisions,
            waivers,
        )

        del approval_evidence, break_glass, handlers, poc_decisions, waivers
        del wording  # it registers how its actions are told
        inbox.register("poc clocks", lambda user: poc_alarms.calling(user).count())
        inbox.register_tasks("poc clocks", poc_alarms.tasks)
        menu.register("approvals", poc_alarms.calling, calls=True)
        next_actions.register_adviser("poc clock", poc_advice.decide_how_it_goes_on)
        inbox.register("approvals", inboxes.count)
        menu.register("approvals", inboxes.needing, calls=True)
        search.register("approvals", find_approvals)
