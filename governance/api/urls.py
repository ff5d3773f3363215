from django.urls import path
from rest_framework.routers import SimpleRouter

from governance.api import (
    commands,
    conditions,
    data_access,
    delegations,
    findings,
    poc,
    policies,
    qualification,
    resources,
    risk,
    scoring,
    waivers,
)

router = SimpleRouter()
router.register("approvals", resources.ApprovalViewSet, basename="approval")
router.register("conditions", conditions.ConditionViewSet, basename="condition")
router.register("data-access", data_access.DataAccessViewSet, basename="data-access")
router.register("delegations", delegations.DelegationViewSet, basename="delegation")
router.register("findings", findings.FindingViewSet, basename="finding")
router.register("policies", policies.PolicyViewSet, basename="policy")

urlpatterns = [
    path("projects/<str:key>/submit/", commands.SubmitView.as_view(), name="project-submit"),
    path("projects/<str:key>/advance/", commands.AdvanceView.as_view(), name="project-advance"),
    path("projects/<str:key>/stop/", commands.StopView.as_view(), name="project-stop"),
    path("projects/<str:key>/gate/", commands.GateView.as_view(), name="project-gate"),
    path("projects/<str:key>/break-glass/", commands.BreakGlassView.as_view(), name="project-break-glass"),
    path("projects/<str:key>/decide-intake/", qualification.DecideIntakeView.as_view(), name="project-decide-intake"),
    path("projects/<str:key>/end-deferral/", qualification.EndDeferralView.as_view(), name="project-end-deferral"),
    path("projects/<str:key>/business-case/", qualification.BusinessCaseView.as_view(), name="project-business-case"),
    path("projects/<str:key>/qualification/", qualification.QualificationView.as_view(), name="project-qualification"),
    path("projects/<str:key>/reviews/", qualification.ReviewView.as_view(), name="project-reviews"),
    path("projects/<str:key>/reviewers/", qualification.ReviewersView.as_view(), name="project-reviewers"),
    path("projects/<str:key>/reviewers/<str:reviewer>/", qualification.ReviewerView.as_view(), name="project-reviewer"),
    path(
        "projects/<str:key>/review-questions/<str:asked_id>/answer/",
        qualification.FieldAnswerView.as_view(),
        name="project-review-question",
    ),
    path("scoring/", scoring.ScoringView.as_view(), name="scoring"),
    path("projects/<str:key>/checklist/<str:code>/waive/", waivers.WaiveView.as_view(), name="criterion-waive"),
    path("projects/<str:key>/poc-clock/", poc.ClockView.as_view(), name="project-poc-clock"),
    path("projects/<str:key>/poc-decision/", poc.DecisionView.as_view(), name="project-poc-decision"),
    path("projects/<str:key>/migrate-policy/", policies.MigratePolicyView.as_view(), name="project-migrate-policy"),
    path("projects/<str:key>/risk/", risk.RiskView.as_view(), name="project-risk"),
    *router.urls,
]
