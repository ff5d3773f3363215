"""Publish the golden paths that changed."""

from typing import Any

from django.core.management.base import BaseCommand

from deployments.services import templates


class Command(BaseCommand):
    help = "Publish a new version of every training template whose description or code changed. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        versions = templates.load_folder()
        for version in versions:
            self.stdout.write(f"Published {version}.")
        if not versions:
            self.stdout.write("All templates are up to date.")
