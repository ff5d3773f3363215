"""A person's own account: how pages look, API tokens."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from coe_portal.core.htmx import is_fragment_request, redirect
from coe_portal.core.models import ApiToken, Scope, User
from coe_portal.core.models.user import MailMode, Theme
from coe_portal.core.services import people, tokens
from coe_portal.core.sessions import signed_in


class PreferencesForm(forms.Form):
    """How the pages look and react."""

    theme = forms.ChoiceField(choices=Theme.choices, label="Colours", widget=forms.RadioSelect)
    shortcuts = forms.BooleanField(
        required=False,
        label="Single-key shortcuts",
        help_text="J and K move in lists, A goes to the decision, ? lists them all.",
    )
    mail = forms.ChoiceField(
        choices=MailMode.choices,
        required=False,
        label="Mail about approvals and what is yours to do",
        help_text="What waits for you, days that come near, and what was decided. Your inbox has what you have to do.",
        widget=forms.RadioSelect,
    )


class TokenForm(forms.Form):
    """What a new API token is for."""

    name = forms.CharField(max_length=80, label="Name", help_text="Where it will be used, for example “nightly CI”.")
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices, widget=forms.CheckboxSelectMultiple, label="It may", initial=[Scope.READ]
    )
    days = forms.IntegerField(min_value=1, max_value=tokens.MAX_DAYS, initial=90, label="Days until it expires")


def _page(
    request: HttpRequest,
    user: User,
    *,
    token_form: TokenForm | None = None,
    preferences_form: PreferencesForm | None = None,
    new_token: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "preferences": preferences_form or PreferencesForm(_preferences_of(user)),
        "token_form": token_form or TokenForm(),
        "tokens": ApiToken.objects.filter(user=user, revoked_at=None),
        "new_token": new_token,
    }
    return render(request, "pages/me.html", context, status=status)


def _preferences_of(user: User) -> dict[str, object]:
    return {"theme": user.theme, "shortcuts": user.shortcuts, "mail": user.mail}


@require_GET
def account(request: HttpRequest) -> HttpResponse:
    """Who I am here, how pages look, and my API tokens."""
    return _page(request, signed_in(request))


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Keep how the pages look."""
    user, form = signed_in(request), PreferencesForm(request.POST)
    if not form.is_valid():
        return _page(request, user, preferences_form=form, status=422)
    people.set_preferences(actor=user, **form.cleaned_data)
    messages.success(request, "Your settings are saved.")
    return redirect(request, reverse("pages:me"))


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the colours chosen beside the account, and go back to the page on which they were chosen."""
    user = signed_in(request)
    people.set_preferences(theme=request.POST.get("theme", ""), shortcuts=user.shortcuts, actor=user)
    if is_fragment_request(request):
        return HttpResponse(status=204)
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    return redirect(request, back if is_ours else reverse("pages:me"))


@never_cache
@require_POST
def create_token(request: HttpRequest) -> HttpResponse:
    """Make a token and show it, once."""
    user, form = signed_in(request), TokenForm(request.POST)
    if not form.is_valid():
        return _page(request, user, token_form=form, status=422)
    _, token = tokens.create_token(user=user, actor=user, **form.cleaned_data)
    return _page(request, user, new_token=token, status=201)


@require_POST
def revoke_token(request: HttpRequest, token_id: str) -> HttpResponse:
    """End one of the person's own tokens."""
    row = tokens.revoke_token(token_id=token_id, actor=signed_in(request))
    messages.success(request, f"The token “{row.name}” is revoked. Programs that use it are refused from now on.")
    return redirect(request, reverse("pages:me"))
