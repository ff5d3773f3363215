"""The composition root of the API: mounts the apps' resources under /api/v1/ and the description beside them."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from coe_portal.core.api.docs import ApiDocsView
from coe_portal.pages.api import PortfolioView

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", ApiDocsView.as_view(url_name="api-schema"), name="api-docs"),
    path("v1/portfolio/", PortfolioView.as_view(), name="portfolio"),
    path("v1/", include("coe_portal.core.api.urls")),
    path("v1/", include("deployments.api.urls")),
    path("v1/", include("governance.api.urls")),
    path("v1/", include("projects.api.urls")),
]
