"""The log of a run: its end while it is followed, what somebody looks for, the whole as a file."""

import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from coe_portal.core.htmx import polled, render_page, settled
from coe_portal.core.models import User
from coe_portal.core.sessions import signed_in
from deployments.models import Run, RunOutput
from deployments.views.lists import visible_project
from deployments.views.run_facts import is_quiet

LOG_LINES = 300
LONGEST_SEARCH = 80
_WORRYING = re.compile(r"error|exception|traceback|failed|fatal", re.IGNORECASE)
_NOTABLE = re.compile(r"warn|sigterm|interrupt|stopp", re.IGNORECASE)


@require_GET
def log(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """The end of the log. Polled while it is followed."""
    user = signed_in(request)
    found = _visible(user, key, number)
    output = RunOutput.objects.filter(run=found).defer("log", "metric_series").first()
    facts = output and (output.fetched_at, output.log_complete, output.trouble)

    def render() -> HttpResponse:
        context = {"run": found} | log_context(request, found, output)
        response = render_page(request, "deployments/partials/_run_log.html", context)
        return settled(response) if context["log_done"] else response

    return polled(request, (user.pk, found.is_settled, facts, request.META.get("QUERY_STRING", "")), render)


@require_GET
def log_file(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """The log as a text file."""
    found = _visible(signed_in(request), key, number)
    output = RunOutput.objects.filter(run=found).first()
    name = f"{key}-run-{number}.log"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(output.log if output else "", content_type="text/plain; charset=utf-8", headers=headers)


def log_context(request: HttpRequest, found: Run, output: RunOutput | None) -> dict[str, Any]:
    """The last lines, or the lines that hold what was typed; a log that is paused or searched is not polled."""
    lines = output.log.splitlines() if output else []
    numbered = list(enumerate(lines, start=1))
    wanted = request.GET.get("find", "").strip()[:LONGEST_SEARCH]
    if wanted:
        numbered = [(number, line) for number, line in numbered if wanted.lower() in line.lower()]
    shown = numbered[-LOG_LINES:]
    done = is_quiet(found, output)
    return {
        "log_lines": [(number, level_of(line), line) for number, line in shown],
        "log_total": len(lines),
        "log_found": len(numbered),
        "log_shown": len(shown),
        "log_find": wanted,
        "log_fetched_at": output.fetched_at if output else None,
        "log_trouble": output.trouble if output else "",
        "log_done": done,
        "follow": request.GET.get("follow") != "0" and not wanted and not done,
    }


def level_of(line: str) -> str:
    """Class of a line: bad, warn or nothing."""
    return "bad" if _WORRYING.search(line) else "warn" if _NOTABLE.search(line) else ""


def _visible(user: User, key: str, number: int) -> Run:
    return get_object_or_404(Run.objects.select_related("project"), project=visible_project(user, key), number=number)
