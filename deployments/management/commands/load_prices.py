"""Add new rows of the dated price table."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from deployments.services import prices


class Command(BaseCommand):
    help = "Add the prices of a dated table that are not known yet. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "table", nargs="?", type=Path, default=prices.TABLE, help="JSON file; default: the shipped one"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            added = prices.load_table(options["table"])
        except (OSError, ValueError, KeyError) as error:
            raise CommandError(f"{options['table']} is no price table: {error}.") from error
        self.stdout.write(f"Added {added} prices." if added else "All prices are known already.")
