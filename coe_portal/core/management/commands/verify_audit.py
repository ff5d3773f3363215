from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from coe_portal.core.errors import InvalidInput
from coe_portal.core.services import verification

EVERY = 100_000


class Command(BaseCommand):
    help = (
        "Check the audit trail against its seals; fails and names the first entry that was changed, removed or added."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--head", action="store_true", help="only print the head, NUMBER:HASH, to be kept elsewhere"
        )
        parser.add_argument(
            "--expect", default="", metavar="HEAD", help="a head printed earlier that must be in the chain"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["head"]:
            self.stdout.write(verification.head())
            return
        try:
            report = verification.verify(expect=options["expect"], progress=self._progress)
        except InvalidInput as error:
            raise CommandError(error.message, returncode=2) from None
        if report.broken is not None:
            raise CommandError(f"The audit trail is broken ({report.broken.kind}). {report.broken.message}")
        waiting = f", {report.unsealed:,} wait for their seal" if report.unsealed else ""
        self.stdout.write(f"The audit trail is intact: {report.sealed:,} sealed entries{waiting}.")
        self.stdout.write(f"Head: {report.head}")

    def _progress(self, number: int) -> None:
        if number % EVERY < verification.CHUNK:
            self.stderr.write(f"{number:,} entries are right …")
