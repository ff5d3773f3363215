"""``python -m deployments.local``: start the laptop's AWS."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from deployments.local.faults import Gatekeeper, Switches
from deployments.local.logs.service import LogsService
from deployments.local.logs.streams import Streams
from deployments.local.s3.objects import Objects
from deployments.local.s3.service import S3Service
from deployments.local.sagemaker import training  # noqa: F401  registers its operations
from deployments.local.sagemaker.events import Announcer
from deployments.local.sagemaker.jobs import Jobs
from deployments.local.sagemaker.runner import Runner
from deployments.local.sagemaker.service import SageMaker
from deployments.local.server import Cloud, Server, serve
from deployments.local.sqs.queues import Queues
from deployments.local.sqs.service import SqsService
from deployments.local.sts import StsService
from deployments.local.wire import Service


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m deployments.local", description="The laptop's AWS, on loopback only."
    )
    parser.add_argument("--data", type=Path, required=True, help="folder that keeps everything")
    parser.add_argument("--port", type=int, default=4566, help="0 takes a free one")
    parser.add_argument("--bucket", action="append", default=[], help="S3 bucket to make at start; may be repeated")
    parser.add_argument(
        "--queue", action="append", default=[], help="queue that gets SageMaker's events; may be repeated"
    )
    parser.add_argument("--time-scale", type=float, default=1.0, help="how long waiting states last, 1 is a second")
    parser.add_argument("--parallel", type=int, default=os.cpu_count() or 2, help="training scripts at the same time")
    parser.add_argument(
        "--simulate", type=float, default=0.0, help="seconds a job takes in place of running its script"
    )
    parser.add_argument("--limits", choices=["", "aws_like"], default="", help="rate limits like AWS's")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="added to every SageMaker call")
    parser.add_argument("--seed", type=int, default=0, help="makes faults repeatable")
    return parser.parse_args()


def build(options: argparse.Namespace) -> tuple[Server, Runner, list[Jobs | Queues | Streams]]:
    """Put the services together over the data folder."""
    folder: Path = options.data
    folder.mkdir(parents=True, exist_ok=True)
    switches = Switches(simulate=options.simulate, limits=options.limits, latency_ms=options.latency_ms)
    gatekeeper = Gatekeeper(switches, options.seed)
    queues, streams, objects = Queues(folder / "sqs.db"), Streams(folder / "logs.db"), Objects(folder)
    for queue in options.queue:
        if queue not in queues.names():
            queues.create(queue)
    for bucket in options.bucket:
        objects.create_bucket(bucket)
    jobs = Jobs(folder / "sagemaker.db", Announcer(queues, options.queue, gatekeeper))
    runner = Runner(
        jobs, objects, streams, gatekeeper, folder / "jobs", scale=options.time_scale, parallel=options.parallel
    )
    services: dict[str, Service] = {
        "sagemaker": SageMaker(jobs, gatekeeper),
        "s3": S3Service(objects),
        "sqs": SqsService(queues),
        "logs": LogsService(streams),
        "sts": StsService(),
    }
    return serve(Cloud(services, gatekeeper), options.port), runner, [jobs, queues, streams]


def _listen_for_signals() -> int:
    """A pipe that can be read from once a signal has come.

    The interpreter itself writes to it. A handler in Python would be too late for a signal that comes just before the
    main thread falls asleep: it runs when that thread wakes, which it then never does.
    """
    to_be_read, to_be_written = os.pipe()
    os.set_blocking(to_be_written, False)
    signal.set_wakeup_fd(to_be_written)
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda number, frame: None)
    return to_be_read


def main() -> int:
    """Serve until a signal comes."""
    server, runner, stores = build(_arguments())
    heard = _listen_for_signals()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    runner.recover()
    print(f"local AWS ready at http://127.0.0.1:{server.server_address[1]}", flush=True)
    os.read(heard, 1)
    runner.close()
    server.shutdown()
    for store in stores:
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
