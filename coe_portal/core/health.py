"""For the machines that look after the portal."""

from django.core.cache import caches
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse


def healthz(request: HttpRequest) -> HttpResponse:
    """Alive: this process answers."""
    del request
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """Ready: database, migrations and Redis work. 503 with what does not otherwise."""
    del request
    parts = {"database": _database(), "redis": _redis()}
    healthy = all(state == "ok" for state in parts.values())
    return JsonResponse({"ready": healthy, **parts}, status=200 if healthy else 503)


def _database() -> str:
    try:
        executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
        pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Exception as error:
        return f"not reachable: {type(error).__name__}"
    return "ok" if not pending else f"{len(pending)} migrations are not applied; run: manage.py migrate"


def _redis() -> str:
    try:
        caches["redis"].set("readyz", "ok", timeout=30)
        return "ok" if caches["redis"].get("readyz") == "ok" else "does not keep what it is given"
    except Exception as error:
        return f"not reachable: {type(error).__name__}"
