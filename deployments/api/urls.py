from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from deployments.api.places import EnvironmentViewSet, TemplateViewSet
from deployments.api.runs import EstimateView, RunViewSet

router = SimpleRouter()
router.register("environments", EnvironmentViewSet, basename="environment")
router.register("templates", TemplateViewSet, basename="template")
router.register("runs", RunViewSet, basename="run")

urlpatterns: list[URLPattern | URLResolver] = [
    path("estimates/", EstimateView.as_view(), name="estimate"),
    *router.urls,
]
