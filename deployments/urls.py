from django.urls import URLPattern, URLResolver, path

from deployments.views import budget, launch, lists, places, run, run_log

app_name = "deployments"
urlpatterns: list[URLPattern | URLResolver] = [
    path("runs/", lists.runs, name="runs"),
    path("runs/export.csv", lists.export, name="runs_export"),
    path("runs/compare/", lists.compare, name="compare"),
    path("projects/<str:key>/runs/", lists.project_runs, name="project_runs"),
    path("projects/<str:key>/budget/", budget.project_budget, name="project_budget"),
    path("projects/<str:key>/runs/new/", launch.run_new, name="run_new"),
    path("projects/<str:key>/runs/estimate/", launch.estimate, name="run_estimate"),
    path("projects/<str:key>/runs/<int:number>/", run.run, name="run"),
    path("projects/<str:key>/runs/<int:number>/live/", run.live, name="run_live"),
    path("projects/<str:key>/runs/<int:number>/log/", run_log.log, name="run_log"),
    path("projects/<str:key>/runs/<int:number>/log.txt", run_log.log_file, name="run_log_file"),
    path("projects/<str:key>/runs/<int:number>/artifact/", run.artifact, name="run_artifact"),
    path("projects/<str:key>/runs/<int:number>/stop/", run.stop, name="run_stop"),
    path("projects/<str:key>/runs/<int:number>/retry/", run.retry, name="run_retry"),
    path("environments/", places.places, name="environments"),
    path("environments/new/", places.place_new, name="environment_new"),
    path("environments/<str:name>/", places.place, name="environment"),
    path("environments/<str:name>/edit/", places.place_edit, name="environment_edit"),
    path("environments/<str:name>/check/", places.check, name="environment_check"),
    path("environments/<str:name>/checks/", places.checks, name="environment_checks"),
    path("environments/<str:name>/external-id/", places.renew, name="environment_external_id"),
]
