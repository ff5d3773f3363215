"""The event consumer: one thread for each distinct queue, long polling, all day."""

import threading
import time
from collections.abc import Callable

import structlog
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from coe_portal.core import request_id
from deployments.aws.errors import AwsError
from deployments.aws.gateway import Queue, QueueMessage
from deployments.models import Environment
from deployments.reconcile.accounts import account_of
from deployments.reconcile.watch import take_in

log = structlog.get_logger(__name__)
WAIT_SECONDS = 20
REFRESH_SECONDS = 15
LONGEST_PAUSE = 30.0
GLANCE_SECONDS = 0.25


class Consumer:
    """Takes events from the queues of all environments into the rows until it is told to stop."""

    def __init__(self, alive: Callable[[], None], *, wait_seconds: int = WAIT_SECONDS) -> None:
        self.alive, self.wait_seconds = alive, wait_seconds
        self.stopping = threading.Event()
        self._told_to_stop = False
        self._at_work = threading.Lock()
        self._threads: dict[str, threading.Thread] = {}

    def run(self) -> None:
        """Work until ``stop``; look for new environments from time to time."""
        while not self._told_to_stop:
            self.alive()
            try:
                self._follow_environments()
            except DatabaseError as error:
                log.warning("database_unreachable", error=str(error))
            close_old_connections()
            end = time.monotonic() + REFRESH_SECONDS
            while not self._told_to_stop and time.monotonic() < end:
                self.stopping.wait(GLANCE_SECONDS)
        self.stopping.set()
        # A batch that is being written is finished; a thread that only waits for events may be left behind.
        self._at_work.acquire(timeout=10)

    def stop(self) -> None:
        """Ask for the end. A signal handler may call it: a lock might be held by the very line it interrupts."""
        self._told_to_stop = True

    def _follow_environments(self) -> None:
        places: dict[str, Environment] = {}
        for place in Environment.objects.exclude(event_queue_url="").order_by("pk"):
            places.setdefault(place.event_queue_url, place)
        for url, place in places.items():
            thread = self._threads.get(url)
            if thread is None or not thread.is_alive():
                self._threads[url] = threading.Thread(target=self._follow, args=(url, place.pk), daemon=True)
                self._threads[url].start()

    def _follow(self, url: str, environment_id: str) -> None:
        """Poll one queue until it is nobody's any more."""
        pause = 1.0
        try:
            while not self.stopping.is_set():
                place = Environment.objects.filter(pk=environment_id, event_queue_url=url).first()
                if place is None:
                    return
                pause = self._once(account_of(place).queue(url), url, pause)
        except DatabaseError as error:
            log.warning("database_unreachable", error=str(error))
            self.stopping.wait(1.0)
        finally:
            connection.close()

    def _once(self, queue: Queue, url: str, pause: float) -> float:
        """One long poll. Returns the pause to make after the next failure."""
        try:
            messages = queue.receive(wait_seconds=self.wait_seconds)
            if messages:
                with self._at_work:
                    queue.delete(digested(messages))
            return 1.0
        except AwsError as error:
            log.warning("queue_unreachable", queue=url, kind=error.kind, code=error.code, message=error.message)
            self.stopping.wait(pause)
            return min(pause * 2, LONGEST_PAUSE)


def digested(messages: list[QueueMessage]) -> list[QueueMessage]:
    """Take messages in; returns those that are done with and may be deleted.

    When a batch fails, each is taken alone, so that one bad message does not hold up its neighbours; it stays on the
    queue until the queue's redrive policy sets it aside.
    """
    request_id.begin(messages=len(messages))  # so that log lines and audit entries of a batch belong together
    try:
        take_in([message.body for message in messages])
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("batch_failed", size=len(messages))
        return [message for message in messages if _digests(message)]
    return messages


def _digests(message: QueueMessage) -> bool:
    try:
        take_in([message.body])
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("event_failed", body=message.body[:500])
        return False
    return True
