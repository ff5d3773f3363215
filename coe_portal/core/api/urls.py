from django.urls import path
from rest_framework.routers import SimpleRouter

from coe_portal.core.api import resources, saved_views

router = SimpleRouter()
router.register("users", resources.UserViewSet, basename="user")
router.register("audit", resources.AuditViewSet, basename="audit")
router.register("tokens", resources.TokenViewSet, basename="token")
router.register("saved-views", saved_views.SavedViewViewSet, basename="saved-view")

urlpatterns = [path("me/", resources.MeView.as_view(), name="me"), *router.urls]
