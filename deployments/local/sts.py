"""STS: who am I, and may I be somebody else?"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from deployments.local import model
from deployments.local.wire import AwsError, Request, Response, query_error

XMLNS = "https://sts.amazonaws.com/doc/2011-06-15/"


class StsService:
    """The query protocol's two operations that the portal needs. Any role may be assumed; its account is remembered."""

    def __init__(self, external_ids: dict[str, str] | None = None) -> None:
        self.external_ids = external_ids or {}

    def handle(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        action = form.pop("Action", "")
        form.pop("Version", None)
        if action == "GetCallerIdentity":
            arn = f"arn:aws:iam::{request.account}:root"
            return _answer(action, f"<Arn>{arn}</Arn><UserId>LOCAL</UserId><Account>{request.account}</Account>")
        if action == "AssumeRole":
            return self._assume(form)
        raise AwsError("InvalidAction", f"The local STS has no operation {action}.")

    def _assume(self, form: dict[str, str]) -> Response:
        known = {"RoleArn", "RoleSessionName", "ExternalId", "SourceIdentity", "Policy"}
        model.check("sts", "AssumeRole", {name: value for name, value in form.items() if name in known})
        role = form["RoleArn"]
        if role in self.external_ids and self.external_ids[role] != form.get("ExternalId"):
            raise AwsError(
                "AccessDenied", f"User is not authorized to perform: sts:AssumeRole on resource: {role}", 403
            )
        account, name = role.split(":")[4], role.rsplit("/", 1)[-1]
        until = (datetime.now(UTC) + timedelta(seconds=int(form.get("DurationSeconds", 3600)))).strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        )
        session = escape(form["RoleSessionName"])
        credentials = (
            f"<AccessKeyId>ASIA{account}{secrets.token_hex(4).upper()}</AccessKeyId>"
            f"<SecretAccessKey>{secrets.token_hex(20)}</SecretAccessKey>"
            f"<SessionToken>{secrets.token_hex(40)}</SessionToken><Expiration>{until}</Expiration>"
        )
        arn = f"arn:aws:sts::{account}:assumed-role/{name}/{session}"
        user = f"<Arn>{arn}</Arn><AssumedRoleId>AROALOCAL:{session}</AssumedRoleId>"
        return _answer(
            "AssumeRole", f"<Credentials>{credentials}</Credentials><AssumedRoleUser>{user}</AssumedRoleUser>"
        )

    def error(self, error: AwsError) -> Response:
        return query_error(error)


def _answer(action: str, result: str) -> Response:
    body = f'<{action}Response xmlns="{XMLNS}"><{action}Result>{result}</{action}Result></{action}Response>'
    return Response(200, body.encode(), {"Content-Type": "text/xml"})
