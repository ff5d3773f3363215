from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from coe_portal.core.errors import DomainError
from coe_portal.core.models import Scope, User
from coe_portal.core.services import tokens


class Command(BaseCommand):
    help = "Make an API token for a user and print it. It cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="username")
        parser.add_argument("--scope", action="append", choices=Scope.values, help="may be given several times")
        parser.add_argument("--days", type=int, default=90, help="how long it lasts (1 to 365)")
        parser.add_argument("--name", default="command line", help="a name to tell it apart")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.active().filter(username=options["user"]).first()
        if user is None:
            known = ", ".join(User.objects.active().values_list("username", flat=True)[:20])
            raise CommandError(f"There is no user “{options['user']}”. Known: {known or 'nobody yet'}.")
        try:
            _, token = tokens.create_token(
                user=user,
                scopes=options["scope"] or [Scope.READ],
                days=options["days"],
                name=options["name"],
                actor=None,
            )
        except DomainError as error:
            sentences = [sentence for field in error.errors.values() for sentence in field]
            raise CommandError(" ".join(sentences) or error.message) from None
        self.stdout.write(token)
