from django.urls import path

from governance.views import conditions, delegations, findings, inbox, panels, poc, policies, questions, waivers

app_name = "governance"
urlpatterns = [
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/count/", inbox.count, name="inbox_count"),
    path("approvals/<str:key>/", inbox.approval, name="approval"),
    path("approvals/<str:key>/decide/", inbox.decide, name="decide"),
    path("approvals/<str:key>/withdraw/", inbox.withdraw, name="withdraw"),
    path("approvals/<str:key>/ask/", questions.ask, name="ask"),
    path("approvals/<str:key>/answer/<int:question_id>/", questions.answer, name="answer"),
    path("conditions/<str:condition_id>/meet/", conditions.meet, name="condition_meet"),
    path("me/delegations/", delegations.mine, name="delegations"),
    path("me/delegations/<str:delegation_id>/end/", delegations.end, name="delegation_end"),
    path("policies/", policies.policy_list, name="policies"),
    path("policies/<str:label>/", policies.policy, name="policy"),
    path("projects/<str:key>/submit/", panels.submit, name="submit"),
    path("projects/<str:key>/advance/", panels.advance, name="advance"),
    path("projects/<str:key>/next-action/", panels.next_action_panel, name="project_next_action"),
    path("projects/<str:key>/gate/", panels.gate_panel, name="project_gate"),
    path("projects/<str:key>/findings/", findings.panel, name="project_findings"),
    path("projects/<str:key>/break-glass/", findings.ask_break_glass, name="break_glass"),
    path("projects/<str:key>/checklist/<str:code>/waivers/", waivers.panel, name="project_waivers"),
    path("projects/<str:key>/clock/", poc.clock_panel, name="project_clock"),
    path("projects/<str:key>/poc-decision/", poc.decision_page, name="poc_decision"),
    path("findings/<str:finding_id>/resolve/", findings.resolve, name="finding_resolve"),
    path("projects/<str:key>/decisions/", panels.decisions_panel, name="project_decisions"),
]
