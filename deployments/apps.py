from django.apps import AppConfig


class DeploymentsConfig(AppConfig):
    name = "deployments"
    verbose_name = "Runs and environments"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from coe_portal.core import search
        from deployments.views.palette import find_runs

        search.register("runs", find_runs)
