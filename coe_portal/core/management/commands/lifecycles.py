from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from coe_portal.core.lifecycle import Lifecycle, registered

DOCUMENT = Path("docs/lifecycles.md")
INTRODUCTION = """# Lifecycles

Every status field and the moves it may make. Made by `./portal lifecycles` from the tables that stand beside the
models; CI fails when it is not up to date.
"""


class Command(BaseCommand):
    help = "Write docs/lifecycles.md from the tables in the code; with --check only say whether it is up to date."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing, fail when the document is old")

    def handle(self, *args: Any, **options: Any) -> None:
        text = "\n".join([INTRODUCTION, *(_section(lifecycle) for lifecycle in registered().values())])
        target = settings.BASE_DIR / DOCUMENT
        if options["check"]:
            if not target.exists() or target.read_text() != text:
                raise CommandError(f"{DOCUMENT} is not up to date. Run: ./portal lifecycles")
            return
        target.parent.mkdir(exist_ok=True)
        target.write_text(text)
        self.stdout.write(f"{DOCUMENT} written: {len(registered())} lifecycles.")


def _section(lifecycle: Lifecycle) -> str:
    rows = [
        f"| `{state}` | {label} | {', '.join(f'`{target}`' for target in sorted(lifecycle.moves[state])) or 'end'} |"
        for state, label in lifecycle.states.choices
    ]
    head = f"## {lifecycle.model}.{lifecycle.field}\n\n| state | shown as | may become |\n|---|---|---|\n"
    return head + "\n".join(rows) + "\n"
