from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    name = "projects"

    def ready(self) -> None:
        from coe_portal.core import menu, search
        from projects.models import Dataset, Project
        from projects.palette import find_datasets, find_projects

        search.register("projects", find_projects)
        search.register("datasets", find_datasets)
        menu.register("datasets", lambda user: Dataset.objects.in_use())
        menu.register("projects", lambda user: Project.objects.visible_to(user).open())
        menu.register("intakes", lambda user: Project.objects.visible_to(user).intakes())
