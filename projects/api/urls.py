from django.urls import path
from rest_framework.routers import SimpleRouter

from projects.api import coverage, datasets, evidence, intake, lessons, parts, projects

router = SimpleRouter()
router.register("business-units", projects.BusinessUnitViewSet, basename="business-unit")
router.register("datasets", datasets.DatasetViewSet, basename="dataset")
router.register("lessons", lessons.LessonViewSet, basename="lesson")
router.register("projects", projects.ProjectViewSet, basename="project")
router.register(r"projects/(?P<key>[^/]+)/checklist", parts.ChecklistViewSet, basename="criterion")
router.register(r"projects/(?P<key>[^/]+)/evidence", evidence.EvidenceViewSet, basename="evidence")
router.register(r"projects/(?P<key>[^/]+)/members", parts.MemberViewSet, basename="member")
router.register(r"projects/(?P<key>[^/]+)/responsibilities", parts.ResponsibilityViewSet, basename="responsibility")
router.register(r"projects/(?P<key>[^/]+)/handovers", coverage.HandoverViewSet, basename="handover")
router.register(r"users/(?P<username>[^/]+)/skills", coverage.SkillViewSet, basename="skill")

urlpatterns = [
    path("projects/<str:key>/concept/", intake.ConceptView.as_view(), name="project-concept"),
    path("projects/<str:key>/similar/", intake.SimilarView.as_view(), name="project-similar-work"),
    path("projects/<str:key>/join/", intake.JoinView.as_view(), name="project-join"),
    path("projects/<str:key>/join-requests/", intake.JoinRequestsView.as_view(), name="project-join-requests"),
    path("join-requests/<str:join_id>/decide/", intake.JoinDecideView.as_view(), name="join-request-decide"),
    path("join-requests/<str:join_id>/withdraw/", intake.JoinWithdrawView.as_view(), name="join-request-withdraw"),
    *router.urls,
]
