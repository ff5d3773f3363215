from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    name = "projects"

    def ready(self) -> None:
        from coe_portal.core import inbox, menu, search
        from projects import wording
        from projects.models import LessonsOwed, Project
        from projects.palette import find_projects
        from projects.services import lessons

        inbox.register("lessons", lessons.count)
        inbox.register_tasks("lessons", lessons.tasks, LessonsOwed.objects.waiting_for)
        menu.register("approvals", LessonsOwed.objects.waiting_for, calls=True)
        del wording  # it registers how its actions are told
        search.register("projects", find_projects)
        menu.register("projects", lambda user: Project.objects.visible_to(user).open())
        menu.register("intakes", lambda user: Project.objects.visible_to(user).intakes())
