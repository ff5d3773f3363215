from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    name = "projects"

    def ready(self) -> None:
        from coe_portal.core import menu, search
        from projects import wording
        from projects.models import Project
        from projects.palette import find_projects

        del wording  # it registers how its actions are told
        search.register("projects", find_projects)
        menu.register("projects", lambda user: Project.objects.visible_to(user).open())
        menu.register("intakes", lambda user: Project.objects.visible_to(user).intakes())
