from rest_framework.routers import SimpleRouter

from projects.api import coverage, evidence, parts, projects

router = SimpleRouter()
router.register("business-units", projects.BusinessUnitViewSet, basename="business-unit")
router.register("projects", projects.ProjectViewSet, basename="project")
router.register(r"projects/(?P<key>[^/]+)/checklist", parts.ChecklistViewSet, basename="criterion")
router.register(r"projects/(?P<key>[^/]+)/evidence", evidence.EvidenceViewSet, basename="evidence")
router.register(r"projects/(?P<key>[^/]+)/members", parts.MemberViewSet, basename="member")
router.register(r"projects/(?P<key>[^/]+)/responsibilities", parts.ResponsibilityViewSet, basename="responsibility")
router.register(r"projects/(?P<key>[^/]+)/handovers", coverage.HandoverViewSet, basename="handover")
router.register(r"users/(?P<username>[^/]+)/skills", coverage.SkillViewSet, basename="skill")

urlpatterns = router.urls
