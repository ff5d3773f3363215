from django.urls import path

from projects.views import (
    checklist,
    concept,
    history,
    joining,
    lists,
    project,
    revisions,
    similar,
    skills,
    team,
    wizard,
)

app_name = "projects"
urlpatterns = [
    path("intake/", lists.intake_list, name="intake_list"),
    path("intake/new/", lists.intake_new, name="intake_new"),
    path("intake/similar/", lists.similar, name="similar"),
    path("intake/<str:key>/concept/", concept.page, name="concept"),
    path("intake/<str:key>/concept/take-back/", concept.take_back, name="concept_take_back"),
    path("intake/<str:key>/similar/", similar.page, name="similar_work"),
    path("intake/<str:key>/questions/<str:asked_id>/", wizard.answer_question, name="answer_question"),
    path("intake/<str:key>/<slug:slug>/", wizard.step, name="intake_step"),
    path("intake/<str:key>/<slug:slug>/autosave/", wizard.autosave, name="intake_autosave"),
    path("projects/", lists.project_list, name="list"),
    path("me/skills/", skills.my_skills, name="my_skills"),
    path("projects/<str:key>/", project.detail, name="detail"),
    path("projects/<str:key>/checklist/", checklist.checklist_page, name="checklist"),
    path("projects/<str:key>/checklist/<str:code>/evidence/", checklist.add_evidence, name="evidence"),
    path("projects/<str:key>/checklist/<str:code>/verdict/", checklist.give_verdict, name="verdict"),
    path("projects/<str:key>/team/", team.team_page, name="team"),
    path("projects/<str:key>/team/responsibilities/", team.set_responsibilities, name="responsibilities"),
    path("projects/<str:key>/team/<str:member_id>/remove/", team.remove_member, name="member_remove"),
    path("projects/<str:key>/join/", joining.ask, name="join"),
    path("projects/<str:key>/join-requests/", joining.panel, name="join_requests"),
    path("join-requests/<str:join_id>/decide/", joining.decide, name="join_decide"),
    path("join-requests/<str:join_id>/withdraw/", joining.withdraw, name="join_withdraw"),
    path("projects/<str:key>/history/", history.history, name="history"),
    path("projects/<str:key>/history/export.csv", history.export, name="history_export"),
    path("projects/<str:key>/revisions/<int:number>/", revisions.revision, name="revision"),
]
