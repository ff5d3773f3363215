"""The composition root of the pages: mounts the apps, decides nothing."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("api/", include("coe_portal.api_urls")),
    path("", include("coe_portal.pages.urls")),
    path("", include("governance.urls")),
    path("", include("deployments.urls")),
    path("", include("projects.urls")),
]

handler400 = "coe_portal.core.error_pages.bad_request"
handler403 = "coe_portal.core.error_pages.forbidden"
handler404 = "coe_portal.core.error_pages.not_found"
handler500 = "coe_portal.core.error_pages.broken"
