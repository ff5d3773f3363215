from typing import Any

from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand

STEPS = (
    "migrate",
    "load_policy",
    "load_prices",
    "load_templates",
    "ensure_local_environment",
    "ensure_external_environment",
    "seed_demo",
)


class Command(BaseCommand):
    help = (
        "Bring the database up to date: migrations, policy, prices, templates, environments, demo people. Safe twice."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        known = get_commands()
        for step in STEPS:
            if step in known:
                call_command(
                    step, verbosity=options["verbosity"], **({"interactive": False} if step == "migrate" else {})
                )
