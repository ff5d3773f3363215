"""The end of a project ends what still runs for it, down to AWS, for who decided it."""

from collections.abc import Callable

from django.test import Client

from coe_portal.core import outbox
from coe_portal.core.models import AuditEntry
from coe_portal.core.story import told
from deployments.models import Run
from deployments.reconcile import submit, watch
from deployments.services import endings
from governance.services import poc_decisions
from projects.models import Project
from tests.deployments.conftest import bearer
from tests.deployments.local.conftest import LocalAws
from tests.deployments.reconcile.conftest import finish
from tests.factories import person

Launch = Callable[..., Run]
REASON = "Accuracy stays below 0.75 with more time and more labels."


def _end(project: Project) -> None:
    wish = poc_decisions.Wish("no_go", REASON)
    poc_decisions.decide(project_key=project.key, wish=wish, actor=person("sponsor"))
    while outbox.deliver_next():
        pass


def test_a_no_go_stops_on_aws_what_still_runs_for_who_decided_it(
    launch: Launch, aws: LocalAws, project: Project
) -> None:
    aws.control(simulate=60)
    training = launch()
    submit.pump()
    queued = launch(note="another one")
    _end(project)
    for run in (training, queued):
        run.refresh_from_db()
    assert (queued.state, queued.cost) == ("stopped", 0)
    assert training.stop_requested_by == person("sponsor") and not training.is_final
    watch.stop_due()
    assert finish(training).state == "stopped"
    job = aws.client("sagemaker").describe_training_job(TrainingJobName=training.aws_name)
    assert job["TrainingJobStatus"] == "Stopped"
    asked = AuditEntry.objects.get(subject=training.ref, action="run.stop_requested")
    assert (asked.actor, asked.on_behalf_of) == (None, person("sponsor"))
    assert asked.comment == f"{project.key} ended: stopped."
    assert told([asked])[0].who == "CoE Portal for Ingrid Solberg"
    ended = AuditEntry.objects.get(subject=queued.ref, action="run.stopped")
    assert (ended.actor, ended.on_behalf_of) == (None, person("sponsor"))
    assert endings.stop_runs(project_key=project.key, target="stopped", decided_by=None) == 0


def test_before_a_no_go_the_page_and_the_api_say_how_many_runs_it_stops(
    launch: Launch, project: Project, client: Client
) -> None:
    client.force_login(person("sponsor"))
    page = f"/projects/{project.key}/poc-decision/"
    assert "No run is going on now." in client.get(page).content.decode()
    launch()
    assert "<b>1 run</b> going on now is asked to stop." in client.get(page).content.decode()
    launch(note="another one")
    assert "<b>2 runs</b> going on now are asked to stop." in client.get(page).content.decode()
    clock = client.get(f"/api/v1/projects/{project.key}/poc-clock/", headers=bearer(person("sponsor"))).json()
    assert clock["running"] == 2


def test_a_stage_that_is_no_end_stops_nothing(launch: Launch, project: Project) -> None:
    run = launch()
    assert endings.stop_runs(project_key=project.key, target="stopped", decided_by=None) == 0  # it has not ended
    while outbox.deliver_next():
        pass
    run.refresh_from_db()
    assert (run.state, run.stop_requested_at) == ("queued", None)
