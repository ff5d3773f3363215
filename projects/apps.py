from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    name = "projects"

    def ready(self) -> None:
        from coe_portal.core import inbox, menu, search
        from projects import handlers, wording
        from projects.models import Handover, Project
        from projects.palette import find_projects
        from projects.services import answers_due, handovers

        del handlers, wording  # one subscribes, the other registers how its actions are told
        inbox.register("handovers", handovers.count)
        inbox.register_tasks("handovers", handovers.tasks)
        inbox.register("answers due", lambda user: answers_due.waiting_for(user).count())
        inbox.register_tasks("answers due", answers_due.tasks)
        menu.register("approvals", Handover.objects.waiting_for, calls=True)
        menu.register("approvals", answers_due.waiting_for, calls=True)

        search.register("projects", find_projects)
        menu.register("projects", lambda user: Project.objects.visible_to(user).open())
        menu.register("intakes", lambda user: Project.objects.visible_to(user).intakes())
