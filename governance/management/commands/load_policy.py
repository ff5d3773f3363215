from typing import Any

from django.core.management.base import BaseCommand

from governance.services import policies


class Command(BaseCommand):
    help = "Publish the shipped policy when its content is new. Safe at every start."

    def handle(self, *args: Any, **options: Any) -> None:
        version = policies.load_default()
        if options["verbosity"]:
            self.stdout.write(
                f"{version} is {version.get_status_display().lower()}."
                if version
                else "The published policy is up to date."
            )
