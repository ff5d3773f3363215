"""Follow the event queues of all environments."""

import signal
from types import FrameType
from typing import Any

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandParser

from coe_portal.core.services import system
from deployments.reconcile.consumer import WAIT_SECONDS, Consumer


class Command(BaseCommand):
    help = "Take AWS's events from the queues into the portal. Runs until SIGTERM; one or more may run."
    # The other checks load every page and API route, which this process never needs and would keep for life.
    requires_system_checks = [Tags.security]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--wait", type=int, default=WAIT_SECONDS, help="seconds of one long poll (0–20)")

    def handle(self, *args: Any, **options: Any) -> None:
        consumer = Consumer(lambda: system.heartbeat(system.CONSUMER), wait_seconds=options["wait"])

        def stop(number: int, frame: FrameType | None) -> None:
            consumer.stop()

        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, stop)
        consumer.run()
