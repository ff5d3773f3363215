"""What workers and the event consumer write down names for whom they worked, and what belongs together."""

from collections.abc import Callable

from coe_portal.core.models import AuditEntry
from coe_portal.core.story import told
from deployments.aws.gateway import QueueMessage
from deployments.models import Run
from deployments.reconcile import consumer, submit
from deployments.services import runs
from tests.deployments.reconcile.test_watch import event_of
from tests.factories import person

Launch = Callable[..., Run]


def test_what_the_event_consumer_writes_is_for_who_launched_the_run_and_has_an_id_of_its_batch(launch: Launch) -> None:
    run = launch()
    submit.pump()
    consumer.digested([QueueMessage(event_of(run, "InProgress", "Training", event_id="one"), "1")])
    entry = AuditEntry.objects.get(subject=run.ref, action="run.started")
    assert (entry.actor, entry.on_behalf_of) == (None, run.requested_by)
    assert len(entry.request_id) >= 8
    assert told([entry])[0].who == f"CoE Portal for {run.requested_by}"


def test_a_run_that_was_stopped_was_stopped_for_who_asked_for_it(launch: Launch) -> None:
    run = launch()
    submit.pump()
    consumer.digested([QueueMessage(event_of(run, "InProgress", "Training", event_id="one"), "1")])
    runs.stop_run(run_id=run.pk, actor=person("lead"))
    consumer.digested([QueueMessage(event_of(run, "Stopped", "Stopped", event_id="two"), "2")])
    entry = AuditEntry.objects.get(subject=run.ref, action="run.stopped")
    assert (entry.actor, entry.on_behalf_of) == (None, person("lead"))
