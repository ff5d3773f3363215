from django.apps import AppConfig


class DeploymentsConfig(AppConfig):
    name = "deployments"
    verbose_name = "Runs and environments"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from coe_portal.core import menu, search
        from deployments import handlers, wording
        from deployments.models import Run
        from deployments.services import run_evidence, spent  # they register what runs prove and cost
        from deployments.services.advice import gate_after_the_target
        from deployments.services.environments import data_places
        from deployments.views.palette import find_runs
        from governance.services import next_actions
        from projects.services import places

        del handlers, run_evidence, spent, wording  # they subscribe or register
        places.register(data_places)
        search.register("runs", find_runs)
        menu.register("live runs", lambda user: Run.objects.visible_to(user).open())
        next_actions.register_adviser("runs", gate_after_the_target)
