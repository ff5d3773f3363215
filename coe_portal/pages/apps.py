from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "coe_portal.pages"
    label = "pages"

    def ready(self) -> None:
        from coe_portal.core import search
        from coe_portal.pages.navigation import do, go_to

        search.register("go to", go_to)
        search.register("do", do)
