from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class CoreConfig(AppConfig):
    name = "coe_portal.core"
    label = "core"
    verbose_name = "People and system"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from coe_portal.core import checks  # noqa: F401  registers the system checks


class CoeAdminConfig(AdminConfig):
    default_site = "coe_portal.core.adminsite.CoeAdminSite"
