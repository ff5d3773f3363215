from django.urls import path

from projects.views import (
    checklist,
    criterion,
    evidence,
    history,
    lists,
    project,
    revisions,
    skills,
    team,
    wizard,
)

app_name = "projects"
urlpatterns = [
    path("intake/", lists.intake_list, name="intake_list"),
    path("intake/new/", lists.intake_new, name="intake_new"),
    path("intake/similar/", lists.similar, name="similar"),
    path("intake/<str:key>/<slug:slug>/", wizard.step, name="intake_step"),
    path("intake/<str:key>/<slug:slug>/autosave/", wizard.autosave, name="intake_autosave"),
    path("projects/", lists.project_list, name="list"),
    path("me/skills/", skills.my_skills, name="my_skills"),
    path("projects/<str:key>/", project.detail, name="detail"),
    path("projects/<str:key>/checklist/", checklist.checklist_page, name="checklist"),
    path("projects/<str:key>/checklist/<str:code>/", criterion.page, name="criterion"),
    path("projects/<str:key>/checklist/<str:code>/evidence/", criterion.add_evidence, name="evidence"),
    path("projects/<str:key>/checklist/<str:code>/verdict/", criterion.give_verdict, name="verdict"),
    path("projects/<str:key>/checklist/<str:code>/plan/", criterion.plan, name="criterion_plan"),
    path("projects/<str:key>/checklist/<str:code>/confirm/", criterion.confirm, name="criterion_confirm"),
    path("projects/<str:key>/evidence/<str:evidence_id>/", evidence.download, name="evidence_file"),
    path("projects/<str:key>/evidence/<str:evidence_id>/withdraw/", evidence.withdraw, name="evidence_withdraw"),
    path("projects/<str:key>/team/", team.team_page, name="team"),
    path("projects/<str:key>/team/responsibilities/", team.set_responsibilities, name="responsibilities"),
    path("projects/<str:key>/team/<str:member_id>/remove/", team.remove_member, name="member_remove"),
    path("projects/<str:key>/history/", history.history, name="history"),
    path("projects/<str:key>/history/export.csv", history.export, name="history_export"),
    path("projects/<str:key>/revisions/<int:number>/", revisions.revision, name="revision"),
]
