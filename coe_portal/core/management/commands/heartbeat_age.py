import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from coe_portal.core.services import system


class Command(BaseCommand):
    help = "Say how long ago a part of the machinery was alive; fails when that is too long. For health checks."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("part", choices=[system.WORKER, system.CONSUMER])
        parser.add_argument("--max", type=int, default=system.HEARTBEAT_TIMEOUT, help="seconds")

    def handle(self, *args: Any, **options: Any) -> None:
        seen = system.last_seen(options["part"])
        if seen is None:
            raise CommandError(f"The {options['part']} was never seen.")
        age = int(time.time() - seen)
        if age > options["max"]:
            raise CommandError(f"The {options['part']} was last seen {age} s ago.")
        self.stdout.write(f"The {options['part']} was seen {age} s ago.")
