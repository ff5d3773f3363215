"""The queues under the local SQS: nothing lost, nothing delivered twice too early, fast."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from deployments.local.sqs.messages import Redrive
from deployments.local.sqs.queues import Queues, UnknownQueue


@pytest.fixture
def queues(tmp_path: Path):
    opened = Queues(tmp_path / "q.db")
    opened.create("jobs")
    yield opened
    opened.close()


def test_a_received_message_is_hidden_until_its_visibility_timeout_ends(queues):
    queues.send_event("jobs", "a")
    assert len(queues.receive("jobs", visibility=0.2)) == 1
    assert queues.receive("jobs") == []
    assert queues.counts("jobs") == (0, 1)
    assert queues.receive("jobs", wait=2)[0][0].received == 2


def test_an_outdated_receipt_does_not_delete_the_message(queues):
    queues.send_event("jobs", "a")
    old = queues.receive("jobs", visibility=0)[0][1]
    new = queues.receive("jobs", wait=1)[0][1]
    queues.delete("jobs", old)
    assert sum(queues.counts("jobs")) == 1
    queues.delete("jobs", new)
    assert sum(queues.counts("jobs")) == 0


def test_a_message_received_too_often_goes_to_the_dead_letters(queues):
    queues.create("dead")
    queues.create("jobs", redrive=Redrive("dead", 1))
    queues.send_event("jobs", "poison")
    assert queues.receive("jobs", visibility=0)
    assert queues.receive("jobs", wait=0.05) == []
    assert queues.receive("dead")[0][0].body == "poison"


def test_a_waiting_receiver_is_served_at_once(queues):
    got: list[float] = []
    waiter = threading.Thread(target=lambda: queues.receive("jobs", wait=5) and got.append(time.perf_counter()))
    waiter.start()
    time.sleep(0.1)
    sent = time.perf_counter()
    queues.send_event("jobs", "a")
    waiter.join(5)
    assert got[0] - sent < 0.1


def test_an_unknown_queue_is_refused_by_name(queues):
    with pytest.raises(UnknownQueue, match="no queue named nope"):
        queues.send_event("nope", "a")


def test_messages_survive_a_kill_9(tmp_path: Path):
    code = (
        "import sys,time,pathlib\nfrom deployments.local.sqs.queues import Queues\n"
        "q=Queues(pathlib.Path(sys.argv[1])); q.create('jobs')\n"
        "for n in range(50): q.send_event('jobs', str(n))\n"
        "print('sent', flush=True); time.sleep(30)\n"
    )
    path = tmp_path / "q.db"
    child = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"sent\n"
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    reopened = Queues(path)
    bodies = {m.body for _ in range(5) for m, _ in reopened.receive("jobs", most=10)}
    reopened.close()
    assert bodies == {str(n) for n in range(50)}
