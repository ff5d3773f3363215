from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    name = "projects"

    def ready(self) -> None:
        from coe_portal.core import search
        from projects.palette import find_projects

        search.register("projects", find_projects)
