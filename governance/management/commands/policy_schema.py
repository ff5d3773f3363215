import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from governance.policies.schema import POLICY_SCHEMA


class Command(BaseCommand):
    help = "Print the JSON Schema of policies, or write it to a file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        text = json.dumps(POLICY_SCHEMA, indent=2) + "\n"
        if options["file"]:
            options["file"].write_text(text)
        else:
            self.stdout.write(text, ending="")
