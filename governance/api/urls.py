from django.urls import path
from rest_framework.routers import SimpleRouter

from governance.api import commands, conditions, delegations, findings, poc, policies, resources, risk, waivers

router = SimpleRouter()
router.register("approvals", resources.ApprovalViewSet, basename="approval")
router.register("conditions", conditions.ConditionViewSet, basename="condition")
router.register("delegations", delegations.DelegationViewSet, basename="delegation")
router.register("findings", findings.FindingViewSet, basename="finding")
router.register("policies", policies.PolicyViewSet, basename="policy")

urlpatterns = [
    path("projects/<str:key>/submit/", commands.SubmitView.as_view(), name="project-submit"),
    path("projects/<str:key>/advance/", commands.AdvanceView.as_view(), name="project-advance"),
    path("projects/<str:key>/gate/", commands.GateView.as_view(), name="project-gate"),
    path("projects/<str:key>/break-glass/", commands.BreakGlassView.as_view(), name="project-break-glass"),
    path("projects/<str:key>/checklist/<str:code>/waive/", waivers.WaiveView.as_view(), name="criterion-waive"),
    path("projects/<str:key>/poc-clock/", poc.ClockView.as_view(), name="project-poc-clock"),
    path("projects/<str:key>/poc-decision/", poc.DecisionView.as_view(), name="project-poc-decision"),
    path("projects/<str:key>/migrate-policy/", policies.MigratePolicyView.as_view(), name="project-migrate-policy"),
    path("projects/<str:key>/risk/", risk.RiskView.as_view(), name="project-risk"),
    *router.urls,
]
