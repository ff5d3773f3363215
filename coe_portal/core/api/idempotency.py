"""``Idempotency-Key``: the same key and body give the same answer, however often the network repeats it."""

import functools
import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction
from rest_framework.request import Request
from rest_framework.response import Response

from coe_portal.core.api.auth import person_of
from coe_portal.core.errors import DomainError, InvalidInput
from coe_portal.core.models import IdempotencyRecord

View = Callable[..., Response]


def idempotent(view: View) -> View:
    """Decorate a POST method of a view.

    Record and work commit together; a second request with the same key waits for the first. A refused request leaves
    no record, so it can be corrected and sent again with the same key.
    """

    @functools.wraps(view)
    def wrapper(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key", "")
        if not key:
            return view(self, request, *args, **kwargs)
        if len(key) > 255 or not key.isprintable():
            raise InvalidInput({"Idempotency-Key": ["Use 1 to 255 printable characters, for example a UUID."]})
        with transaction.atomic():
            record, is_new = _claim(request, key)
            if not is_new:
                return _replay(record, _digest(request))
            response = view(self, request, *args, **kwargs)
            record.status, record.body = response.status_code, _plain(response)
            record.save(update_fields=["status", "body"])
        return response

    wrapper.accepts_idempotency_key = True  # type: ignore[attr-defined]  # the schema names the header
    return wrapper


def _digest(request: Request) -> str:
    found = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if request.content_type.startswith("multipart/"):
        _add_parts(found, request)
    else:
        found.update(request._request.body)
    return found.hexdigest()


def _add_parts(found: Any, request: Request) -> None:
    """A form with files: its boundary differs every time, its fields and the content of its files do not."""
    fields: Any = request.data
    for name, value in sorted(fields.items()):
        found.update(f"{name}=".encode())
        if hasattr(value, "chunks"):
            for chunk in value.chunks():
                found.update(chunk)
            value.seek(0)
        else:
            found.update(str(value).encode())
        found.update(b"\n")


def _claim(request: Request, key: str) -> tuple[IdempotencyRecord, bool]:
    record = IdempotencyRecord(user=person_of(request), key=key, request_digest=_digest(request))
    try:
        with transaction.atomic():
            record.save(force_insert=True)
    except IntegrityError:
        return IdempotencyRecord.objects.get(user=person_of(request), key=key), False
    return record, True


def _replay(record: IdempotencyRecord, digest: str) -> Response:
    if record.request_digest != digest:
        raise DomainError(
            "idempotency_key_reused",
            "This Idempotency-Key was used for another request. Use a new key for a new request.",
            status=422,
        )
    return Response(record.body, status=record.status, headers={"Idempotency-Replayed": "true"})


def _plain(response: Response) -> Any:
    from rest_framework.utils.encoders import JSONEncoder

    return json.loads(json.dumps(response.data, cls=JSONEncoder))
