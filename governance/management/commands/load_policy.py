from typing import Any

from django.core.management.base import BaseCommand

from governance.services import policies


class Command(BaseCommand):
    help = "Publish the shipped policy when it is new, keep the stricter one as a draft. Safe at every start."

    def handle(self, *args: Any, **options: Any) -> None:
        version, stricter = policies.load_default(), policies.load_stricter()
        if options["verbosity"]:
            self.stdout.write(
                f"{version} is {version.get_status_display().lower()}."
                if version
                else "The published policy is up to date."
            )
            if stricter:
                self.stdout.write(f"{stricter} is kept as a draft: a CoE lead tries it and publishes it.")
