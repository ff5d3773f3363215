from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    name = "projects"

    def ready(self) -> None:
        from coe_portal.core import inbox, menu, search
        from projects import handlers, wording
        from projects.models import Dataset, Handover, LessonsOwed, Project
        from projects.palette import find_datasets, find_projects
        from projects.services import answers_due, dataset_evidence, handovers, lessons

        del dataset_evidence, handlers, wording  # they register what proves, subscribe, and say how actions are told
        inbox.register("handovers", Handover.objects.waiting_for, handovers.tasks)
        inbox.register("answers due", answers_due.waiting_for, answers_due.tasks)
        inbox.register("lessons", LessonsOwed.objects.waiting_for, lessons.tasks)
        search.register("projects", find_projects)
        search.register("datasets", find_datasets)
        menu.register("datasets", lambda user: Dataset.objects.in_use())
        menu.register("projects", lambda user: Project.objects.visible_to(user).open())
        menu.register("intakes", lambda user: Project.objects.visible_to(user).intakes())
