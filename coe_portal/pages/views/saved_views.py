"""Saved views: one's own and the shared ones."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from coe_portal.core.errors import DomainError
from coe_portal.core.forms import apply_domain_error, text_of
from coe_portal.core.htmx import redirect
from coe_portal.core.models import SavedView, SavedViewPage, User
from coe_portal.core.services import saved_views
from coe_portal.core.sessions import signed_in


class ViewForm(forms.Form):
    """What is kept, under which name, for whom."""

    name = forms.CharField(min_length=2, max_length=saved_views.MAX_NAME, label="Name")
    page = forms.ChoiceField(choices=SavedViewPage.choices, required=False, label="Page")
    query = forms.CharField(max_length=saved_views.MAX_QUERY, required=False, label="Filters, as in the address")
    is_shared = forms.BooleanField(required=False, label="Everybody sees it")


@require_http_methods(["GET", "POST"])
def views(request: HttpRequest) -> HttpResponse:
    """Every view that I may use; POST keeps the page that I look at."""
    user, form = signed_in(request), ViewForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data | {"page": form.cleaned_data["page"] or SavedViewPage.PORTFOLIO}
        try:
            view = saved_views.save_view(**values, actor=user)
        except DomainError as error:
            apply_domain_error(form, error)
        else:
            messages.success(request, f"“{view}” is saved. It stands in the sidebar.")
            return redirect(request, _address(view))
    return _page(request, user, form, status=422 if form.errors else 200)


def _page(request: HttpRequest, user: User, form: ViewForm, status: int = 200) -> HttpResponse:
    rows = [
        (view, _address(view), view.owner_id == user.pk) for view in SavedView.objects.visible_to(user).for_list()[:200]
    ]
    return render(request, "pages/views.html", {"rows": rows, "form": form}, status=status)


def _address(view: SavedView) -> str:
    return f"{reverse(SavedViewPage(view.page).url_name)}?view={view.pk}"


@require_POST
def change(request: HttpRequest, view_id: str) -> HttpResponse:
    """Rename one of my views, share it or stop sharing it."""
    view = saved_views.change_view(
        view_id=view_id,
        name=text_of(request, "name"),
        is_shared=bool(request.POST.get("is_shared")),
        actor=signed_in(request),
    )
    messages.success(request, f"“{view}” is changed. {'Everybody sees it' if view.is_shared else 'Only you see it'}.")
    return redirect(request, reverse("pages:views"))


@require_POST
def remove(request: HttpRequest, view_id: str) -> HttpResponse:
    """Take a view away."""
    saved_views.remove_view(view_id=view_id, actor=signed_in(request))
    messages.success(request, "The view is gone from the sidebar.")
    return redirect(request, reverse("pages:views"))
