from rest_framework.routers import SimpleRouter

from projects.api import evidence, parts, projects

router = SimpleRouter()
router.register("business-units", projects.BusinessUnitViewSet, basename="business-unit")
router.register("projects", projects.ProjectViewSet, basename="project")
router.register(r"projects/(?P<key>[^/]+)/checklist", parts.ChecklistViewSet, basename="criterion")
router.register(r"projects/(?P<key>[^/]+)/evidence", evidence.EvidenceViewSet, basename="evidence")
router.register(r"projects/(?P<key>[^/]+)/members", parts.MemberViewSet, basename="member")
router.register(r"projects/(?P<key>[^/]+)/responsibilities", parts.ResponsibilityViewSet, basename="responsibility")

urlpatterns = router.urls
