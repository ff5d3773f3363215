"""The business case as a page that prints on A4, and as a PDF of the same content."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from coe_portal.core.sessions import signed_in
from governance.services import business_case
from governance.views.business_case_pdf import pdf_of


@require_GET
def page(request: HttpRequest, key: str) -> HttpResponse:
    """One A4 page: figures, recommendation, the questions with their answers, places to sign."""
    project, case, _ = business_case.of(signed_in(request), key)
    return render(request, "governance/business_case.html", {"project": project, "case": case})


@require_GET
def pdf(request: HttpRequest, key: str) -> HttpResponse:
    """The same as a PDF."""
    _, case, _ = business_case.of(signed_in(request), key)
    answer = HttpResponse(pdf_of(case), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="business-case-{case.key}.pdf"'
    return answer
