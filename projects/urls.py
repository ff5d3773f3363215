from django.urls import path

from projects.views import checklist, history, lessons, lists, project, revisions, skills, team, wizard

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
    path("projects/<str:key>/checklist/<str:code>/evidence/", checklist.add_evidence, name="evidence"),
    path("projects/<str:key>/checklist/<str:code>/verdict/", checklist.give_verdict, name="verdict"),
    path("projects/<str:key>/team/", team.team_page, name="team"),
    path("projects/<str:key>/team/responsibilities/", team.set_responsibilities, name="responsibilities"),
    path("projects/<str:key>/team/<str:member_id>/remove/", team.remove_member, name="member_remove"),
    path("projects/<str:key>/lessons/", lessons.of_project, name="lessons"),
    path("projects/<str:key>/lessons/alike/", lessons.alike, name="lessons_alike"),
    path("lessons/<str:lesson_id>/withdraw/", lessons.withdraw, name="lesson_withdraw"),
    path("stories/", lessons.stories, name="stories"),
    path("projects/<str:key>/history/", history.history, name="history"),
    path("projects/<str:key>/history/export.csv", history.export, name="history_export"),
    path("projects/<str:key>/revisions/<int:number>/", revisions.revision, name="revision"),
]
